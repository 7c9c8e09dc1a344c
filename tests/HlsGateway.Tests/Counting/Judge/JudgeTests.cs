using System.Collections.Concurrent;
using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>One gateway that counts into its own file.</summary>
public sealed class JudgeTests : JudgeContract;

/// <summary>Two gateways that share one PostgreSQL; every session touches both.</summary>
[Collection("ledger-postgres")]
public sealed class PostgresJudgeTests(LedgerPostgres postgres) : JudgeContract
{
    protected override async Task<(string Database, int Gateways)> LedgerAsync() => (await postgres.NewDatabaseAsync(), 2);
}

/// <summary>Random viewers through real HTTP against a slow obvious model: every session and every report must be equal.</summary>
public abstract class JudgeContract : IAsyncLifetime
{
    private const int Viewers = 60;
    private static readonly string[] Videos = [.. JudgedStream.All.Select(stream => stream.Video)];
    private static readonly DateTimeOffset Begin = new(2026, 10, 24, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Span = TimeSpan.FromDays(3);
    private readonly List<GatewayHost> gateways = [];
    private readonly ConcurrentBag<Told> memory = [];
    private readonly Random random = new(20261126);
    private LoopbackOrigin origin = null!;
    private List<ToldSession> sessions = [];
    private HttpClient api = null!;

    protected virtual Task<(string Database, int Gateways)> LedgerAsync() => Task.FromResult(("", 1));

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        foreach (var stream in JudgedStream.All) stream.AddTo(origin);
        var (database, count) = await LedgerAsync();
        for (var i = 0; i < count; i++)
        {
            gateways.Add(await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ConnectionStrings:Ledger"] = database,
                ["Gateway:Sessions:Keys:0"] = "the same thirty-two bytes for all of them",
                ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
                ["Ledger:EventRetention"] = "500.00:00:00",
                ["Analytics:PlayerBuffer"] = TimeSpan.FromMilliseconds(ToldSession.BufferMs).ToString(),
                ["Analytics:ViewSeconds"] = "8",
            }, services => services.AddHttpContextAccessor().AddSingleton<TimeProvider, RequestClock>()));
        }
        api = gateways[^1].Api("analyst");
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        foreach (var gateway in gateways) await gateway.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task Every_session_and_every_report_equals_the_model()
    {
        await PlayAsync();

        foreach (var session in sessions) AssertEqual(session, await GetAsync($"/api/sessions/{session.Id}"));
        for (var question = 0; question < 25; question++)
        {
            var (from, to) = Stretch();
            await CompareReportAsync(Videos[question % Videos.Length], from, to);
            await CompareRankingAsync(from, to);
        }
        await CompareReportAsync(Videos[0], Begin.AddDays(-1), Begin.AddDays(5));
    }

    /// <summary>Some come one after the other, some at the same time. Each gateway learns of all videos first, as it would have long ago.</summary>
    private async Task PlayAsync()
    {
        foreach (var video in Videos)
        {
            foreach (var gateway in gateways) await new JudgedViewer([gateway], new Random(random.Next()), video, Begin, memory).BeginAsync(here: true);
        }
        await MergedAsync();
        var viewers = Enumerable.Range(0, Viewers).Select(number => (Thorough: number % 5 == 0, Seed: random.Next(), Video: Videos[random.Next(Videos.Length)], At: Begin.AddMilliseconds(random.NextInt64((long)Span.TotalMilliseconds)), Steps: random.Next(26))).ToList();
        await Parallel.ForEachAsync(viewers, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (viewer, _) =>
        {
            var one = new JudgedViewer(gateways, new Random(viewer.Seed), viewer.Video, viewer.At, memory) { Thorough = viewer.Thorough };
            await one.BeginAsync();
            await one.WatchAsync(viewer.Steps);
        });
        await MergedAsync();
        sessions = [.. memory.Where(told => told.Session != Guid.Empty).GroupBy(told => told.Session).Select(group => new ToldSession(group.Key, group.First().Video, [.. group]))];
        // The story is worth its judge only if all of it happened.
        foreach (var rule in (HitRule[])[HitRule.Counted, HitRule.Head, HitRule.Anonymous, HitRule.ExpiredSession, HitRule.ForgedSession, HitRule.ForgedDuration])
            Assert.Contains(memory, told => told.Rule == rule);
        Assert.Contains(sessions, session => session.FurtherRanges > 0);
        foreach (var kind in Enum.GetValues<HitKind>().Where(kind => kind != HitKind.Live)) Assert.Contains(memory, told => told.Kind == kind);
        Assert.Contains(sessions, session => session.Completed);
        Assert.Contains(sessions, session => session.LowMs > 20_000);
        foreach (var basis in (string[])["measured", "buffered"])
            Assert.Contains(sessions, session => session.Basis == basis && session.TrailerLowMs > 0 && session.TrailerLowMs < session.TrailerMs);
        Assert.Contains(sessions, session => session.CompletedLow);
        Assert.Contains(sessions, session => session.Completed && !session.CompletedLow);
        Assert.Contains(sessions, session => session.View && !session.ViewLow);
        Assert.Contains(sessions, session => session.LowMs > 20_000 && session.Requests.Any(request => request.Event is not null) && session.Requests.All(request => request.BufferMs is null));
    }

    private async Task MergedAsync()
    {
        foreach (var gateway in gateways)
        {
            var outbox = gateway.Services.GetRequiredService<Outbox>();
            await Eventually.IsTrueAsync(async () =>
            {
                await outbox.CaughtUpAsync(CancellationToken.None);
                return outbox.Depth == 0 && outbox.Progress.Merged == outbox.Progress.Committed;
            }, "every request in its session");
            Assert.Equal((0L, 0L), (outbox.Lost, outbox.Undecided));
        }
    }

    private static void AssertEqual(ToldSession model, JsonElement report)
    {
        Assert.Equal(model.Video, report.GetProperty("video").GetString());
        Assert.Equal(model.StartedAt, report.GetProperty("started_at").GetDateTimeOffset());
        Assert.Equal(model.FirstAt, Ms(report.GetProperty("first_at")));
        Assert.Equal(model.LastAt, Ms(report.GetProperty("last_at")));
        Assert.Equal(model.Fetched, report.GetProperty("segments_fetched").GetInt64());
        Assert.Equal(model.FetchedMs / 1000.0, report.GetProperty("seconds_fetched").GetDouble());
        Assert.Equal(model.WatchMs / 1000.0, report.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(model.LowMs / 1000.0, report.GetProperty("watch_seconds_low").GetDouble());
        Assert.Equal(model.TrailerMs / 1000.0, report.GetProperty("trailer_seconds").GetDouble());
        Assert.Equal(model.TrailerLowMs / 1000.0, report.GetProperty("trailer_seconds_low").GetDouble());
        Assert.Equal(model.Basis, report.GetProperty("basis").GetString());
        Assert.Equal((model.Completed, model.View), (report.GetProperty("completed").GetBoolean(), report.GetProperty("view").GetBoolean()));
        Assert.Equal((model.CompletedLow, model.ViewLow), (report.GetProperty("completed_low").GetBoolean(), report.GetProperty("view_low").GetBoolean()));
        Assert.Equal(JudgedStream.Of(model.Video).LengthMs / 1000.0, report.GetProperty("content_seconds").GetDouble());
        Assert.Equal(model.Renditions.Order(StringComparer.Ordinal), Strings(report.GetProperty("renditions")));
        Assert.Equal(model.Captions.Order(StringComparer.Ordinal), Strings(report.GetProperty("captions")));
        Assert.Equal(model.Trailer == 0 ? null : $"{model.Trailer:x8}", report.GetProperty("trailer_version").GetString());
        Assert.Equal(Snake(model.Player.ToString()), report.GetProperty("player").GetString());
        AssertTrace(model, report);
    }

    private static void AssertTrace(ToldSession model, JsonElement report)
    {
        Assert.True(report.GetProperty("trace_complete").GetBoolean());
        var trace = report.GetProperty("trace").EnumerateArray().Select(entry => (
            At: Ms(entry.GetProperty("at")), Path: entry.GetProperty("path").GetString(), Rule: entry.GetProperty("rule").GetString()!,
            Added: entry.GetProperty("added_watch_seconds").GetDouble(), Counted: entry.GetProperty("counted").GetBoolean(), Why: entry.GetProperty("why").GetString()!)).ToList();
        Assert.All(trace, entry => Assert.NotEmpty(entry.Why));
        // Which of the requests for the same media time came first is for the order of arrival to say, and only that.
        Assert.Equal(
            model.Requests.Select(request => (request.At, request.Path, Rule: RuleOf(request))).Order(),
            trace.Select(entry => (entry.At, entry.Path ?? "", Rule: entry.Rule is "watched" or "repeat" or "other_rendition" or "range" ? "content" : entry.Rule)).Order());
        Assert.Equal(report.GetProperty("watch_seconds").GetDouble(), Math.Round(trace.Sum(entry => entry.Added), 3));
        Assert.Equal(model.Requests.Count(request => request.Rule == HitRule.Counted) - model.FurtherRanges, trace.Count(entry => entry.Counted));
        var seen = new HashSet<string?>();
        foreach (var entry in trace.Where(entry => entry.Rule is "watched" or "repeat" or "other_rendition"))
        {
            var again = !seen.Add(entry.Path);
            Assert.Equal(entry.Added > 0 ? "watched" : again ? "repeat" : "other_rendition", entry.Rule);
        }
        var ignored = report.GetProperty("ignored");
        Assert.Equal(trace.Count(entry => entry.Rule is "repeat" or "other_rendition"), ignored.GetProperty("repeats").GetInt32());
        Assert.Equal((model.FurtherRanges, model.FurtherRanges), (trace.Count(entry => entry.Rule == "range"), ignored.GetProperty("ranges").GetInt32()));
        Assert.Equal(model.Requests.Count(request => request.Rule == HitRule.Head), ignored.GetProperty("head").GetInt32());
        Assert.Equal(model.Requests.Count(request => request.Rule == HitRule.ForgedDuration), ignored.GetProperty("forged_duration").GetInt32());
        Assert.Equal(model.Requests.Count(request => request.Rule == HitRule.ExpiredSession), ignored.GetProperty("expired").GetInt32());
    }

    private static string RuleOf(Told told) => told.Rule switch
    {
        HitRule.Head => "head",
        HitRule.ForgedDuration => "forged_duration",
        HitRule.ExpiredSession => "expired",
        _ => told.Kind == HitKind.SessionStart ? "began" : Snake(told.Kind.ToString()),
    };

    private async Task CompareReportAsync(string video, DateTimeOffset from, DateTimeOffset to)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(random.Next(3) switch { 0 => "UTC", 1 => "Europe/Berlin", _ => "Asia/Kathmandu" });
        var hourly = random.Next(2) == 0;
        var report = await GetAsync($"/api/videos/{Uri.EscapeDataString(video)}/analytics?from={Text(from)}&to={Text(to)}&tz={zone.Id}&bucket={(hourly ? "hour" : "day")}&explain=true");
        // The sums are kept by quarters of an hour, and the answer says what it was cut to.
        var (start, end) = (Cut(from), Cut(to.AddMilliseconds(899_999)));
        Assert.Equal((start, end), (report.GetProperty("from").GetDateTimeOffset(), report.GetProperty("to").GetDateTimeOffset()));
        var mine = sessions.Where(session => session.Video == video && session.StartedAt >= start && session.StartedAt < end).ToList();
        AssertFigures(mine, report);
        AssertRetention(JudgedStream.Of(video).LengthMs, mine, report.GetProperty("retention"));
        AssertShares(mine, session => session.Renditions, report.GetProperty("renditions"));
        AssertShares(mine, session => session.Captions, report.GetProperty("captions"));
        AssertShares(mine, session => [Snake(session.Player.ToString())], report.GetProperty("players"));
        AssertShares(mine, session => session.Trailer == 0 ? [] : [$"{session.Trailer:x8}"], report.GetProperty("trailers"));
        Assert.Equal(
            memory.Where(told => told.CountedApart && told.Video == video && Within(told.At, start, end)).CountBy(told => Snake(told.Rule.ToString())).Select(pair => (pair.Key, pair.Value)).Order(),
            report.GetProperty("anonymous").EnumerateObject().Select(pair => (pair.Name, pair.Value.GetInt32())).Order());
        AssertBuckets(mine, report.GetProperty("buckets"), zone, hourly);
        await CompareExplanationAsync(mine, report);
    }

    private static void AssertFigures(List<ToldSession> mine, JsonElement report)
    {
        var views = mine.Count(session => session.View);
        (string Name, double Value)[] figures =
        [
            ("sessions", mine.Count), ("impressions", mine.Count(session => session.Impression)), ("views", views),
            ("segments_fetched", mine.Sum(session => session.Fetched)), ("seconds_fetched", mine.Sum(session => session.FetchedMs) / 1000.0),
            ("watch_seconds", mine.Sum(session => session.WatchMs) / 1000.0), ("watch_seconds_low", mine.Sum(session => session.LowMs) / 1000.0),
            ("trailer_sessions", mine.Count(session => session.TrailerMs > 0)), ("trailer_seconds", mine.Sum(session => session.TrailerMs) / 1000.0),
            ("completed", mine.Count(session => session.Completed)), ("views_low", mine.Count(session => session.ViewLow)), ("completed_low", mine.Count(session => session.CompletedLow)),
            ("trailer_sessions_low", mine.Count(session => session.TrailerLowMs > 0)), ("trailer_seconds_low", mine.Sum(session => session.TrailerLowMs) / 1000.0),
        ];
        foreach (var (name, value) in figures) Assert.Equal((name, Math.Round(value, 3)), (name, Math.Round(report.GetProperty(name).GetDouble(), 3)));
        double? average = views == 0 ? null : Math.Round(Math.Round(mine.Sum(session => session.WatchMs) / 1000.0, 3) / views, 3);
        double? rate = views == 0 ? null : Math.Round((double)mine.Count(session => session.Completed) / views, 4);
        Assert.Equal((average, rate), (NumberOrNull(report.GetProperty("average_watch_seconds")), NumberOrNull(report.GetProperty("completion_rate"))));
        average = views == 0 ? null : Math.Round(Math.Round(mine.Sum(session => session.LowMs) / 1000.0, 3) / views, 3);
        rate = views == 0 ? null : Math.Round((double)mine.Count(session => session.CompletedLow) / views, 4);
        Assert.Equal((average, rate), (NumberOrNull(report.GetProperty("average_watch_seconds_low")), NumberOrNull(report.GetProperty("completion_rate_low"))));
        foreach (var basis in (string[])["measured", "buffered", "fetched"])
            Assert.Equal((basis, mine.Count(session => session.Basis == basis)), (basis, report.GetProperty("basis").GetProperty(basis).GetInt32()));
    }

    private static void AssertRetention(int lengthMs, List<ToldSession> mine, JsonElement retention)
    {
        var points = retention.EnumerateArray().ToList();
        var seconds = (lengthMs + 499) / 1000;
        Assert.Equal(seconds, points.Count);
        for (var second = 0; second < seconds; second++)
        {
            var expected = (mine.Count(session => session.Handed(second) > 0), mine.Count(session => session.Proven(second)), mine.Sum(session => session.Handed(second)), mine.Count(session => session.Left == second), mine.Count(session => session.LeftLow == second));
            var point = points[second];
            Assert.Equal(expected, (point.GetProperty("sessions").GetInt32(), point.GetProperty("sessions_low").GetInt32(), point.GetProperty("plays").GetInt32(), point.GetProperty("left").GetInt32(), point.GetProperty("left_low").GetInt32()));
        }
    }

    private static void AssertShares(List<ToldSession> mine, Func<ToldSession, IEnumerable<string>> names, JsonElement shares) => Assert.Equal(
        mine.SelectMany(session => names(session).Select(name => (Name: name, session.WatchMs, session.LowMs))).GroupBy(pair => pair.Name, StringComparer.Ordinal)
            .Select(group => (group.Key, Sessions: group.Count(), Seconds: Math.Round(group.Sum(pair => pair.WatchMs) / 1000.0, 3), Low: Math.Round(group.Sum(pair => pair.LowMs) / 1000.0, 3)))
            .OrderByDescending(share => share.Sessions).ThenBy(share => share.Key, StringComparer.OrdinalIgnoreCase),
        shares.EnumerateArray().Select(share => (share.GetProperty("name").GetString()!, share.GetProperty("sessions").GetInt32(), Math.Round(share.GetProperty("watch_seconds").GetDouble(), 3), Math.Round(share.GetProperty("watch_seconds_low").GetDouble(), 3))));

    private static void AssertBuckets(List<ToldSession> mine, JsonElement buckets, TimeZoneInfo zone, bool hourly)
    {
        var left = mine.ToHashSet();
        foreach (var bucket in buckets.EnumerateArray())
        {
            var from = bucket.GetProperty("from").GetDateTimeOffset();
            var inside = left.Where(session => Unit(session.StartedAt) == Unit(from)).ToList();
            AssertFigures(inside, bucket);
            left.ExceptWith(inside);
        }
        Assert.Empty(left);

        (DateTime, int, TimeSpan) Unit(DateTimeOffset time)
        {
            var local = TimeZoneInfo.ConvertTime(time, zone);
            return hourly ? (local.Date, local.Hour, local.Offset) : (local.Date, 0, TimeSpan.Zero);
        }
    }

    /// <summary>The figure opens into its rows: the sum over all pages of the sessions that it names is the figure.</summary>
    private async Task CompareExplanationAsync(List<ToldSession> mine, JsonElement report)
    {
        var explain = report.GetProperty("explain");
        Assert.Equal(Definitions.All.Keys.Order(StringComparer.Ordinal), explain.GetProperty("definitions").EnumerateObject().Select(pair => pair.Name).Order(StringComparer.Ordinal));
        var listed = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await GetAsync($"{explain.GetProperty("sessions_url").GetString()}&limit={random.Next(3, 40)}{(cursor is null ? "" : $"&cursor={cursor}")}");
            listed.AddRange(page.GetProperty("sessions").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(mine.Select(session => session.Id).OrderByDescending(id => id.ToString("n"), StringComparer.Ordinal), listed.Select(session => session.GetProperty("session_id").GetGuid()));
        Assert.Equal(listed.Take(10).Select(session => session.GetProperty("session_id").GetGuid()), explain.GetProperty("sessions").EnumerateArray().Select(id => id.GetGuid()));
        foreach (var figure in (string[])["segments_fetched", "seconds_fetched", "watch_seconds", "watch_seconds_low", "trailer_seconds", "trailer_seconds_low"])
            Assert.Equal((figure, report.GetProperty(figure).GetDouble()), (figure, Math.Round(listed.Sum(session => session.GetProperty(figure).GetDouble()), 3)));
        foreach (var (figure, property) in (ReadOnlySpan<(string, string)>)[("views", "view"), ("completed", "completed"), ("views_low", "view_low"), ("completed_low", "completed_low")])
            Assert.Equal((figure, report.GetProperty(figure).GetInt32()), (figure, listed.Count(session => session.GetProperty(property).GetBoolean())));
    }

    private async Task CompareRankingAsync(DateTimeOffset from, DateTimeOffset to)
    {
        var order = FigureColumn.All[random.Next(FigureColumn.All.Count)].Name;
        var ranking = await GetAsync($"/api/analytics/videos?from={Text(from)}&to={Text(to)}&order={order}");
        var (start, end) = (Cut(from), Cut(to.AddMilliseconds(899_999)));
        var expected = sessions.Where(session => session.StartedAt >= start && session.StartedAt < end).GroupBy(session => session.Video, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        var listed = ranking.GetProperty("videos").EnumerateArray().ToList();
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), listed.Select(video => video.GetProperty("video").GetString()!).Order(StringComparer.Ordinal));
        foreach (var video in listed) AssertFigures(expected[video.GetProperty("video").GetString()!], video);
        // What has no views has no average, and comes last.
        var values = listed.Select(video => NumberOrNull(order.StartsWith("basis_", StringComparison.Ordinal) ? video.GetProperty("basis").GetProperty(order[6..]) : video.GetProperty(order)) ?? -1).ToList();
        Assert.Equal(values.OrderDescending(), values);
    }

    /// <summary>Not cut at quarters of an hour.</summary>
    private (DateTimeOffset From, DateTimeOffset To) Stretch()
    {
        var from = Begin.AddSeconds(random.Next((int)Span.TotalSeconds));
        return (from, from.AddSeconds(random.Next(1, 200_000)));
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    private static DateTimeOffset Cut(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds() / 900_000 * 900_000);

    private static bool Within(long atMs, DateTimeOffset start, DateTimeOffset end) => Cut(DateTimeOffset.FromUnixTimeMilliseconds(atMs)) is var quarter && quarter >= start && quarter < end;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);

    private static long Ms(JsonElement time) => time.ValueKind == JsonValueKind.Null ? 0 : time.GetDateTimeOffset().ToUnixTimeMilliseconds();

    private static double? NumberOrNull(JsonElement number) => number.ValueKind == JsonValueKind.Null ? null : number.GetDouble();

    private static IEnumerable<string?> Strings(JsonElement list) => list.EnumerateArray().Select(text => text.GetString());

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
