using System.Globalization;
using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Analytics;

public sealed class VideoReportTests : VideoReportContract;

[Collection("ledger-postgres")]
public sealed class PostgresVideoReportTests(LedgerPostgres postgres) : VideoReportContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>The same answers from both databases.</summary>
public abstract class VideoReportContract : IAsyncLifetime
{
    private const string Video = "did:plc:abc/bafkrei";
    private const string Path = "/api/videos/did:plc:abc%2Fbafkrei/analytics";
    private static readonly DateTimeOffset Begin = new(2026, 10, 24, 0, 0, 0, TimeSpan.Zero);
    private GatewayHost host = null!;
    private HttpClient api = null!;
    private Outbox outbox = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = await DatabaseAsync(),
            ["Analytics:PlayerBuffer"] = "00:00:09",
            ["Analytics:ViewSeconds"] = "8",
        });
        api = host.Api("analyst");
        outbox = host.Services.GetRequiredService<Outbox>();
        outbox.Describe(Video, 60_000);
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Every_figure_equals_the_sum_over_the_sessions_that_the_same_filters_list()
    {
        var random = new Random(7);
        var story = await PlayAsync(random, 120);
        for (var question = 0; question < 12; question++)
        {
            var from = Begin.AddMinutes(15 * random.Next(0, 200));
            var to = from.AddMinutes(15 * random.Next(1, 300));
            var range = $"from={Text(from)}&to={Text(to)}";
            var report = await GetAsync($"{Path}?{range}");
            var sessions = (await GetAsync($"/api/sessions?video={Uri.EscapeDataString(Video)}&{range}&limit=1000")).GetProperty("sessions").EnumerateArray().ToList();
            double Sum(string name) => Math.Round(sessions.Sum(s => s.GetProperty(name).GetDouble()), 3);

            Assert.Equal(sessions.Count, report.GetProperty("sessions").GetInt32());
            Assert.Equal(sessions.Count(s => s.GetProperty("view").GetBoolean()), report.GetProperty("views").GetInt32());
            Assert.Equal(sessions.Count(s => s.GetProperty("completed").GetBoolean()), report.GetProperty("completed").GetInt32());
            Assert.Equal(Sum("segments_fetched"), report.GetProperty("segments_fetched").GetDouble());
            Assert.Equal(Sum("seconds_fetched"), report.GetProperty("seconds_fetched").GetDouble());
            Assert.Equal(Sum("watch_seconds"), report.GetProperty("watch_seconds").GetDouble());
            Assert.Equal(Sum("watch_seconds_low"), report.GetProperty("watch_seconds_low").GetDouble());
            Assert.Equal(Sum("trailer_seconds"), report.GetProperty("trailer_seconds").GetDouble());
            foreach (var figure in (string[])["watch_seconds", "views", "sessions", "seconds_fetched"])
                Assert.Equal(report.GetProperty(figure).GetDouble(), Math.Round(report.GetProperty("buckets").EnumerateArray().Sum(b => b.GetProperty(figure).GetDouble()), 3));

            var retention = report.GetProperty("retention").EnumerateArray().ToList();
            var mine = story.Where(viewer => viewer.At >= from && viewer.At < to).ToList();
            for (var second = 0; second < 60; second++)
            {
                var middle = (second * 1000) + 500;
                var (holds, plays) = (mine.Count(v => v.Segments.Any(s => Holds(s, middle))), mine.Sum(v => v.Segments.Count(s => Holds(s, middle))));
                var left = mine.Count(v => v.Segments.Count > 0 && ((v.Segments.Max(s => s.End) + 499) / 1000) - 1 == second);
                var point = second < retention.Count ? retention[second] : default;
                Assert.Equal((holds, plays, left), point.ValueKind == JsonValueKind.Undefined
                    ? (0, 0, 0)
                    : (point.GetProperty("sessions").GetInt32(), point.GetProperty("plays").GetInt32(), point.GetProperty("left").GetInt32()));
            }
        }
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("America/St_Johns")]
    public async Task Days_and_hours_are_cut_in_the_asked_zone_and_always_add_up(string tz)
    {
        await PlayAsync(new Random(11), 60);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(tz);
        var whole = await GetAsync($"{Path}?from=2026-10-23&to=2026-11-05&tz={tz}");
        foreach (var unit in (string[])["day", "hour"])
        {
            var buckets = (await GetAsync($"{Path}?from=2026-10-23&to=2026-11-05&tz={tz}&bucket={unit}")).GetProperty("buckets").EnumerateArray().ToList();
            Assert.Equal(whole.GetProperty("watch_seconds").GetDouble(), Math.Round(buckets.Sum(b => b.GetProperty("watch_seconds").GetDouble()), 3));
            for (var i = 1; i < buckets.Count; i++)
            {
                var start = buckets[i].GetProperty("from_local").GetDateTimeOffset();
                Assert.Equal(buckets[i].GetProperty("from").GetString(), Rfc3339.Text(start));
                Assert.Equal(buckets[i - 1].GetProperty("to").GetString(), buckets[i].GetProperty("from").GetString());
                Assert.Equal(buckets[i - 1].GetProperty("to_local").GetString(), buckets[i].GetProperty("from_local").GetString());
                Assert.Equal(zone.GetUtcOffset(start), start.Offset);
                Assert.Equal(unit == "day" ? TimeSpan.Zero : TimeSpan.FromHours(start.Hour), start.TimeOfDay);
            }
        }
    }

    [Fact]
    public async Task The_day_on_which_clocks_go_back_has_25_hours()
    {
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(Begin), 0, video: Video)));
        var buckets = (await GetAsync($"{Path}?from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00Z&tz=Europe/Berlin&bucket=hour")).GetProperty("buckets");
        Assert.Equal(25, buckets.GetArrayLength());
        var days = (await GetAsync($"{Path}?from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00Z&tz=Europe/Berlin")).GetProperty("buckets");
        Assert.Equal(1, days.GetArrayLength());
    }

    [Fact]
    public async Task The_day_on_which_clocks_go_forward_has_23_hours()
    {
        // From midnight to midnight in Berlin: at 02:00 it becomes 03:00.
        const string Day = "from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00Z&tz=Europe/Berlin";
        foreach (var hour in (int[])[0, 1, 2, 22])
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(new DateTimeOffset(2026, 3, 28, 23, 30, 0, TimeSpan.Zero).AddHours(hour)), 0, video: Video)));
        var hours = (await GetAsync($"{Path}?{Day}&bucket=hour")).GetProperty("buckets").EnumerateArray().ToList();
        Assert.Equal(23, hours.Count);
        Assert.Equal([0, 1, 3, 23], hours.Where(h => h.GetProperty("sessions").GetInt32() == 1).Select(h => h.GetProperty("from_local").GetDateTimeOffset().Hour));
        var day = Assert.Single((await GetAsync($"{Path}?{Day}")).GetProperty("buckets").EnumerateArray());
        Assert.Equal(4, day.GetProperty("sessions").GetInt32());
        Assert.Equal(TimeSpan.FromHours(1), day.GetProperty("from_local").GetDateTimeOffset().Offset);
        Assert.Equal(TimeSpan.FromHours(2), day.GetProperty("to_local").GetDateTimeOffset().Offset);
    }

    [Fact]
    public async Task Shares_ranking_and_explanation_tell_what_is_behind_the_figures()
    {
        var session = Guid.CreateVersion7(Begin.AddHours(1));
        for (var i = 0; i < 3; i++) Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, i, video: Video)));
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 3, "360p", Video)));
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0, kind: HitKind.Caption, video: Video) with { Path = "subtitles/de/1/0.vtt" }));
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(Begin.AddHours(2)), 0, video: "small")));
        var range = "from=2026-10-24&to=2026-10-25";
        var report = await GetAsync($"{Path}?{range}&explain=true");
        Assert.Equal(["360p", "720p"], report.GetProperty("renditions").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal("de", report.GetProperty("captions")[0].GetProperty("name").GetString());
        Assert.Equal("browser", report.GetProperty("players")[0].GetProperty("name").GetString());
        var explain = report.GetProperty("explain");
        Assert.Equal(session, explain.GetProperty("sessions")[0].GetGuid());
        Assert.Equal(Video, explain.GetProperty("filters").GetProperty("video").GetString());
        var listed = await GetAsync(explain.GetProperty("sessions_url").GetString()!);
        Assert.Equal(1, listed.GetProperty("sessions").GetArrayLength());
        foreach (var definition in Definitions.All.Keys.Except(["anonymous", "retention"], StringComparer.Ordinal))
            Assert.True(report.TryGetProperty(definition, out _), definition);

        var ranking = await GetAsync($"/api/analytics/videos?{range}&order=watch_seconds");
        Assert.Equal([Video, "small"], ranking.GetProperty("videos").EnumerateArray().Select(v => v.GetProperty("video").GetString()));
    }

    [Fact]
    public async Task Moments_are_told_from_twenty_sessions_on_and_compared_with_videos_of_that_length()
    {
        const string Range = "from=2026-10-24&to=2026-10-25";
        async Task WatchAsync(string video, int sessions, Func<int, int> segments)
        {
            for (var i = 0; i < sessions; i++)
            {
                var session = Guid.CreateVersion7(Begin.AddMinutes(i));
                for (var segment = 0; segment < segments(i); segment++) Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, segment, video: video)));
            }
        }

        // Ten segments of 4 s. In one of five videos half of the sessions end with the fifth.
        foreach (var calm in (string[])["calm1", "calm2", "calm3", "calm4"]) await WatchAsync(calm, 20, i => i < 6 ? 3 + i : 10);
        await WatchAsync("cliff", 19, i => i % 2 == 0 ? 5 : i < 8 ? 2 + i : 10);
        var few = await GetAsync($"/api/videos/cliff/moments?{Range}");
        Assert.Equal((19, 1, 0), (few.GetProperty("sessions").GetInt32(), few.GetProperty("needed").GetInt32(), few.GetProperty("moments").GetArrayLength()));
        await WatchAsync("cliff", 40, i => i % 2 == 0 ? 5 : i < 8 ? 2 + i : 10);

        var told = await GetAsync($"/api/videos/cliff/moments?{Range}&tz=Europe/Berlin&player=browser");
        Assert.Equal((0, 4), (told.GetProperty("needed").GetInt32(), told.GetProperty("compared_with").GetInt32()));
        var dip = told.GetProperty("moments").EnumerateArray().Single(moment => moment.GetProperty("kind").GetString() == "dip");
        Assert.Equal((19, 20), (dip.GetProperty("from_second").GetInt32(), dip.GetProperty("to_second").GetInt32()));
        Assert.True(dip.GetProperty("usual_high").GetDouble() < dip.GetProperty("share").GetDouble());
        var listed = await GetAsync($"/api/sessions?video=cliff&{Range}&limit=1000&player=browser&left_from=19&left_to=20");
        Assert.Equal(dip.GetProperty("sessions").GetInt32(), listed.GetProperty("sessions").GetArrayLength());
        Assert.DoesNotContain((await GetAsync($"/api/videos/calm1/moments?{Range}")).GetProperty("moments").EnumerateArray(), moment => moment.GetProperty("kind").GetString() != "intro");
        using var unknown = await api.GetAsync(new Uri("/api/videos/clif/moments", UriKind.Relative));
        Assert.Equal(404, (int)unknown.StatusCode);
    }

    [Theory]
    [InlineData("?tz=Mars/Olympus", "tz")]
    [InlineData("?bucket=weak", "bucket")]
    [InlineData("?from=2020-01-01&to=2026-01-01", "to")]
    [InlineData("?from=x", "from")]
    [InlineData("?from=2026-10-24T12:00:00", "from")]
    [InlineData("?from=2026-10-24&to=2026-10-24", "to")]
    [InlineData("?explain=maybe", "explain")]
    public async Task A_wrong_parameter_is_told_by_name(string query, string name)
    {
        using var response = await api.GetAsync(new Uri(Path + query, UriKind.Relative));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains($"'{name}'", JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static bool Holds((int Start, int End) segment, int ms) => segment.Start <= ms && ms < segment.End;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private async Task<List<(DateTimeOffset At, List<(int Start, int End)> Segments)>> PlayAsync(Random random, int viewers)
    {
        var story = new List<(DateTimeOffset, List<(int, int)>)>();
        var hits = new List<Hit>();
        for (var i = 0; i < viewers; i++)
        {
            var at = Begin.AddSeconds(random.Next(3 * 86_400));
            var session = Guid.CreateVersion7(at);
            var segments = new List<(int, int)>();
            var (start, requests) = (random.Next(8) * 4000, random.Next(0, 20));
            hits.Add(new Hit(session, Video, "playlist.m3u8", HitKind.SessionStart, HitRule.Counted, 0, 0, at.ToUnixTimeMilliseconds(), 0, PlayerFamily.Browser));
            for (var request = 0; request < requests; request++)
            {
                if (random.Next(6) == 0) start = random.Next(15) * 4000;
                var length = random.Next(4) == 0 ? 3337 : 4000;
                if (start + length > 60_000) start = 0;
                segments.Add((start, start + length));
                hits.Add(new Hit(session, Video, $"720p/{start}.ts", HitKind.Content, HitRule.Counted, start, length, at.AddSeconds(request * 3).ToUnixTimeMilliseconds(), 0, PlayerFamily.Browser));
                start += length;
            }
            if (random.Next(3) == 0)
                hits.Add(new Hit(session, Video, "720p/~t/0.ts", HitKind.Trailer, HitRule.Counted, 0, 4800, at.AddSeconds(90).ToUnixTimeMilliseconds(), 7, PlayerFamily.Browser));
            story.Add((at, segments));
        }
        var all = hits.ToArray();
        random.Shuffle(all);
        await Parallel.ForEachAsync(all, async (hit, _) => Assert.True(await outbox.RecordAsync(hit)));
        return story;
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }
}
