using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>
/// <c>Golden/ledger-before-cmcd.db.gz</c> is the ledger of a gateway of the version before requests could carry CMCD (schema 3), killed
/// between two merges: a session that was merged (six segments of 4 s, one of them again) and four requests that were not.
/// </summary>
public sealed class UpgradeTests : Upgrade;

[Collection("ledger-postgres")]
public sealed class PostgresUpgradeTests(LedgerPostgres postgres) : Upgrade
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}

public abstract class Upgrade : IAsyncLifetime
{
    private static readonly Guid Merged = Guid.Parse("01a21948-f6c2-77dd-9726-8e51d4ee87f1");
    private static readonly Guid Waiting = Guid.Parse("01a21949-5de6-7500-b3fc-cf1cc0ab1c9e");
    private readonly string folder = Directory.CreateTempSubdirectory("upgrade-").FullName;

    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task What_an_older_version_left_in_the_outbox_is_counted()
    {
        await UnpackAsync();
        await using var ledger = new TestLedger(folder, postgres: await DatabaseAsync());
        await Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == ledger.Outbox.Progress.Committed, "all merged");

        var state = await ledger.FindAsync(Waiting);
        Assert.NotNull(state);
        Assert.True(state.Started);
        Assert.Equal((3, 12_000L, 12_000L, 4), ((int)state.SegmentsFetched, state.FetchedMs, state.Watched.Length, (int)state.Requests));
        Assert.Equal(0, state.Cmcd.Reports);
        Assert.True(state.Playheads.IsEmpty);
        Assert.False(Directory.EnumerateFiles(folder).Any(name => name.Contains("damaged", StringComparison.OrdinalIgnoreCase)), "nothing was put aside");

        if (ledger.Postgres is null)
        {
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            Assert.Equal((7L, 4L), (ledger.Scalar("SELECT count(*) FROM event"), ledger.Scalar("SELECT sum(hits) FROM trace")));
            var merged = await ledger.FindAsync(Merged);
            Assert.Equal((6, 20_000L), ((int)merged!.SegmentsFetched, merged.Watched.Length));

            // The sums get the lower bounds that the older version did not know.
            await Eventually.IsTrueAsync(() => ledger.Scalar("SELECT count(*) FROM backfill") == 0, "each session looked at");
            Assert.Equal(0, ledger.Scalar("SELECT count(*) FROM session WHERE low_given = 0"));
            foreach (var (sum, each) in (ReadOnlySpan<(string, string)>)
                [
                    ("views_low", "is_view_low"), ("trailer_low_ms", "trailer_low_ms"), ("sessions - basis_measured - basis_buffered", "1"),
                ])
                Assert.Equal((sum, ledger.Scalar($"SELECT sum({each}) FROM session")), (sum, ledger.Scalar($"SELECT sum({sum}) FROM video_quarter")));
            Assert.True(ledger.Scalar("SELECT sum(views_low) FROM video_quarter") > 0);
        }
    }

    [Fact]
    public async Task A_trace_that_an_older_version_recorded_is_told_before_what_was_recorded_since()
    {
        var database = await DatabaseAsync();
        var session = database is null ? Merged : Guid.CreateVersion7();
        if (database is null) await UnpackAsync();
        await using var host = await GatewayHost.StartAsync(
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = database ?? "", ["Ledger:EventRetention"] = "3650.00:00:00", ["Ledger:ReportTimeout"] = "00:01:00" }, dataDirectory: folder);
        var outbox = host.Services.GetRequiredService<Outbox>();
        var video = database is null ? "old" : "clip";
        using var api = host.Api("analyst");
        if (database is null)
        {
            using var before = await api.GetAsync(new Uri($"api/sessions/{session}", UriKind.Relative));
            video = (await before.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("video").GetString()!;
        }
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 9, video: video)));
        await outbox.CaughtUpAsync(CancellationToken.None);
        if (database is not null)
        {
            await LedgerPostgres.ExecuteAsync(database, $"""
                CREATE TABLE counting.event_20270115 PARTITION OF counting.event FOR VALUES FROM (1799971200000) TO (1800057600000);
                INSERT INTO counting.event(session_id, at, gateway_id, epoch, seq, n, kind, rule, start_ms, duration_ms, path, player) VALUES ('{session}', 1800000000000, 1, 1, 77, 0, 2, 1, 0, 4000, '720p/video0.ts', 1);
                UPDATE counting.session SET requests = requests + 1 WHERE session_id = '{session}';
                """);
        }
        var report = (await Viewer.ReportAsync(api, session.ToString()))!.Value;
        var trace = report.GetProperty("trace").EnumerateArray().Select(entry => entry.GetProperty("path").GetString()).ToArray();
        Assert.Equal(database is null ? 8 : 2, trace.Length);
        Assert.Equal("720p/video9.ts", trace[^1]);
        Assert.NotEqual("720p/video9.ts", trace[0]);
        Assert.True(report.GetProperty("trace_complete").GetBoolean());
    }

    private async Task UnpackAsync()
    {
        await using var old = File.OpenRead(Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Counting", "Golden", "ledger-before-cmcd.db.gz"));
        await using var unpacked = new GZipStream(old, CompressionMode.Decompress);
        await using var file = File.Create(Path.Combine(folder, "ledger.db"));
        await unpacked.CopyToAsync(file);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}
