using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HlsGateway.Counting;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Deploy;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HlsGateway.Tests.Counting;

/// <summary>What each released version left on a disk (<c>scripts/keep-release</c>): this version starts on it, tells the same figures, and goes on.</summary>
[Collection("ledger-postgres")]
public sealed class ReleaseTests(LedgerPostgres postgres) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static string Kept => Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Counting", "Releases");

    public static TheoryData<string> Releases => [.. Directory.GetDirectories(Kept).Select(path => Path.GetFileName(path))];

    [Fact]
    public void Each_released_version_is_kept()
    {
        var released = File.ReadAllLines(Path.Combine(Repository.Root, "CHANGELOG.md"))
            .Where(line => line.StartsWith("## [", StringComparison.Ordinal) && line != "## [Unreleased]")
            .Select(line => line["## [".Length..line.IndexOf(']', StringComparison.Ordinal)]);
        Assert.Equal(released.Order(StringComparer.Ordinal), Directory.GetDirectories(Kept).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_ledger_of_a_released_version_goes_on(string release) => await GoesOnAsync(release, "embedded", new Dictionary<string, string>(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_database_of_a_released_version_goes_on(string release)
    {
        var database = await postgres.NewDatabaseAsync();
        var of = new NpgsqlConnectionStringBuilder(database);
        var (code, _, errors) = await ProgramTests.RunAsync("bash",
            ["-c", $"gunzip -c '{Path.Combine(Kept, release, "postgres.sql.gz")}' | PGPASSWORD='{of.Password}' psql -q -v ON_ERROR_STOP=1 -h {of.Host} -p {of.Port} -U {of.Username} {of.Database}"], folder.Path);
        Assert.True(code == 0, errors);
        await GoesOnAsync(release, "postgres", new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = database });
    }

    public void Dispose() => folder.Dispose();

    private async Task GoesOnAsync(string release, string ledger, Dictionary<string, string> settings)
    {
        var (code, _, errors) = await ProgramTests.RunAsync("tar", ["-xzf", Path.Combine(Kept, release, $"{ledger}.tar.gz"), "-C", folder.Path], folder.Path);
        Assert.True(code == 0, errors);
        var figures = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Kept, release, $"{ledger}.json")))!.AsObject();
        var session = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Kept, release, $"{ledger}-session.json")))!.AsObject();
        await using var host = await GatewayHost.StartAsync(settings: settings, dataDirectory: Path.Combine(folder.Path, ledger));
        var outbox = host.Services.GetRequiredService<Outbox>();
        if (outbox.Forwarder is { } forwarder) await Eventually.IsTrueAsync(() => forwarder.HasAll, "all is in PostgreSQL");
        // The days on which releases were kept, whenever this runs.
        using var api = host.Api();
        var told = (await api.GetFromJsonAsync<JsonObject>(new Uri("api/videos/v/analytics?from=2026-11-01&to=2027-11-01", UriKind.Relative)))!;
        foreach (var (name, value) in figures)
        {
            if (name == "retention")
            {
                var seconds = told["retention"]!.AsArray().Select(second => (second!["second"]!.GetValue<int>(), second["sessions"]!.GetValue<int>(), second["plays"]!.GetValue<int>()));
                Assert.Equal(value!.AsArray().Select(second => (second!["second"]!.GetValue<int>(), second["sessions"]!.GetValue<int>(), second["plays"]!.GetValue<int>())), seconds);
            }
            else
            {
                Assert.True(JsonNode.DeepEquals(value, told[name]), $"{name} was {value}, and is {told[name]}");
            }
        }

        var id = Guid.Parse(session["session_id"]!.GetValue<string>());
        var before = (await api.GetFromJsonAsync<JsonObject>(new Uri($"api/sessions/{id}", UriKind.Relative)))!;
        Assert.Equal((session["watch_seconds"]!.GetValue<double>(), session["segments_fetched"]!.GetValue<int>(), session["repeats"]!.GetValue<int>(), session["requests"]!.GetValue<int>()),
            (before["watch_seconds"]!.GetValue<double>(), before["segments_fetched"]!.GetValue<int>(), before["ignored"]!["repeats"]!.GetValue<int>(), before["trace"]!.AsArray().Count));
        Assert.Contains("Hallo", await host.Api("editor").GetStringAsync(new Uri("api/videos/v/subtitles/de", UriKind.Relative)), StringComparison.Ordinal);

        // The session goes on where the older version stopped.
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(id, 0, video: "v", at: DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())));
        var after = (await api.GetFromJsonAsync<JsonObject>(new Uri($"api/sessions/{id}", UriKind.Relative)))!;
        Assert.Equal((20.0, 2), (after["watch_seconds"]!.GetValue<double>(), after["ignored"]!["repeats"]!.GetValue<int>()));
    }
}
