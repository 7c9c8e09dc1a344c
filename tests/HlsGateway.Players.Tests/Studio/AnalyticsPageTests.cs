using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>The pages of figures: what a chart draws, its table, its file and the API are the same numbers, and hands on the keyboard reach all of them.</summary>
[Collection(StudioStage.Name)]
public sealed class AnalyticsPageTests(StudioStage stage, ITestOutputHelper output)
{
    private static readonly string[] Edges = ["from", "to", "from_local", "to_local"];

    private static Regex Pattern(string text) => new(text, RegexOptions.None, TimeSpan.FromSeconds(1));

    private const string Video = "charts-film";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>How far each viewer goes, in segments: four stay to the end.</summary>
    private static readonly int[] Stays = [1, 2, 2, 3, 3, 3, 6, 6, 6, 6];

    private static readonly SemaphoreSlim Seeding = new(1);

    private static bool isSeeded;

    [Fact]
    public async Task A_chart_its_table_its_file_and_the_API_say_the_same_in_each_zone_and_on_days_of_23_and_25_hours()
    {
        await SeedAsync();
        var today = DateTime.UtcNow.Date;
        var page = await stage.PageAsync();
        foreach (var (zone, from, to, bars) in ((string, DateTime, DateTime, int)[])
        [
            ("Europe/Berlin", today.AddDays(-1), today.AddDays(2), 0),
            ("Asia/Kathmandu", today.AddDays(-1), today.AddDays(2), 0),
            ("Europe/Berlin", new(2026, 10, 25), new(2026, 10, 26), 25),
            ("Europe/Berlin", new(2026, 3, 29), new(2026, 3, 30), 23),
        ])
        {
            var query = $"from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}&tz={Uri.EscapeDataString(zone)}&bucket=hour";
            var report = await ReportAsync(query);
            var buckets = report.GetProperty("buckets").EnumerateArray().ToList();
            await page.GotoAsync(new Uri(stage.Address, $"videos/{Video}/analytics?{query}").AbsoluteUri);
            var chart = page.Locator("#days");
            await Assertions.Expect(chart.Locator("canvas")).ToBeVisibleAsync();
            if (bars > 0) Assert.Equal(bars, buckets.Count);
            var drawn = await chart.EvaluateAsync<double[]>("chart => chart.series[0].values");
            Assert.Equal(buckets.Select(bucket => bucket.GetProperty("watch_seconds").GetDouble()), drawn);

            await chart.Locator(".chart-plot").FocusAsync();
            await page.Keyboard.PressAsync("t");
            List<string[]> rows = [];
            for (var next = chart.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Next" }); ;)
            {
                rows.AddRange((await chart.Locator("tbody tr").EvaluateAllAsync<string[][]>("rows => rows.map(row => [row.querySelector('th').innerText, ...[...row.querySelectorAll('td')].map(cell => cell.dataset.raw)])")));
                if (await next.CountAsync() == 0 || await next.IsDisabledAsync()) break;
                await next.ClickAsync();
            }
            Assert.Equal(buckets.Select(Figures), rows.Select(row => (Number(row[1]), Number(row[2]))));
            Assert.Equal(rows.Count, rows.Select(row => row[0]).Distinct(StringComparer.Ordinal).Count());

            var download = await page.RunAndWaitForDownloadAsync(() => page.Keyboard.PressAsync("e"));
            Assert.Equal($"days_{Video}_", download.SuggestedFilename[..(6 + Video.Length)]);
            Assert.EndsWith($"_{zone.Replace('/', '-')}.csv", download.SuggestedFilename, StringComparison.Ordinal);
            var lines = (await File.ReadAllTextAsync(await download.PathAsync())).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal("from,to,from_local,to_local,tz,final,watch_seconds,watch_seconds_low", lines[0]);
            Assert.Equal(buckets.Select(bucket => string.Join(',', Edges.Select(name => bucket.GetProperty(name).GetString())
                .Append(zone).Append(bucket.GetProperty("final").GetRawText()).Append(bucket.GetProperty("watch_seconds").GetRawText()).Append(bucket.GetProperty("watch_seconds_low").GetRawText()))), lines[1..]);
        }

        // Something was watched: the comparison was not one of zeros alone.
        Assert.True((await ReportAsync("")).GetProperty("watch_seconds").GetDouble() > 0);
        await stage.CleanAsync(page);

        static (double, double) Figures(JsonElement bucket) => (bucket.GetProperty("watch_seconds").GetDouble(), bucket.GetProperty("watch_seconds_low").GetDouble());
    }

    [Fact]
    public async Task A_curve_is_read_and_brushed_by_keys_alone_and_leads_to_exactly_those_sessions()
    {
        await SeedAsync();
        var page = await stage.PageAsync(role: "analyst");
        await page.GotoAsync(new Uri(stage.Address, $"videos/{Video}/analytics?tz=UTC").AbsoluteUri);
        await Assertions.Expect(page.Locator("#retention canvas")).ToBeVisibleAsync();
        var curve = (await ReportAsync("")).GetProperty("retention").EnumerateArray().ToList();
        for (var i = 0; i < 80 && !await page.EvaluateAsync<bool>("document.activeElement.closest('#retention')?.querySelector('.chart-plot') === document.activeElement"); i++) await page.Keyboard.PressAsync("Tab");
        var spoken = page.Locator("#retention [data-spoken]");
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(spoken).ToContainTextAsync($"0:00 · {Sessions(curve[0])}");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(spoken).ToContainTextAsync("0:01 · ");
        await page.Keyboard.PressAsync("PageDown");
        await Assertions.Expect(spoken).ToContainTextAsync($"0:11 · {Sessions(curve[11])}");
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(spoken).ToContainTextAsync("proven: 0:11");
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(spoken).ToContainTextAsync($"0:{curve.Count - 1:00} · {Sessions(curve[^1])}");

        // From the beginning to the end of the second segment: those who left there, by the API's own words.
        await page.Keyboard.PressAsync("Home");
        var end = curve.FindIndex(point => point.GetProperty("left").GetInt32() == 2) + 1;
        Assert.True(end > 1);
        await page.Keyboard.DownAsync("Shift");
        for (var i = 1; i < end; i++) await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.UpAsync("Shift");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(Pattern($"left_from=0&left_to={end}$"));
        await Assertions.Expect(page.Locator("#retention")).ToContainTextAsync("of 3 sessions");
        await page.Keyboard.PressAsync("s");
        await Assertions.Expect(page.Locator("[data-session]")).ToHaveCountAsync(3);
        var listed = await page.Locator("[data-session]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.session)");
        var all = (await JsonAsync($"api/sessions?video={Video}&limit=1000")).GetProperty("sessions").EnumerateArray().ToList();
        Assert.Equal(
            all.Where(session => session.GetProperty("watch_seconds").GetDouble() is > 0 and var watched && watched <= end).Select(session => session.GetProperty("session_id").GetString()!).Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
        await stage.CleanAsync(page);

        static string Sessions(JsonElement point) => point.GetProperty("sessions_low").GetInt32() is var low && point.GetProperty("sessions").GetInt32() is var high && low == high ? $"{high} of 10" : $"{low} to {high} of 10";
    }

    [Fact]
    public async Task A_link_opened_by_somebody_else_in_another_zone_shows_the_same_numbers()
    {
        await SeedAsync();
        var page = await stage.PageAsync(zone: "Asia/Tokyo");
        await page.GotoAsync(new Uri(stage.Address, $"videos/{Video}/analytics").AbsoluteUri);
        await Assertions.Expect(page).ToHaveURLAsync(Pattern("tz=Asia"));
        await page.Keyboard.PressAsync("w");
        var tools = page.Locator("range-bar select").Filter(new LocatorFilterOptions { HasText = "tools" });
        await tools.SelectOptionAsync("people");
        await Assertions.Expect(page).ToHaveURLAsync(Pattern("range=w&audience=people"));
        await Assertions.Expect(page.Locator("#days canvas")).ToBeVisibleAsync();
        var other = await stage.PageAsync(role: "analyst", zone: "America/New_York");
        await other.GotoAsync(page.Url);
        await Assertions.Expect(other.Locator("#days canvas")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".figure-number").First).ToHaveTextAsync(await other.Locator(".figure-number").First.InnerTextAsync());
        Assert.Equal(await ShownAsync(page), await ShownAsync(other));
        // Back takes the last step back.
        await page.GoBackAsync();
        await Assertions.Expect(page).ToHaveURLAsync(Pattern("range=w$"));
        await stage.CleanAsync(page);
        await stage.CleanAsync(other);

        static async Task<string> ShownAsync(IPage page) => string.Join('\n',
        [
            .. await page.Locator(".figure-number").AllInnerTextsAsync(),
            await page.Locator("#days").EvaluateAsync<string>("chart => chart.x.map(i => chart.label(i, false)).join() + JSON.stringify(chart.series.map(one => one.values))"),
            await page.Locator("#retention").EvaluateAsync<string>("chart => JSON.stringify(chart.series.map(one => one.values))"),
        ]);
    }

    [Fact]
    public async Task What_somebody_changes_appears_as_a_flag_on_an_open_page_with_who_and_what()
    {
        const string Changed = "charts-changed";
        await stage.VideoAsync(Changed);
        var page = await stage.PageAsync();
        await page.GotoAsync(new Uri(stage.Address, $"videos/{Changed}/analytics?range=d&tz=UTC").AbsoluteUri);
        var flags = page.Locator("#days .chart-flag[data-flag~=captions]");
        await Assertions.Expect(page.Locator("#days canvas")).ToBeVisibleAsync();
        Assert.Equal(0, await flags.CountAsync());
        using var editor = stage.ApiOf("editor");
        using var text = new StringContent("WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n");
        text.Headers.ContentType = new MediaTypeHeaderValue("text/vtt");
        using var answer = await editor.PutAsync($"api/videos/{Changed}/subtitles/en", text);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await Assertions.Expect(flags).ToHaveCountAsync(1);
        // Flags that stand close together are one, which names the first of them: the chart itself has them all.
        await page.WaitForFunctionAsync("() => JSON.stringify(document.querySelector('#days').flags).includes('the editor')");
        await flags.FocusAsync();
        await Assertions.Expect(flags.Locator("span")).ToBeVisibleAsync();
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Each_figure_opens_into_its_rows_and_the_pages_are_clean_for_axe()
    {
        await SeedAsync();
        var page = await stage.PageAsync();
        List<string> faults = [];
        foreach (var (path, name) in ((string, string)[])[("overview?range=w&tz=UTC&compare=1", "overview"), ($"videos/{Video}/analytics?tz=UTC", "analytics")])
        {
            await page.SetViewportSizeAsync(1280, 900);
            await page.GotoAsync(new Uri(stage.Address, path).AbsoluteUri);
            await Assertions.Expect(page.Locator("chart-frame canvas").Last).ToBeVisibleAsync();
            var figures = page.Locator("[data-figure]");
            for (var i = 0; i < await figures.CountAsync(); i++)
            {
                var value = await figures.Nth(i).GetAttributeAsync("data-value");
                await figures.Nth(i).ClickAsync();
                var panel = page.Locator("why-panel");
                await Assertions.Expect(panel.Locator("[data-why=value]")).ToBeVisibleAsync();
                await Assertions.Expect(panel.Locator("pre")).ToContainTextAsync("curl ");
                Assert.NotNull(value);
                if (i == 0) faults.AddRange(await Axe.FaultsAsync(page, $"{name}-why"));
                await page.Keyboard.PressAsync("Escape");
                await Assertions.Expect(panel).ToHaveCountAsync(0);
            }
            faults.AddRange(await Axe.FaultsAsync(page, name));
            await page.Keyboard.PressAsync("t");
            await Assertions.Expect(page.Locator("chart-frame").First.GetByRole(AriaRole.Table)).ToBeVisibleAsync();
            faults.AddRange(await Axe.FaultsAsync(page, $"{name}-table"));
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    /// <summary>Against a loop of sums, so that the machine's pace falls out; the bound is wide, the figure is printed.</summary>
    [Fact]
    public async Task A_curve_of_ninety_minutes_is_painted_within_a_few_times_a_fixed_loop()
    {
        await SeedAsync();
        var page = await stage.PageAsync();
        await page.GotoAsync(new Uri(stage.Address, $"videos/{Video}/analytics?tz=UTC").AbsoluteUri);
        await Assertions.Expect(page.Locator("#retention canvas")).ToBeVisibleAsync();
        var times = await page.EvaluateAsync<double[]>("""
            async () => {
              const chart = document.querySelector("#retention");
              const loop = () => {
                const began = performance.now();
                let sum = 0;
                for (let i = 0; i < 3e7; i++) sum += Math.sqrt(i);
                return sum > 0 ? performance.now() - began : 0;
              };
              const paint = async run => {
                const frame = document.createElement("chart-frame");
                const x = Array.from({ length: 5400 }, (_, i) => i);
                const values = x.map(i => Math.exp(-(i + run) / 4000));
                Object.assign(frame, { id: "long", heading: "long", group: "long", unfinished: null, x, series: [{ name: "a", kind: "line", values, low: values.map(value => value * 0.9) }, { name: "b", kind: "replay", on: 0, values: values.map(value => value / 20) }] });
                const painted = new Promise(done => frame.addEventListener("painted", event => done(event.detail)));
                chart.after(frame);
                const time = await painted;
                frame.remove();
                return time;
              };
              const [loops, paints] = [[], []];
              for (let run = 0; run < 5; run++) {
                loops.push(loop());
                paints.push(await paint(run));
              }
              return [Math.min(...loops), Math.min(...paints)];
            }
            """);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first paint of 3 x 5400 points: {times[1]:0.0} ms; the loop: {times[0]:0.0} ms; ratio {times[1] / times[0]:0.00}"));
        Assert.InRange(times[1] / times[0], 0, 8);
        await stage.CleanAsync(page);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private Task<JsonElement> ReportAsync(string query) => JsonAsync($"api/videos/{Video}/analytics?{query}");

    private async Task<JsonElement> JsonAsync(string path) => JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync(path)).RootElement;

    /// <summary>Ten viewers, once: each asks for the playlists and the first segments, as a player does.</summary>
    private async Task SeedAsync()
    {
        await Seeding.WaitAsync();
        try
        {
            if (isSeeded)
                return;
            await stage.VideoAsync(Video, 24);
            foreach (var (stays, i) in Stays.Select((stays, i) => (stays, i)))
            {
                // Where a segment is on the CDN is not fetched: asking the gateway is what counts.
                using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = stage.Gateway.Address };
                viewer.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", $"Mozilla/5.0 (X11; Linux x86_64; rv:{120 + i}.0) Gecko/20100101 Firefox/{120 + i}.0");
                var master = new Uri(stage.Gateway.Address, $"watch/{Video}/playlist.m3u8");
                var media = new Uri(master, Lines(await viewer.GetStringAsync(master))[0]);
                foreach (var segment in Lines(await viewer.GetStringAsync(media)).Take(stays))
                {
                    using var answer = await viewer.GetAsync(new Uri(media, segment));
                    Assert.True((int)answer.StatusCode is 302 or 200, $"{segment}: {answer.StatusCode}");
                }
            }
            await Until.TrueAsync(async () => (await ReportAsync("")).GetProperty("segments_fetched").GetInt64() == Stays.Sum(), "all segments are counted", Soon);
            isSeeded = true;
        }
        finally
        {
            Seeding.Release();
        }

        static string[] Lines(string playlist) => [.. playlist.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
    }
}
