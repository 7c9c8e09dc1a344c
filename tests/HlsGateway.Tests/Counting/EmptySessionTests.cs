using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>Anybody can begin sessions: those that fetch nothing go after a while, and no report changes by it.</summary>
public sealed class EmptySessionTests : EmptySessionContract;

[Collection("ledger-postgres")]
public sealed class PostgresEmptySessionTests(LedgerPostgres postgres) : EmptySessionContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

public abstract class EmptySessionContract : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder data = new();
    private readonly DateTime day = DateTime.UtcNow.Date;
    private LoopbackOrigin origin = null!;
    private string database = "";

    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        database = await DatabaseAsync();
        origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nvideo0.ts\n#EXTINF:4,\nvideo1.ts\n#EXT-X-ENDLIST\n");
    }

    public async Task DisposeAsync() => await origin.DisposeAsync();

    public void Dispose()
    {
        data.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Sessions_that_fetched_nothing_go_and_every_report_stays_as_it_is()
    {
        Viewer watched, idle;
        string[] kept;
        string[] empty;
        string reports;
        await using (var host = await StartAsync(TimeSpan.Zero))
        {
            (watched, idle) = (await Viewer.StartAsync(host.Client), await Viewer.StartAsync(host.Client));
            await watched.FetchAsync(0);
            var (trailer, captions, other) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
            foreach (var session in (Guid[])[trailer, captions, other]) await RecordAsync(host, Begin(session));
            await RecordAsync(host, TestLedger.Segment(trailer, 0, video: "v", kind: HitKind.Trailer));
            await RecordAsync(host, TestLedger.Segment(captions, 0, video: "v", kind: HitKind.Caption));
            // Neither a forged request nor a HEAD is handed anything that counts.
            await RecordAsync(host, TestLedger.Segment(other, 0, video: "v", rule: HitRule.ForgedDuration));
            await RecordAsync(host, TestLedger.Segment(other, 0, video: "v", rule: HitRule.Head));
            kept = [watched.Session, trailer.ToString(), captions.ToString()];
            empty = [idle.Session, other.ToString()];
            reports = await ReportsAsync(host);
            Assert.Contains("\"impressions\":5", reports, StringComparison.Ordinal);
        }

        // Until its token has expired, and a day longer, a session may still be heard of.
        await using (var host = await StartAsync(TimeSpan.FromHours(47)))
        {
            await RecordAsync(host, Begin(Guid.CreateVersion7(DateTimeOffset.UtcNow.AddHours(47))) with { Video = "another" });
            foreach (var session in (string[])[.. kept, .. empty]) Assert.NotNull(await FindAsync(host, session));
        }

        await using (var host = await StartAsync(TimeSpan.FromDays(3)))
        {
            foreach (var session in empty) await Eventually.IsTrueAsync(async () => await FindAsync(host, session) is null, "the empty session goes");
            foreach (var session in kept) Assert.NotNull(await FindAsync(host, session));
            Assert.Equal(reports, await ReportsAsync(host));

            // Who asks again with its token plays, is counted apart, and makes no row.
            using (var answer = await host.Client.GetAsync(new Uri(host.Address, idle.Segments[0].PathAndQuery))) Assert.Equal(System.Net.HttpStatusCode.Found, answer.StatusCode);
            Assert.Null(await FindAsync(host, idle.Session));
            Assert.Equal(reports, await ReportsAsync(host));
        }
    }

    [Fact]
    public async Task What_was_counted_in_time_and_comes_late_is_counted_once()
    {
        var (seen, unseen) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var host = await StartAsync(TimeSpan.Zero)) await RecordAsync(host, Begin(seen));

        await using (var host = await StartAsync(TimeSpan.FromDays(3)))
        {
            await Eventually.IsTrueAsync(async () => await FindAsync(host, seen.ToString()) is null, "the empty session goes");
            await RecordAsync(host, TestLedger.Segment(seen, 0, video: "v"));
            await AssertFiguresAsync(host, sessions: 1, impressions: 1, views: 1, watched: 4);

            // Of a session that nobody has heard of its requests come in any order.
            await RecordAsync(host, TestLedger.Segment(unseen, 0, video: "v"));
            await RecordAsync(host, Begin(unseen));
            await AssertFiguresAsync(host, sessions: 2, impressions: 2, views: 2, watched: 8);
            Assert.Equal(4, (await FindAsync(host, seen.ToString()))!.Value.GetProperty("watch_seconds").GetDouble());
        }
    }

    [Fact]
    public async Task At_a_retention_of_zero_they_stay()
    {
        string session;
        await using (var host = await StartAsync(TimeSpan.Zero)) session = (await Viewer.StartAsync(host.Client)).Session;

        await using (var host = await StartAsync(TimeSpan.FromDays(300), retention: "00:00:00"))
        {
            await RecordAsync(host, Begin(Guid.CreateVersion7(DateTimeOffset.UtcNow.AddDays(300))));
            Assert.NotNull(await FindAsync(host, session));
        }
    }

    private Task<GatewayHost> StartAsync(TimeSpan ahead, string retention = "2.00:00:00") => GatewayHost.StartAsync(
        origin,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = database,
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
            ["Gateway:Sessions:Keys:0"] = "the same thirty-two bytes for all of them",
            ["Ledger:EmptySessionRetention"] = retention,
        },
        services => services.AddSingleton<TimeProvider>(new AheadClock { Ahead = ahead }), data.Path);

    private static Hit Begin(Guid session) => TestLedger.Segment(session, 0, video: "v", kind: HitKind.SessionStart) with { Path = "playlist.m3u8", DurationMs = 0 };

    private static async Task RecordAsync(GatewayHost host, Hit hit)
    {
        var outbox = host.Services.GetRequiredService<Outbox>();
        Assert.True(await outbox.RecordAsync(hit));
        await Eventually.IsTrueAsync(
            async () =>
            {
                await outbox.CaughtUpAsync(CancellationToken.None);
                return outbox.Progress.Merged == outbox.Progress.Committed;
            }, "every request in its session");
    }

    private static async Task<JsonElement?> FindAsync(GatewayHost host, string session)
    {
        using var api = host.Api("analyst");
        return await Viewer.ReportAsync(api, session);
    }

    /// <summary>What is told of the video, its buckets and its rank, over the same days.</summary>
    private async Task<string> ReportsAsync(GatewayHost host)
    {
        using var api = host.Api("analyst");
        var range = $"from={day.AddDays(-2):yyyy-MM-dd}&to={day.AddDays(10):yyyy-MM-dd}";
        var report = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(await api.GetStringAsync($"/api/videos/v/analytics?{range}"))!;
        var ranking = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(await api.GetStringAsync($"/api/analytics/videos?{range}"))!;
        // What is counted apart is another thing, and the rank of another video too.
        foreach (var other in (string[])["as_of", "anonymous"]) report.Remove(other);
        // A bucket becomes final as time passes, and that is no figure.
        return JsonSerializer.Serialize(report).Replace("\"final\":true", "\"final\":false", StringComparison.Ordinal) + ranking["videos"].EnumerateArray().Single(video => video.GetProperty("video").ValueEquals("v")).GetRawText();
    }

    private static async Task AssertFiguresAsync(GatewayHost host, int sessions, int impressions, int views, double watched)
    {
        using var api = host.Api("analyst");
        using var report = JsonDocument.Parse(await api.GetStringAsync("/api/videos/v/analytics"));
        var figures = report.RootElement;
        Assert.Equal(
            (sessions, impressions, views, watched),
            (figures.GetProperty("sessions").GetInt32(), figures.GetProperty("impressions").GetInt32(), figures.GetProperty("views").GetInt32(), figures.GetProperty("watch_seconds").GetDouble()));
        Assert.Equal(sessions, figures.GetProperty("players").EnumerateArray().Sum(share => share.GetProperty("sessions").GetInt32()));
    }
}
