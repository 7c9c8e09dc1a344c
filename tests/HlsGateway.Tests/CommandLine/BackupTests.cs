using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using HlsGateway.CommandLine;
using HlsGateway.Counting.Postgres;
using HlsGateway.Storage;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HlsGateway.Tests.CommandLine;

public sealed class EmbeddedBackupTests : Backups;

[Collection("ledger-postgres")]
public sealed class PostgresBackupTests(LedgerPostgres postgres) : Backups
{
    protected override async Task<Dictionary<string, string>> SettingsAsync() => new(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await postgres.NewDatabaseAsync() };
}

[Collection(OnCeph.Name)]
public sealed class S3BackupTests(CephFixture ceph) : Backups
{
    protected override Task<Dictionary<string, string>> SettingsAsync() => Task.FromResult(ceph.Settings());
}

/// <summary>What a gateway keeps goes into a folder while viewers play, and comes back out of it whole.</summary>
public abstract class Backups : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string key = $"videos/backup-{Guid.NewGuid():n}/720p/video0.ts";

    private string Backup => Path.Combine(folder.Path, "backup");

    /// <summary>Of a gateway that has nothing yet.</summary>
    protected virtual Task<Dictionary<string, string>> SettingsAsync() => Task.FromResult(new Dictionary<string, string>(StringComparer.Ordinal));

    [Fact]
    public async Task What_was_backed_up_while_viewers_play_is_restored_with_the_same_figures()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        SampleVideo.AddTo(origin, "w");
        var days = $"from={DateTime.UtcNow.AddDays(-1):yyyy-MM-dd}&to={DateTime.UtcNow.AddDays(2):yyyy-MM-dd}";
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "data")).FullName;
        var settings = await SettingsAsync();
        string before;
        long least, most;
        await using (var host = await GatewayHost.StartAsync(origin, settings, dataDirectory: data))
        {
            var store = host.Services.GetRequiredService<BlobStore>();
            await store.PutAsync(key, "content"u8.ToArray(), CancellationToken.None);
            using (var captions = await host.Api("editor").PutAsync("api/videos/v/subtitles/de?name=Deutsch", new StringContent("WEBVTT\n\n00:00.000 --> 00:04.000\nHallo\n")))
                captions.EnsureSuccessStatusCode();
            for (var viewer = 0; viewer < 3; viewer++)
            {
                var session = await Viewer.StartAsync(host.Client);
                for (var segment = 0; segment <= viewer; segment++) await session.FetchAsync(segment);
            }
            before = await FiguresAsync(host, "v", days);

            // Others watch meanwhile: what was answered before is in the backup, what comes later may be.
            using var over = new CancellationTokenSource();
            var (received, began) = (0L, new TaskCompletionSource());
            var watching = Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    var session = await Viewer.StartAsync(host.Client, "w");
                    await session.FetchAsync(0);
                    Interlocked.Increment(ref received);
                    began.TrySetResult();
                }
            });
            await began.Task;
            least = Interlocked.Read(ref received);
            var (code, output, errors) = await RunAsync(settings, "backup", Backup, "--data", data);
            Assert.True(code == 0, output + errors);
            await over.CancelAsync();
            await watching;
            most = Interlocked.Read(ref received);
            await store.DeleteAsync(key, CancellationToken.None);
        }
        Assert.Equal(settings.ContainsKey("ConnectionStrings:Ledger") ? PostgresSchema.Schema.Steps.Count : null, JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Backup, "backup.json")))!["database_steps"]?.GetValue<int>());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Backup, "data", "session.key")));

        // A machine that has nothing yet: a directory and a database of their own. The bucket is the same one, and lacks the object.
        var fresh = Path.Combine(folder.Path, "restored");
        foreach (var (name, value) in await SettingsAsync()) settings[name] = value;
        var (restored, said, why) = await RunAsync(settings, "restore", Backup, "--data", fresh);
        Assert.True(restored == 0, said + why);
        await using (var again = await GatewayHost.StartAsync(origin, settings, dataDirectory: fresh))
        {
            Assert.Equal(before, await FiguresAsync(again, "v", days));
            var others = JsonNode.Parse(await FiguresAsync(again, "w", days))!["segments_fetched"]!.GetValue<long>();
            Assert.InRange(others, least, most);
            Assert.Contains("Hallo", await again.Api("editor").GetStringAsync(new Uri("api/videos/v/subtitles/de", UriKind.Relative)), StringComparison.Ordinal);
            var store = again.Services.GetRequiredService<BlobStore>();
            await using (var content = await store.OpenAsync(key, CancellationToken.None))
            {
                using var text = new StreamReader(content!, Encoding.UTF8);
                Assert.Equal("content", await text.ReadToEndAsync());
            }
            await store.DeleteAsync(key, CancellationToken.None);
        }

        // One that was broken off behind the database and before the ledger goes on; without its mark it is refused.
        var mark = Path.Combine(fresh, "restore.begun");
        await File.WriteAllTextAsync(mark, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Backup, "backup.json")))));
        File.Delete(Path.Combine(fresh, "ledger.db"));
        var (goesOn, _, hinders) = await RunAsync(settings, "restore", Backup, "--data", fresh);
        Assert.True(goesOn == 0, hinders);
        Assert.False(File.Exists(mark));

        // Nothing that is there is written over.
        var (twice, _, refused) = await RunAsync(settings, "restore", Backup, "--data", fresh);
        Assert.True(twice == 1 && refused.Contains("already", StringComparison.Ordinal), refused);
        var journal = Directory.CreateDirectory(Path.Combine(folder.Path, "journal")).FullName;
        await File.WriteAllTextAsync(Path.Combine(journal, "ledger.db-wal"), "of a ledger that was moved away");
        var (left, _, told) = await RunAsync(settings, "restore", Backup, "--data", journal);
        Assert.True(left == 1 && told.Contains("holds a ledger.db-wal already", StringComparison.Ordinal), told);
        var (second, _, whole) = await RunAsync(settings, "backup", Backup, "--data", data);
        Assert.True(second == 1 && whole.Contains("is a whole backup already", StringComparison.Ordinal), whole);
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(Dictionary<string, string> settings, params string[] arguments) =>
        Child.RunAsync(arguments, [.. settings.Select(setting => (setting.Key.Replace(":", "__", StringComparison.Ordinal), setting.Value))]);

    private static async Task<string> FiguresAsync(GatewayHost host, string video, string days)
    {
        using var api = host.Api("analyst");
        var answer = (await api.GetFromJsonAsync<JsonObject>(new Uri($"api/videos/{video}/analytics?{days}", UriKind.Relative)))!;
        foreach (var name in (string[])["as_of", "final", "final_at", "buckets"]) answer.Remove(name);
        return answer.ToJsonString();
    }
}

