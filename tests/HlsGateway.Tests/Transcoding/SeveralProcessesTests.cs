using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Transcoding;

/// <summary>The command sequence of docs/operations.md, run as it stands there.</summary>
public sealed class SeveralProcessesTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>, IAsyncLifetime
{
    private const int Uploads = 10;

    private readonly string state = Directory.CreateTempSubdirectory("hlsgateway-cluster-").FullName;
    /// <summary>Those above MON_PORT belong to the store's daemons.</summary>
    private readonly int port = FreePorts.Take(210);

    public Task InitializeAsync()
    {
        // The database runs as another user when a privileged one starts it.
        File.SetUnixFileMode(state, (UnixFileMode)0b111_101_101);
        return ShellAsync(Blocks()[0]);
    }

    public async Task DisposeAsync()
    {
        await ShellAsync($"state={state}\n{Blocks()[1]}");
        await Eventually.IsTrueAsync(() => Directory.EnumerateFiles(state, "*.pid").All(pid => !Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}")), "the processes end");
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public async Task Two_workers_and_a_gateway_make_ten_uploads_and_none_twice()
    {
        using var api = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        for (var process = 0; process < 3; process++)
        {
            var live = new Uri($"http://127.0.0.1:{port + process}/healthz/live");
            await Eventually.IsTrueAsync(async () =>
            {
                try
                {
                    return (await api.GetAsync(live)).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, $"process {process} answers: {Logs()}", TimeSpan.FromSeconds(180));
        }

        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(state, "gateway", "api-token"))).Trim());
        var file = await media.MakeAsync("a.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p");
        await Task.WhenAll(Enumerable.Range(0, Uploads).Select(async n =>
        {
            using var accepted = await api.PutAsync(new Uri($"api/videos/v{n}", UriKind.Relative), new ByteArrayContent(file));
            Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        }));
        for (var n = 0; n < Uploads; n++)
            Assert.Equal("ready", (await UploadTests.EndAsync(api, $"v{n}")).GetProperty("status").GetString());

        await using var ledger = new NpgsqlConnection($"Host=127.0.0.1;Port={port + 3};Username=gateway;Password=dev-only-password;Database=gateway");
        var jobs = (await ledger.QueryAsync<(string State, long Attempts, string Worker)>("SELECT state, attempts, worker FROM job")).ToList();
        Assert.Equal(Enumerable.Repeat(("ready", 1L), Uploads), jobs.Select(job => (job.State, job.Attempts)));
        var workers = ((string[])["worker-1", "worker-2"]).Select(name => File.ReadAllText(Path.Combine(state, name + ".pid")).Trim());
        Assert.Equal(workers.Order(), jobs.Select(job => job.Worker.Split('/')[1]).Distinct().Order());
        Assert.Equal(Uploads, await ledger.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM revision"));

        var list = await api.GetFromJsonAsync<JsonElement>(new Uri("api/videos", UriKind.Relative));
        Assert.Equal(Uploads, list.GetArrayLength());
        await Eventually.IsTrueAsync(async () => (await api.GetAsync(new Uri("watch/v0/playlist.m3u8", UriKind.Relative))).IsSuccessStatusCode, "the gateway plays what the workers made");
    }

    private string Logs() => string.Join('\n', Directory.EnumerateFiles(state, "*.log").Select(File.ReadAllText));

    /// <summary>The two blocks of commands in the section: start and end.</summary>
    private static List<string> Blocks()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var section = text.Split("\n## ").Single(part => part.StartsWith("One gateway and several workers", StringComparison.Ordinal));
        return [.. section.Split("```sh\n").Skip(1).Select(block => block.Split("```")[0])];
    }

    private async Task ShellAsync(string commands)
    {
        var start = new ProcessStartInfo("bash", ["-e", "-c", commands]) { WorkingDirectory = Repository.Root, UseShellExecute = false };
        foreach (var (name, value) in new (string, string)[]
        {
            ("STATE", state), ("HLSGATEWAY", AppContext.BaseDirectory), ("PORT", Text(port)), ("PG_PORT", Text(port + 3)), ("S3_PORT", Text(port + 4)), ("MON_PORT", Text(port + 5)),
            ("Trailers__Folder", ""), ("Transcode__Preset", "ultrafast"), ("Transcode__Ladder__0", "90"), ("Gateway__PublicUrl", ""),
        })
            start.Environment[name] = value;
        using var shell = Process.Start(start)!;
        await Eventually.IsTrueAsync(() => shell.HasExited, "the commands end", TimeSpan.FromSeconds(120));
        Assert.Equal(0, shell.ExitCode);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
