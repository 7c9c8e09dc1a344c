using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>What editors, analysts and uploaders come for, from begin to end, in a real browser against a real gateway.</summary>
[Collection(StudioStage.Name)]
public sealed partial class TaskTests(StudioStage stage, ITestOutputHelper output)
{
    [Fact]
    public async Task A_file_is_dropped_in_becomes_playable_plays_to_its_end_and_its_deletion_is_undone()
    {
        var page = await stage.PageAsync("admin");
        await page.GotoAsync(At("videos"));
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "Čas & more.mp4", MimeType = "video/mp4", Buffer = await File.ReadAllBytesAsync(await StudioStage.FileAsync()) });
        await page.Locator("[data-video='Cas-more'][data-status=ready]").WaitForAsync();
        await page.Locator("[data-video='Cas-more'] a.name").ClickAsync();
        await page.Locator("studio-player video").WaitForAsync();
        await page.EvaluateAsync("() => { const video = document.querySelector('studio-player video'); video.muted = true; video.playbackRate = 4; video.addEventListener('ended', () => { window.over = true; }); return video.play(); }");
        await page.WaitForFunctionAsync("() => window.over === true");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("Cas-more is deleted for new viewers.").WaitForAsync();
        await page.Keyboard.PressAsync("z");
        await page.GetByText("Undone.").WaitForAsync();
        using var there = await stage.Gateway.Api.GetAsync("api/videos/Cas-more");
        Assert.True(there.IsSuccessStatusCode, "the video is still there");
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_before_a_byte_of_it_is_sent()
    {
        var page = await stage.PageAsync("uploader");
        var asked = 0;
        page.Request += (_, request) => asked += request.Url.Contains("/api/uploads", StringComparison.Ordinal) ? 1 : 0;
        await page.RouteAsync("**/api/limits", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = "{\"max_bytes\":1000}" }));
        await page.GotoAsync(At("videos"));
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "large.mp4", MimeType = "video/mp4", Buffer = new byte[1001] });
        await page.GetByText("at most 1 kB are allowed").WaitForAsync();
        Assert.Equal(0, asked);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_caption_is_corrected_by_the_keyboard_alone_and_every_viewer_reads_it_at_once()
    {
        await stage.VideoAsync("tasks/typo");
        await PutCaptionsAsync("tasks/typo", "en", "Good mornign.");
        var running = await CaptionsOfNewSessionAsync("tasks/typo");
        var page = await stage.PageAsync("editor");
        var opened = Stopwatch.StartNew();
        await page.GotoAsync(At("videos/tasks%2Ftypo/captions/en"));
        var text = page.Locator("textarea.cue-text").First;
        await text.WaitForAsync();
        await text.FocusAsync();
        await page.Keyboard.PressAsync("Control+End");
        for (var i = 0; i < 4; i++) await page.Keyboard.PressAsync("Backspace");
        await page.Keyboard.TypeAsync("ing.");
        await page.Keyboard.PressAsync("Control+s");
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).WaitForAsync();
        var published = Stopwatch.StartNew();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("is live for new sessions").WaitForAsync();

        Assert.Contains("Good morning.", await TextAsync(await CaptionsOfNewSessionAsync("tasks/typo")), StringComparison.Ordinal);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a typo by the keyboard: {opened.Elapsed.TotalSeconds:0.0} s from opening the page, {published.Elapsed.TotalSeconds:0.00} s from Publish to a new session's captions"));
        // A correction reaches who is watching already, at the addresses that their player knows.
        Assert.Contains("Good morning.", await TextAsync(running), StringComparison.Ordinal);
        // In a player, as a viewer sees it.
        await page.GotoAsync(At("videos/tasks%2Ftypo"));
        await page.WaitForFunctionAsync("() => [...document.querySelector('studio-player video')?.textTracks ?? []].some(track => track.kind === 'subtitles' && track.label.length > 0)");
        await page.EvaluateAsync("""
            () => {
              const video = document.querySelector("studio-player video");
              const track = [...video.textTracks].find(each => each.kind === "subtitles" && each.label.length > 0);
              track.mode = "showing";
              video.muted = true;
              const look = () => { if ([...track.cues ?? []].some(cue => cue.text.includes("Good morning."))) window.read = true; else setTimeout(look, 50); };
              look();
              return video.play();
            }
            """);
        await page.WaitForFunctionAsync("() => window.read === true");

        // And back with one key.
        await page.GotoAsync(At("videos/tasks%2Ftypo/captions/en"));
        await page.GetByText("All versions").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Back to this" }).First.ClickAsync();
        await Until.TrueAsync(async () => (await TextAsync(await CaptionsOfNewSessionAsync("tasks/typo"))).Contains("Good mornign.", StringComparison.Ordinal), "the text before is live again", TimeSpan.FromMinutes(1));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task What_is_being_written_outlives_the_tab()
    {
        await stage.VideoAsync("tasks/typo");
        await PutCaptionsAsync("tasks/typo", "fr", "Bonjour.");
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At("videos/tasks%2Ftypo/captions/fr"));
        await page.Locator("textarea.cue-text").First.FillAsync("Bonjour à tous.");
        await page.Locator("[data-saved=true]").WaitForAsync();
        await page.CloseAsync();

        var another = await stage.PageAsync("editor");
        await another.GotoAsync(At("videos/tasks%2Ftypo/captions/fr"));
        await another.GetByRole(AriaRole.Button, new() { Name = "Go on with it" }).ClickAsync();
        Assert.Equal("Bonjour à tous.", await another.Locator("textarea.cue-text").First.InputValueAsync());
        await stage.CleanAsync(another);
    }

    /// <summary>The tab dies in the middle of a word: what was written a second before is there, by the clock of the page itself.</summary>
    [Fact]
    public async Task A_tab_that_dies_in_the_middle_of_a_word_loses_what_was_typed_in_its_last_second_at_most()
    {
        await stage.VideoAsync("tasks/typo");
        await PutCaptionsAsync("tasks/typo", "es", "Hola.");
        var page = await stage.PageAsync("editor");
        // Nothing reaches the gateway: this browser's own store is what keeps it.
        await page.RouteAsync("**/*draft=true*", route => route.Request.Method == "PUT" ? route.AbortAsync() : route.ContinueAsync());
        await page.GotoAsync(At("videos/tasks%2Ftypo/captions/es"));
        var text = page.Locator("textarea.cue-text").First;
        await text.WaitForAsync();
        // Each letter's time, and what the store holds at each moment that it changes, by one clock.
        var late = await page.EvaluateAsync<double>("""
            async () => {
              const area = document.querySelector("textarea.cue-text");
              const typed = [];
              const stored = () => new Promise(done => {
                const open = indexedDB.open("studio", 1);
                open.onsuccess = () => { const all = open.result.transaction("captions").objectStore("captions").getAll(); all.onsuccess = () => { open.result.close(); done(all.result.at(-1)?.text ?? ""); }; };
              });
              let late = 0;
              for (let i = 0; typed.filter(letter => letter.kept).length < 20; i++) {
                area.value += String.fromCharCode(97 + i % 26);
                area.dispatchEvent(new InputEvent("input", { bubbles: true }));
                typed.push({ at: performance.now(), text: area.value, kept: false });
                await new Promise(done => setTimeout(done, 60));
                const text = await stored();
                for (const letter of typed) {
                  if (letter.kept) continue;
                  if (text.includes(letter.text)) { letter.kept = true; late = Math.max(late, performance.now() - letter.at); }
                }
              }
              return late;
            }
            """);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a letter was kept {late:0} ms after it was typed at the latest, looked at about each 60 ms"));
        var written = await text.InputValueAsync();
        var context = page.Context;
        var another = await context.NewPageAsync();
        var crashed = new TaskCompletionSource();
        page.Crash += (_, _) => crashed.TrySetResult();
        // Nobody is left to answer this.
        _ = (await context.NewCDPSessionAsync(page)).SendAsync("Page.crash").ContinueWith(static _ => { }, TaskScheduler.Default);
        await crashed.Task;
        await another.GotoAsync(At("videos/tasks%2Ftypo/captions/es"));
        await another.GetByRole(AriaRole.Button, new() { Name = "Go on with it" }).ClickAsync();
        var rescued = await another.Locator("textarea.cue-text").First.InputValueAsync();
        // In the middle of the word, and most of it: what came in the last second may be missing.
        Assert.StartsWith(rescued, written, StringComparison.Ordinal);
        Assert.True(rescued.Length > "Hola.".Length + 10, rescued);
        await context.CloseAsync();
    }

    [Fact]
    public async Task Two_editors_meet_and_nothing_of_either_is_lost()
    {
        await stage.VideoAsync("tasks/typo");
        await PutCaptionsAsync("tasks/typo", "it", "Uno.", "Due.", "Tre.");
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At("videos/tasks%2Ftypo/captions/it"));
        await page.Locator("textarea.cue-text").Nth(0).FillAsync("Uno, mio.");
        await page.Locator("textarea.cue-text").Nth(2).FillAsync("Tre, mio.");
        await PutCaptionsAsync("tasks/typo", "it", "Uno, suo.", "Due, suo.", "Tre.");
        await page.Keyboard.PressAsync("Control+s");
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.Locator("dialog.meet select").SelectOptionAsync("both");
        await page.Locator("dialog.meet").GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.GetByText("is live for new sessions").WaitForAsync();
        var text = await stage.Gateway.Api.GetStringAsync("api/videos/tasks%2Ftypo/subtitles/it");
        Assert.All(["Uno, mio.", "Uno, suo.", "Due, suo.", "Tre, mio."], line => Assert.Contains(line, text, StringComparison.Ordinal));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_trailer_is_swapped_by_one_key_seen_by_new_sessions_alone_and_the_swap_is_undone_by_another()
    {
        await stage.VideoAsync("tasks/swap");
        var running = await MasterAsync("tasks/swap");
        var page = await stage.PageAsync("admin");
        await page.GotoAsync(At("trailers?video=tasks%2Fswap&scope=video&trailer=" + StudioStage.Trailer));
        // The rehearsal makes the copies that the video needs, and begins five seconds before the splice.
        await page.Locator("studio-player video").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('studio-player video').currentTime > 1");
        Assert.InRange(await page.EvaluateAsync<double>("() => document.querySelector('studio-player video').currentTime"), 2, 4);
        await page.EvaluateAsync("""
            () => {
              const player = document.querySelector("studio-player");
              player.addEventListener("discontinuity", () => { window.spliced = true; });
              player.video.muted = true;
              player.video.addEventListener("ended", () => { window.over = true; });
              return player.video.play();
            }
            """);
        await page.WaitForFunctionAsync("() => window.spliced === true && window.over === true");

        var swapped = Stopwatch.StartNew();
        await page.Keyboard.PressAsync("s");
        await page.GetByText("is on the air for new viewers.").First.WaitForAsync();
        Assert.Contains($"~t/{StudioStage.Trailer}@", await MediaAsync(await MasterAsync("tasks/swap")), StringComparison.Ordinal);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a swap: one key, {swapped.Elapsed.TotalSeconds:0.00} s from it to a new session that has the trailer"));
        Assert.DoesNotContain("~t/", await MediaAsync(running), StringComparison.Ordinal);
        // Three new sessions have it by now: the count is that of the ledger.
        for (var i = 0; i < 2; i++) await MediaAsync(await MasterAsync("tasks/swap"));
        await page.WaitForFunctionAsync("() => document.querySelector('.count')?.dataset.fresh === '3'");

        await page.Keyboard.PressAsync("z");
        await page.GetByText("Undone.").WaitForAsync();
        Assert.DoesNotContain("~t/", await MediaAsync(await MasterAsync("tasks/swap")), StringComparison.Ordinal);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task An_analyst_sees_the_trailers_and_cannot_change_them()
    {
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At("trailers"));
        await page.Locator("[data-trailer]").First.WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).CountAsync());
        Assert.True(await page.Locator("button.swap").IsDisabledAsync());
        // The page hides it; the API is what forbids it.
        var status = await page.EvaluateAsync<int>("""
            async () => {
              const { csrf } = await (await fetch(new URL("api/session", document.baseURI))).json();
              return (await fetch(new URL("api/trailers/active", document.baseURI), { method: "DELETE", headers: { "X-Csrf": csrf } })).status;
            }
            """);
        Assert.Equal(403, status);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_session_is_found_and_tells_why_a_request_did_not_count()
    {
        await stage.VideoAsync("tasks/why");
        var media = await MediaAsync(await MasterAsync("tasks/why"));
        var from = new Uri(media.Split('\n')[0]["BASE ".Length..]);
        var segment = new Uri(from, Uris(media).Skip(1).First());
        using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        foreach (var (method, address) in ((HttpMethod, Uri)[])[(HttpMethod.Get, segment), (HttpMethod.Get, segment), (HttpMethod.Head, segment), (HttpMethod.Get, new Uri(DurationParameter().Replace(segment.AbsoluteUri, "duration=999")))])
        {
            using var request = new HttpRequestMessage(method, address);
            (await viewer.SendAsync(request)).Dispose();
        }
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At("sessions?video=tasks%2Fwhy"));
        await page.Locator("[role=option]").First.WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
        var rows = page.Locator(".trace tbody tr");
        await rows.First.WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.trace tbody tr[data-counted=false]').length >= 2");
        var told = string.Join('\n', await page.Locator(".trace tbody tr").AllTextContentsAsync());
        Assert.Contains("not counted: ", told, StringComparison.Ordinal);
        Assert.Contains("HEAD", told, StringComparison.Ordinal);
        // Arrow keys step through the requests.
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("true", await rows.Nth(1).GetAttributeAsync("aria-current"));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Figures_tables_and_links_say_what_the_api_says_and_open_into_their_rows()
    {
        await stage.VideoAsync("tasks/figures");
        for (var i = 0; i < 5; i++) await WatchAsync("tasks/figures", segments: 1 + (i % 2));
        var page = await stage.PageAsync("analyst", zone: "Asia/Kathmandu");
        await page.GotoAsync(At("videos/tasks%2Ffigures/analytics?tz=Asia%2FKathmandu"));
        await page.WaitForFunctionAsync("() => document.querySelector('[data-figure=views]')?.dataset.value === '5'");
        var report = await stage.Gateway.Api.GetFromJsonAsync<JsonElement>("api/videos/tasks%2Ffigures/analytics?tz=Asia/Kathmandu");
        foreach (var figure in (string[])["views", "watch_seconds", "average_watch_seconds", "completion_rate", "trailer_sessions"])
        {
            var shown = double.Parse(await page.Locator($"[data-figure={figure}]").GetAttributeAsync("data-value") ?? "", CultureInfo.InvariantCulture);
            Assert.Equal(report.GetProperty(figure).GetDouble(), shown, 3);
        }
        // A value of the curve, by keys alone, and the same as a table.
        await page.Locator("#retention .plot canvas").WaitForAsync();
        await page.Locator("#retention .plot").FocusAsync();
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.WaitForFunctionAsync("() => document.querySelector('#retention [aria-live]').textContent.startsWith('0:01')");
        await page.Keyboard.PressAsync("t");
        var cells = await page.Locator("#retention tbody tr").First.Locator("td").AllTextContentsAsync();
        Assert.Equal("100%", cells[0]);

        // Why this number: the sum of the rows behind it.
        await page.Locator("[data-figure=views]").ClickAsync();
        await page.Locator("[data-why=value]").WaitForAsync();
        Assert.Equal("5", await page.Locator("[data-why=value]").TextContentAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = "Show all 5 sessions" }).ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[role=option]').length === 5");

        // The address is all of it: another person's browser shows the same.
        var link = page.Url;
        var other = await stage.PageAsync("analyst", zone: "America/New_York");
        await other.GotoAsync(link);
        await other.WaitForFunctionAsync("() => document.querySelectorAll('[role=option]').length === 5");
        Assert.Equal(await page.Locator("[data-figure=watch_seconds]").GetAttributeAsync("data-value"), await other.Locator("[data-figure=watch_seconds]").GetAttributeAsync("data-value"));
        await stage.CleanAsync(other);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_stretch_of_the_curve_leads_to_who_left_there()
    {
        await stage.VideoAsync("tasks/brush");
        for (var i = 0; i < 4; i++) await WatchAsync("tasks/brush", segments: 1);
        await WatchAsync("tasks/brush", segments: 99);
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At("videos/tasks%2Fbrush/analytics"));
        await page.Locator("#retention .plot canvas").WaitForAsync();
        await page.Locator("#retention .plot").FocusAsync();
        await page.Keyboard.PressAsync("Home");
        for (var i = 0; i < 5; i++) await page.Keyboard.PressAsync("Shift+ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.querySelector('[data-figure=views]')?.dataset.value === '4'");
        Assert.Contains("left_from=0&left_to=6", page.Url, StringComparison.Ordinal);
        await page.Keyboard.PressAsync("s");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[role=option]').length === 4");
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_change_appears_as_a_flag_on_an_open_page()
    {
        await stage.VideoAsync("tasks/flag");
        await WatchAsync("tasks/flag", segments: 1);
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At("videos/tasks%2Fflag/analytics"));
        await page.Locator("#days").WaitForAsync();
        var changed = Stopwatch.StartNew();
        await PutCaptionsAsync("tasks/flag", "en", "Hello.");
        await page.WaitForFunctionAsync("() => document.querySelector('#days').flags.some(flag => flag.kind === 'captions')");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a change: {changed.Elapsed.TotalSeconds:0.00} s from it to its flag on an open page"));
        await stage.CleanAsync(page);
    }

    private string At(string path) => new Uri(stage.Address, path).AbsoluteUri;

    private async Task PutCaptionsAsync(string video, string language, params string[] lines)
    {
        var text = "WEBVTT\n\n" + string.Concat(lines.Select((line, i) => $"00:00:0{i * 2}.000 --> 00:00:0{(i * 2) + 2}.000\n{line}\n\n"));
        using var content = new StringContent(text);
        using var answer = await stage.Gateway.Api.PutAsync($"api/videos/{Uri.EscapeDataString(video)}/subtitles/{language}", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A new session's Master Playlist, and where it stands.</summary>
    private async Task<(Uri Address, string Text)> MasterAsync(string video)
    {
        var address = new Uri(stage.Gateway.Address, $"watch/{video}/playlist.m3u8");
        using var viewer = new HttpClient();
        return (address, await viewer.GetStringAsync(address));
    }

    /// <summary>The first Media Playlist that it names, with a line that says where it stands.</summary>
    private static async Task<string> MediaAsync((Uri Address, string Text) master)
    {
        using var viewer = new HttpClient();
        var media = new Uri(master.Address, Uris(master.Text).First());
        return $"BASE {media}\n{await viewer.GetStringAsync(media)}";
    }

    private async Task WatchAsync(string video, int segments)
    {
        var media = await MediaAsync(await MasterAsync(video));
        var from = new Uri(media.Split('\n')[0]["BASE ".Length..]);
        using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        foreach (var segment in Uris(media).Skip(1).Take(segments))
        {
            using var answer = await viewer.GetAsync(new Uri(from, segment));
            Assert.Equal(System.Net.HttpStatusCode.Redirect, answer.StatusCode);
        }
    }

    /// <summary>The caption segments that a new session's player is told of.</summary>
    private async Task<List<Uri>> CaptionsOfNewSessionAsync(string video)
    {
        using var viewer = new HttpClient();
        var master = await MasterAsync(video);
        var playlist = new Uri(master.Address, SubtitleUri().Match(master.Text).Groups["uri"].Value);
        return [.. Uris(await viewer.GetStringAsync(playlist)).Select(segment => new Uri(playlist, segment))];
    }

    private static async Task<string> TextAsync(IEnumerable<Uri> segments)
    {
        using var viewer = new HttpClient();
        var text = "";
        foreach (var segment in segments) text += await viewer.GetStringAsync(segment);
        return text;
    }

    private static IEnumerable<string> Uris(string playlist) => playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    [GeneratedRegex("TYPE=SUBTITLES.*URI=\"(?<uri>[^\"]*)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SubtitleUri();

    [GeneratedRegex("duration=[0-9.]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DurationParameter();
}
