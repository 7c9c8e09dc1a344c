using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>Sessions as strips and tenths, each request of one, and the tail of requests as they are counted.</summary>
[Collection(StudioStage.Name)]
public sealed partial class SessionPageTests(StudioStage stage, ITestOutputHelper output)
{
    private const string Hostile = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script>{{window.hit=1}}";

    private static readonly DateTime Noon = new(2026, 11, 1, 12, 0, 0, DateTimeKind.Utc);

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_requests_tell_together_is_read_as_told()
    {
        var model = Path.Combine(Places.Repository, "src", "HlsGateway", "Studio", "web", "studio", "parts", "trace.js");
        // A test that fails ends the program with an error, and what it said is the message.
        var (said, _) = await Tool.RunAsync("env",
            [$"MODEL={model}", "sh", "-c", "node --test --test-reporter=spec \"$1\" >&2", "sh", Path.Combine(Places.Repository, "tests", "HlsGateway.Players.Tests", "Studio", "trace.test.mjs")],
            TimeSpan.FromMinutes(1));
        Assert.Empty(said);
    }

    [Fact]
    public async Task Why_a_request_did_not_count_is_found_by_the_keyboard_alone()
    {
        const string Video = "sessions/why";
        await stage.VideoAsync(Video);
        await WatchAsync(Video, segments: 1);
        var segments = await SegmentsAsync(Video);
        foreach (var (method, address) in ((HttpMethod, Uri)[])
        [
            (HttpMethod.Get, segments[0]), (HttpMethod.Get, segments[0]), (HttpMethod.Head, segments[0]), (HttpMethod.Get, new Uri(DurationParameter().Replace(segments[1].AbsoluteUri, "duration=999"))),
        ])
            await AskAsync(address, method);
        await WatchAsync(Video, segments: 1);
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At($"videos/{Uri.EscapeDataString(Video)}/sessions"));
        await page.Locator("[role=option]").First.WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[role=option]').length === 3");
        // The second of three: neither the first nor the last that is on the list.
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("k");
        Assert.Equal("2", await page.Locator("[role=option][aria-selected=true]").GetAttributeAsync("aria-posinset"));
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".trace tr[data-rule=forged_duration]").WaitForAsync();
        Assert.Equal(["began", "watched", "repeat", "head", "forged_duration"], await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.trace tbody tr')].map(row => row.dataset.rule)"));
        foreach (var (rule, isCounted, words) in ((string, string, string)[])
        [
            ("watched", "true", "had not been handed out before"), ("repeat", "true", "the same segment again"), ("head", "false", "HEAD is answered as GET"), ("forged_duration", "false", "do not carry our signature"),
        ])
        {
            var row = page.Locator($".trace tr[data-rule={rule}]");
            Assert.Equal(isCounted, await row.GetAttributeAsync("data-counted"));
            Assert.Contains(words, await row.TextContentAsync(), StringComparison.Ordinal);
        }
        // Steps through the requests; the end is no edge to fall from.
        for (var i = 0; i < 9; i++) await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("forged_duration", await page.Locator(".trace tr[aria-current]").GetAttributeAsync("data-rule"));
        await page.Keyboard.PressAsync("ArrowLeft");
        Assert.Equal("head", await page.Locator(".trace tr[aria-current]").GetAttributeAsync("data-rule"));
        // A place in the video leads to the request that counted there.
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.TypeAsync("0:01");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".trace tr[aria-current][data-rule=watched]").WaitForAsync();
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Figures_above_the_list_are_the_sums_of_its_rows_under_any_filter()
    {
        const string Video = "sessions/sums";
        await stage.VideoAsync(Video);
        var count = (await SegmentsAsync(Video)).Count;
        for (var i = 0; i < 9; i++) await WatchAsync(Video, 1 + (i % count), i % 3 == 2 ? "curl/8.5.0" : "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0");
        var page = await stage.PageAsync("analyst");
        // The same filters each time: what fails can be looked at again.
        var random = new Random(20261201);
        (string Name, string[] Values)[] filters =
        [
            ("player", ["browser", "tool"]), ("basis", ["fetched", "measured"]), ("completed", ["true", "false"]), ("audience", ["people", "tools"]), ("left_from", ["0", "3"]), ("watched_from", ["0.25", "0.5"]), ("watched_to", ["0.75", "1"]),
        ];
        var seen = 0;
        for (var round = 0; round < 8; round++)
        {
            var query = $"video={Uri.EscapeDataString(Video)}" + string.Concat(filters.Where(_ => round > 0 && random.Next(4) == 0).Select(filter => $"&{filter.Name}={filter.Values[random.Next(filter.Values.Length)]}"));
            var rows = await RowsAsync(query);
            seen += rows.Count;
            await page.GotoAsync(At($"sessions?{query}"));
            if (rows.Count == 0)
            {
                await page.Locator(".state.empty").WaitForAsync();
                continue;
            }
            await page.WaitForFunctionAsync("count => document.querySelectorAll('[role=option]').length === count", rows.Count);
            Assert.Equal(rows.Select(row => row.GetProperty("session_id").GetString()), await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('[role=option]')].map(row => row.dataset.session)"));
            Assert.Equal(rows.Count, await FigureAsync("sessions", "value"), 3);
            foreach (var (figure, field) in ((string, string)[])[("views", "view"), ("completed", "completed")])
            {
                Assert.Equal(rows.Count(row => row.GetProperty(field).GetBoolean()), await FigureAsync(figure, "value"), 3);
                Assert.Equal(rows.Count(row => row.GetProperty($"{field}_low").GetBoolean()), await FigureAsync(figure, "low"), 3);
            }
            Assert.Equal(rows.Sum(row => row.GetProperty("watch_seconds").GetDouble()), await FigureAsync("watch_seconds", "value"), 2);
            Assert.Equal(rows.Sum(row => row.GetProperty("watch_seconds_low").GetDouble()), await FigureAsync("watch_seconds", "low"), 2);
        }
        Assert.True(seen > 18, "filters leave something to add up");
        await stage.CleanAsync(page);

        async Task<double> FigureAsync(string name, string bound) => double.Parse(await page.Locator($"[data-figure={name}]").GetAttributeAsync($"data-{bound}") ?? "", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Of_ten_thousand_sessions_the_page_asks_for_what_is_looked_at_and_holds_the_rows_in_the_window()
    {
        const int All = 10_000;
        var page = await stage.PageAsync("analyst");
        var (asked, isAway) = (0, false);
        await page.RouteAsync(url => url.Contains("/api/sessions?", StringComparison.Ordinal), route =>
        {
            if (isAway) return route.FulfillAsync(new RouteFulfillOptions { Status = 503, ContentType = "application/problem+json", Body = """{"title":"The ledger is away.","status":503}""" });
            asked++;
            var cursor = CursorParameter().Match(route.Request.Url);
            var from = cursor.Success ? int.Parse(cursor.Groups["at"].Value, CultureInfo.InvariantCulture) : 0;
            return JsonAsync(route, new { sessions = Enumerable.Range(from, 100).Select(i => Session(i)), next_cursor = from + 100 < All ? $"{from + 100}" : null, as_of = Noon });
        });
        await page.GotoAsync(At("sessions"));
        await page.Locator("[role=option]").First.WaitForAsync();
        Assert.InRange(asked, 1, 2);
        await page.Locator("[role=listbox]").FocusAsync();
        for (var i = 0; i < 6; i++)
        {
            var before = asked;
            await page.Keyboard.PressAsync("End");
            await Until.TrueAsync(() => Task.FromResult(asked > before), "the next page is asked for", Soon);
            await page.WaitForFunctionAsync("() => document.querySelector('[role=option][aria-selected=true]') !== null && !document.querySelector('sessions-page').busy");
            Assert.InRange(await page.Locator("[role=option]").CountAsync(), 1, 80);
        }
        // The chosen row is in sight, drawn, and named to a screen reader.
        Assert.True(await page.EvaluateAsync<bool>("""
            () => {
              const [list, row] = [document.querySelector("[role=listbox]"), document.querySelector("[role=option][aria-selected=true]")];
              const box = row.getBoundingClientRect();
              return list.getAttribute("aria-activedescendant") === row.id && box.top >= 0 && box.bottom <= innerHeight;
            }
            """));
        Assert.True(asked < 15, $"{asked} pages were asked for");
        await page.Keyboard.PressAsync("Home");
        await page.WaitForFunctionAsync("() => document.querySelector('[role=option][aria-selected=true]')?.getAttribute('aria-posinset') === '1'");
        var (paint, loop) = await PaintAsync(page);
        output.WriteLine($"100 strips: {paint:F2} ms, {paint / loop:F2} times a fixed loop of {loop:F2} ms");
        Assert.True(paint / loop < 4, $"100 strips take {paint / loop:F1} times a fixed loop");

        // A page that cannot be had takes nothing away, and can be asked for again.
        isAway = true;
        await page.Keyboard.PressAsync("End");
        await page.GetByText("The ledger is away.").First.WaitForAsync();
        Assert.InRange(await page.Locator("[role=option]").CountAsync(), 1, 80);
        isAway = false;
        var known = asked;
        await page.GetByRole(AriaRole.Button, new() { Name = "Show more sessions" }).ClickAsync();
        await Until.TrueAsync(() => Task.FromResult(asked > known), "it is asked for again", Soon);
        Assert.Empty(await Axe.FaultsAsync(page, "studio-sessions-many"));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Names_from_strangers_are_text_and_nothing_else()
    {
        var page = await stage.PageAsync("analyst");
        await RouteSessionsAsync(page, Session(0, Hostile, [Request(0, "session_start", "playlist.m3u8", 0, 0, rule: "began"), Request(1, "content", $"{Hostile}/a.ts", 0, 4), Request(2, Hostile, Hostile, 0, 0, false, Hostile)]));
        var faults = new List<string>();
        foreach (var (path, ready) in ((string, string)[])[("sessions", "[role=option]"), ($"sessions?video={Uri.EscapeDataString(Hostile)}&view=tenths&player={Uri.EscapeDataString(Hostile)}", "session-grid tbody tr"), ($"sessions/{IdOf(0)}", ".trace tbody tr")])
        {
            await page.GotoAsync(At(path));
            // Reports about such a video are none: the list stands for itself.
            await page.Locator(ready).First.WaitForAsync();
            Assert.Contains("window.hit=1", await page.Locator("main").TextContentAsync(), StringComparison.Ordinal);
            Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
            Assert.Equal(0, await page.Locator("main img, main script").CountAsync());
            faults.AddRange(await Axe.FaultsAsync(page, $"studio-hostile-{ready.Trim('.', '[', ']').Split(' ', '=')[0]}"));
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);

        // What a viewer says of itself goes the whole way.
        const string Video = "sessions/hostile";
        await stage.VideoAsync(Video);
        var tail = await stage.PageAsync("analyst");
        await tail.GotoAsync(At($"live?video={Uri.EscapeDataString(Video)}"));
        await tail.Locator("[data-beat=watching]").WaitForAsync();
        await WatchAsync(Video, 1, Hostile);
        await tail.Locator("tr[data-session]").First.WaitForAsync();
        Assert.Null(await tail.EvaluateAsync<int?>("() => window.hit ?? null"));
        Assert.Empty(await Axe.FaultsAsync(tail, "studio-live-tail"));
        await stage.CleanAsync(tail);
    }

    [Fact]
    public async Task A_replay_keeps_the_silence_between_requests_and_the_page_says_what_happened_at_each()
    {
        var page = await stage.PageAsync("analyst");
        await RouteSessionsAsync(page, Session(0, "replayed", [
            Request(0, "session_start", "playlist.m3u8", 0, 0, rule: "began"), Request(0.1, "content", "720p/1.ts", 0, 1), Request(0.2, "content", "720p/2.ts", 1, 1), Request(4.2, "content", "360p/9.ts", 8, 1), Request(4.3, "caption", "subtitles/en/1.vtt", 0, 4, rule: "caption"),
        ]));
        await page.GotoAsync(At($"sessions/{IdOf(0)}"));
        await page.Locator(".trace tbody tr").First.WaitForAsync();
        Assert.Equal(["gap", "seek", "switch", "captions"], await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('[data-mark]')].map(mark => mark.dataset.mark)"));
        await page.EvaluateAsync("""
            () => {
              window.steps = [];
              let last = -1;
              new MutationObserver(() => {
                const at = [...document.querySelectorAll(".trace tbody tr")].findIndex(row => row.hasAttribute("aria-current"));
                if (at !== last) steps.push([last = at, performance.now()]);
                if (document.querySelector(".clock")?.textContent.includes("nothing is asked for")) window.still = true;
              }).observe(document.querySelector("session-page"), { subtree: true, childList: true, attributes: true, characterData: true });
            }
            """);
        await page.Keyboard.PressAsync("p");
        await page.WaitForFunctionAsync("() => steps.some(([at]) => at === 4) && document.querySelector('session-page').replaying === false");
        var steps = await page.EvaluateAsync<double[][]>("() => steps");
        var order = steps.Select(step => (int)step[0]).ToList();
        Assert.Equal(order.Order(), order);
        // Never earlier than it was; a busy machine may make it later.
        Assert.InRange(steps[order.FindIndex(at => at >= 3)][1] - steps[0][1], 4000, double.MaxValue);
        Assert.True(await page.EvaluateAsync<bool>("() => window.still === true"), "silence is told");
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Requests_appear_on_open_pages_in_their_order_the_moment_they_are_counted()
    {
        const int Count = 20;
        const string Video = "sessions/live";
        await stage.VideoAsync(Video);
        var tail = await stage.PageAsync("analyst");
        await tail.GotoAsync(At($"live?video={Uri.EscapeDataString(Video)}"));
        await tail.Locator("[data-beat=watching]").WaitForAsync();
        var list = await stage.PageAsync("analyst");
        await list.GotoAsync(At($"sessions?video={Uri.EscapeDataString(Video)}"));
        await list.Locator(".state.empty, [role=option]").First.WaitForAsync();
        await list.WaitForFunctionAsync("() => document.querySelector('.pulse[data-kind]') !== null");
        var waits = new List<double>();
        for (var i = 1; i <= Count; i++)
        {
            var segment = (await SegmentsAsync(Video))[0];
            var watch = Stopwatch.StartNew();
            await AskAsync(segment, HttpMethod.Get);
            await tail.WaitForFunctionAsync("count => [...document.querySelectorAll('tr[data-session]')].filter(row => /\\.(ts|m4s|mp4)/.test(row.textContent)).length >= count", i);
            waits.Add(watch.Elapsed.TotalMilliseconds);
        }
        waits.Sort();
        output.WriteLine($"from a segment's request to the open page, {Count} times: median {waits[Count / 2]:F0} ms, p95 {waits[(int)Math.Ceiling(Count * 0.95) - 1]:F0} ms, most {waits[^1]:F0} ms");
        var expected = (await RowsAsync($"video={Uri.EscapeDataString(Video)}")).Select(row => row.GetProperty("session_id").GetString()).ToList();
        Assert.Equal(Count, expected.Count);
        var told = await tail.EvaluateAsync<string[]>("() => [...new Set([...document.querySelectorAll('tr[data-session]')].map(row => row.dataset.session))]");
        Assert.Equal(expected, told);
        // The list grew without a reload, and says that they can still grow.
        await list.WaitForFunctionAsync("count => document.querySelectorAll('[role=option]').length === count", Count);
        Assert.Equal(expected, await list.EvaluateAsync<string[]>("() => [...document.querySelectorAll('[role=option]')].map(row => row.dataset.session)"));

        // Where one has moved on, nothing jumps: the new one is told of.
        await list.Keyboard.PressAsync("j");
        await WatchAsync(Video, 1);
        await list.GetByRole(AriaRole.Button, new() { Name = "1 new session" }).WaitForAsync();
        Assert.Equal(Count, await list.Locator("[role=option]").CountAsync());
        await list.GetByRole(AriaRole.Button, new() { Name = "1 new session" }).ClickAsync();
        await list.WaitForFunctionAsync("count => document.querySelectorAll('[role=option]').length === count", Count + 1);

        // Paused, what comes waits and is not lost.
        var before = await tail.Locator("tr[data-session]").CountAsync();
        await tail.Keyboard.PressAsync("p");
        await WatchAsync(Video, 1);
        await tail.GetByText("Paused:").WaitForAsync();
        Assert.Equal(before, await tail.Locator("tr[data-session]").CountAsync());
        await tail.Keyboard.PressAsync("p");
        await tail.WaitForFunctionAsync("before => document.querySelectorAll('tr[data-session]').length > before", before);
        await stage.CleanAsync(list);
        await stage.CleanAsync(tail);
    }

    [Fact]
    public async Task Figures_follow_each_request_on_open_pages()
    {
        const int Count = 20;
        const string Video = "sessions/figures";
        await stage.VideoAsync(Video);
        // The API tells what the overview should say: other tests watch videos at the same gateway before and after, never meanwhile.
        foreach (var (name, path, question) in ((string, string, string)[])[
            ("the overview", "overview?range=d&tz=UTC", "api/analytics?bucket=day&tz=UTC"),
            ("a video's analytics", $"videos/{Uri.EscapeDataString(Video)}/analytics", $"api/videos/{Uri.EscapeDataString(Video)}/analytics")])
        {
            var page = await stage.PageAsync("analyst");
            await page.GotoAsync(At(path));
            await page.WaitForFunctionAsync("() => document.querySelector('[data-figure=views]') !== null && document.querySelector('.pulse[data-kind]') !== null");
            var waits = new List<double>();
            for (var i = 0; i < Count; i++)
            {
                var before = int.Parse(await page.Locator("[data-figure=views]").GetAttributeAsync("data-value") ?? "", CultureInfo.InvariantCulture);
                var segment = (await SegmentsAsync(Video))[0];
                var watch = Stopwatch.StartNew();
                await AskAsync(segment, HttpMethod.Get);
                await page.WaitForFunctionAsync("before => Number(document.querySelector('[data-figure=views]').dataset.value) > before", before);
                waits.Add(watch.Elapsed.TotalMilliseconds);
            }
            waits.Sort();
            output.WriteLine($"from a segment's request to the figures of {name}, {Count} times: median {waits[Count / 2]:F0} ms, p95 {waits[(int)Math.Ceiling(Count * 0.95) - 1]:F0} ms, most {waits[^1]:F0} ms; answered by {question}");
            await stage.CleanAsync(page);
        }
    }

    [Fact]
    public async Task Tenths_say_who_finished_a_video_of_eight_seconds_too_and_no_state_of_the_pages_has_a_fault()
    {
        const string Video = "sessions/tenths";
        await stage.VideoAsync(Video);
        await WatchAsync(Video, 1);
        await WatchAsync(Video, 99);
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At($"sessions?video={Uri.EscapeDataString(Video)}"));
        await page.Locator("[role=option]").First.WaitForAsync();
        await page.Keyboard.PressAsync("v");
        await page.Locator("session-grid tbody tr").Nth(1).WaitForAsync();
        var shares = await page.EvaluateAsync<double[][]>("() => [...document.querySelectorAll('session-grid tbody tr')].map(row => [...row.querySelectorAll('[data-share]')].map(cell => Number(cell.dataset.share)))");
        Assert.All(shares[0], share => Assert.InRange(share, 0.99, 1.01));
        Assert.Equal(0, shares[1][9]);
        Assert.InRange(shares[1][0], 0.99, 1.01);
        var faults = new List<string>(await Axe.FaultsAsync(page, "studio-sessions-tenths"));
        await page.GotoAsync(At($"sessions?video={Uri.EscapeDataString(Video)}&watched_from=0.1&watched_to=0.11"));
        await page.Locator(".state.empty").WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-sessions-none"));
        await page.GotoAsync(At($"sessions/{Guid.Empty:D}"));
        await page.Locator(".state.failed").WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-session-none"));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    /// <summary>How long a hundred strips take to be drawn, and a loop of a fixed size on the same machine: the least of several, for others use it too.</summary>
    private static async Task<(double Paint, double Loop)> PaintAsync(IPage page)
    {
        var times = await page.EvaluateAsync<double[]>("""
            () => {
              const strip = document.querySelector("session-strip");
              const least = run => Math.min(...Array.from({ length: 9 }, () => { const begin = performance.now(); run(); return performance.now() - begin; }));
              let sum = 0;
              const loop = least(() => { for (let i = 0; i < 5e6; i++) sum = (sum * 31 + i) | 0; });
              const paint = least(() => { for (let i = 0; i < 100; i++) strip.paint(); });
              const canvas = strip.querySelector("canvas");
              const inked = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0);
              return [paint, Math.max(loop, 0.1), inked ? 1 : 0, sum];
            }
            """);
        Assert.Equal(1, times[2]);
        return (times[0], times[1]);
    }

    /// <summary>The API's answers about sessions are this one; its trace is that of the call for a single session.</summary>
    private static async Task RouteSessionsAsync(IPage page, Dictionary<string, object?> session)
    {
        await page.RouteAsync(url => url.Contains("/api/sessions?", StringComparison.Ordinal), route => JsonAsync(route, new { sessions = new[] { session }, next_cursor = (string?)null, as_of = Noon }));
        await page.RouteAsync(url => url.Contains("/api/sessions/", StringComparison.Ordinal), route => JsonAsync(route, session));
        await page.RouteAsync(url => AnyVideo().IsMatch(url), async route =>
            await route.FulfillAsync(new RouteFulfillOptions { Response = await route.FetchAsync(new RouteFetchOptions { Url = AnyVideo().Replace(route.Request.Url, "/api/analytics").Split('?')[0] }) }));
    }

    private static Task JsonAsync(IRoute route, object answer) => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = JsonSerializer.Serialize(answer) });

    private static string IdOf(int number) => $"01a1f000-0000-7000-8000-{number:x12}";

    private static Dictionary<string, object?> Session(int number, string name = "a/video-with-a-long-name-that-does-not-fit-into-its-column", object[]? trace = null) => new(StringComparer.Ordinal)
    {
        ["session_id"] = IdOf(number),
        ["video"] = name,
        ["started_at"] = Noon.AddSeconds(-number),
        ["first_at"] = Noon.AddSeconds(-number),
        ["last_at"] = Noon.AddSeconds(60 - number),
        ["segments_fetched"] = 3,
        ["seconds_fetched"] = 12.0,
        ["watch_seconds"] = 12.0,
        ["watch_seconds_low"] = 8.0,
        ["basis"] = "fetched",
        ["trailer_seconds"] = 0.0,
        ["trailer_seconds_low"] = 0.0,
        ["completed"] = false,
        ["completed_low"] = false,
        ["view"] = true,
        ["view_low"] = true,
        ["live"] = false,
        ["content_seconds"] = 90.0,
        ["renditions"] = new[] { name, "360p" },
        ["captions"] = new[] { name },
        ["trailer_version"] = null,
        ["player"] = name.StartsWith('<') ? name : "browser",
        ["ignored"] = new { head = 0, repeats = 0, forged_duration = 0, expired = 0, ranges = 0 },
        ["cmcd"] = null,
        ["strip"] = $"{1 + (number % 7)}w4f10_4w2W{68 - (number % 7)}_",
        ["strip_unit_seconds"] = 1,
        ["low"] = trace is null ? null : new { why = name },
        ["trace"] = trace,
        ["trace_complete"] = trace is null ? null : true,
        ["as_of"] = Noon,
    };

    private static object Request(double second, string kind, string path, double start, double duration, bool counted = true, string rule = "watched") => new
    {
        at = Noon.AddSeconds(second),
        kind,
        path,
        start_seconds = start,
        duration_seconds = duration,
        counted,
        rule,
        why = rule,
        added_watch_seconds = kind == "content" ? duration : 0,
        cmcd = (string?)null,
    };

    private string At(string path) => new Uri(stage.Address, path).AbsoluteUri;

    /// <summary>All sessions of a question, in pages of four.</summary>
    private async Task<List<JsonElement>> RowsAsync(string query)
    {
        var rows = new List<JsonElement>();
        for (string? cursor = null; ;)
        {
            var page = await stage.Gateway.Api.GetFromJsonAsync<JsonElement>($"api/sessions?{query}&limit=4{(cursor is null ? "" : $"&cursor={cursor}")}");
            rows.AddRange(page.GetProperty("sessions").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
            if (cursor is null) return rows;
        }
    }

    /// <summary>The segments that a new session is told of.</summary>
    private async Task<List<Uri>> SegmentsAsync(string video, string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0")
    {
        using var viewer = new HttpClient();
        viewer.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", agent);
        var master = new Uri(stage.Gateway.Address, $"watch/{video}/playlist.m3u8");
        var media = new Uri(master, Uris(await viewer.GetStringAsync(master)).First());
        return [.. Uris(await viewer.GetStringAsync(media)).Select(segment => new Uri(media, segment))];
    }

    private async Task WatchAsync(string video, int segments, string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0")
    {
        foreach (var segment in (await SegmentsAsync(video, agent)).Take(segments)) await AskAsync(segment, HttpMethod.Get, agent);
    }

    /// <summary>Where a segment is on the CDN is not fetched: asking the gateway is what counts.</summary>
    private static async Task AskAsync(Uri address, HttpMethod method, string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0")
    {
        using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        using var answer = await viewer.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    private static IEnumerable<string> Uris(string playlist) => playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    [GeneratedRegex("duration=[0-9.]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DurationParameter();

    [GeneratedRegex("[?&]cursor=(?<at>[0-9]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CursorParameter();

    [GeneratedRegex("/api/videos/[^/]+/analytics", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnyVideo();
}