/// <summary>A backup that is damaged, half made or made up.</summary>
public sealed class HostileBackupTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("unfinished", "holds no backup.json")]
    [InlineData("no JSON", "cannot be read")]
    [InlineData("newer", "which this version does not know")]
    [InlineData("newer database", "made by a newer version")]
    [InlineData("data/../../evil", "is no part of a backup")]
    [InlineData("data/appsettings.json", "is no part of a backup")]
    [InlineData("objects/../evil", "is no part of a backup")]
    [InlineData("/etc/passwd", "is no part of a backup")]
    [InlineData("null", "names no data/ledger.db")]
    [InlineData("no sum", "without a path or a sum")]
    [InlineData("another byte", "its sum differs")]
    [InlineData("a link", "is a link")]
    [InlineData("a file less", "Could not find file")]
    public async Task It_is_refused_and_nothing_is_written(string how, string says)
    {
        var backup = Directory.CreateDirectory(Path.Combine(folder.Path, "backup")).FullName;
        var manifest = Path.Combine(backup, "backup.json");
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(backup, "data")).FullName, "ledger.db");
        await File.WriteAllTextAsync(file, "ledger");
        var path = how.Contains('/', StringComparison.Ordinal) ? how : "data/ledger.db";
        await File.WriteAllTextAsync(manifest, string.Create(CultureInfo.InvariantCulture,
            $$"""{"format":{{(how == "newer" ? 2 : 1)}},"database_steps":{{(how == "newer database" ? 1000 : 1)}},"version":"x","made_at":"2026-01-01T00:00:00Z","files":[{{(path == "data/ledger.db" ? "" : """{"path":"data/ledger.db","bytes":6,"sha256":"x"},""")}}{"path":"{{path}}","bytes":6,"sha256":"{{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("ledger"u8))}}"}]}"""));
        switch (how)
        {
            case "unfinished": File.Delete(manifest); break;
            case "null": await File.WriteAllTextAsync(manifest, """{"format":1,"version":"x","made_at":"2026-01-01T00:00:00Z","files":[null]}"""); break;
            case "no sum": await File.WriteAllTextAsync(manifest, """{"format":1,"version":"x","made_at":"2026-01-01T00:00:00Z","files":[{"path":"data/ledger.db","bytes":1}]}"""); break;
            case "no JSON": await File.WriteAllTextAsync(manifest, "{"); break;
            case "another byte": await File.WriteAllTextAsync(file, "leDger"); break;
            case "a file less": File.Delete(file); break;
            case "a link":
                File.Move(file, Path.Combine(folder.Path, "elsewhere"));
                File.CreateSymbolicLink(file, Path.Combine(folder.Path, "elsewhere"));
                break;
            default: break;
        }
        var data = Path.Combine(folder.Path, "data");
        var (code, output, errors) = await Child.RunAsync(["restore", backup, "--data", data]);
        Assert.True(code == 1 && errors.Contains(says, StringComparison.Ordinal), output + errors);
        Assert.False(File.Exists(Path.Combine(data, "ledger.db")));
        Assert.DoesNotContain("evil", Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("Host=a", "a", "5432", null)]
    [InlineData("Host=a;Port=6000", "a", "6000", null)]
    [InlineData("Host=a:5433,b", "a,b", "5433,5432", "read-write")]
    [InlineData("Host=/var/run/postgresql", "/var/run/postgresql", "5432", null)]
    public void PostgreSQLs_programs_are_told_the_same_servers(string connection, string hosts, string ports, string? attributes)
    {
        var told = PostgresTool.Environment(new NpgsqlConnectionStringBuilder(connection)).ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        Assert.Equal((hosts, ports, attributes), (told["PGHOST"], told["PGPORT"], told["PGTARGETSESSIONATTRS"]));
    }

    [Fact]
    public async Task A_folder_that_is_no_data_directory_is_not_backed_up()
    {
        var (code, _, errors) = await Child.RunAsync(["backup", Path.Combine(folder.Path, "b"), "--data", folder.Path]);
        Assert.True(code == 1 && errors.Contains("holds no ledger.db", StringComparison.Ordinal), errors);
    }

    public void Dispose() => folder.Dispose();
}
