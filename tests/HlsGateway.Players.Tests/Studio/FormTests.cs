using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>The form of all pages: readable for everybody, light on the line, in two languages, with nothing from elsewhere.</summary>
[Collection(StudioStage.Name)]
public sealed partial class FormTests(StudioStage stage, ITestOutputHelper output)
{
    private const string Video = "forms/a-video-with-quite-a-long-name-that-has-to-go-somewhere";

    /// <summary>Bytes of compressed script and style, as the browser got them, when a page is whole, its charts drawn.</summary>
    private const int MostBytes = 60_000;

    private static readonly string Web = Path.Combine(Places.Repository, "src", "HlsGateway", "Studio", "web", "studio");

    /// <summary>Each with what stands there when it is whole, and, where that has a picture, with what it is about.</summary>
    private static readonly (string Path, string Ready, string? First)[] Pages =
    [
        ("overview", "#views canvas", "[data-figure] .figure-number"), ("videos", ".video-row", null), ($"videos/{Uri.EscapeDataString(Video)}", "studio-player video", null),
        ($"videos/{Uri.EscapeDataString(Video)}/analytics", "#retention canvas", "[data-figure] .figure-number"), ($"videos/{Uri.EscapeDataString(Video)}/captions", "[data-track]", null), ($"videos/{Uri.EscapeDataString(Video)}/captions/en", "textarea.cue-text", null),
        ("trailers", "[data-trailer]", null), ($"sessions?video={Uri.EscapeDataString(Video)}", "[role=option]", null), ("sessions/{session}", ".trace tbody tr", null), ("live", "h1", null), ($"inspect?url={Uri.EscapeDataString(Video)}", ".lines tbody tr", null),
        ("kept", "[data-kept=shares]", null), ("tokens", "[data-token]", null), ("shared/{secret}", "#retention canvas", "[data-figure] .figure-number"), ("nowhere", "h1", null),
    ];

    [Fact]
    public async Task Every_page_is_clean_for_axe_on_a_desk_and_a_phone_light_and_dark()
    {
        var names = await PrepareAsync();
        var page = await stage.PageAsync("admin");
        var faults = new List<string>();
        foreach (var (path, ready, _) in Pages)
        {
            await page.GotoAsync(At(path, names));
            await page.Locator(ready).First.WaitForAsync();
            faults.AddRange(await Axe.FaultsAsync(page, "studio-" + NameOf(path)));
        }
        await page.GotoAsync(new Uri(stage.Address, "overview").AbsoluteUri);
        await page.Locator("[data-figure=views]").First.ClickAsync();
        await page.Locator("[data-why=value]").WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-why"));
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("?");
        await page.Locator("dialog[data-keys] dt").First.WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-keys"));
        await page.Keyboard.PressAsync("Escape");
        await page.GotoAsync(At($"videos/{Uri.EscapeDataString(Video)}/analytics", names));
        await page.Locator("#retention canvas").WaitForAsync();
        foreach (var key in (string[])["n", "b", "h"])
        {
            await page.Keyboard.PressAsync(key);
            await page.Locator("dialog.keep[open]").WaitForAsync();
            faults.AddRange(await Axe.FaultsAsync(page, "studio-keep-" + key));
            await page.Keyboard.PressAsync("Escape");
            await page.Locator("dialog.keep").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_page_that_is_empty_full_loading_or_refused_is_as_clean_as_any_other()
    {
        await PrepareAsync();
        var page = await stage.PageAsync("admin");
        var faults = new List<string>();
        var never = new TaskCompletionSource();
        string[] statuses = ["queued", "probing", "transcoding", "publishing", "ready", "failed"];
        var full = JsonSerializer.Serialize(Enumerable.Range(0, 250).Select(i => new
        {
            video = $"{string.Concat(Enumerable.Repeat("a-name-that-nobody-would-choose-", 1 + (i % 4)))}{i}",
            status = statuses[i % 6],
            progress = i % 100 / 100.0,
            eta_seconds = i * 37,
            queue_position = i,
            error = i % 6 == 5 ? "The file has no picture that could be read: moov atom not found, and what follows is longer than a line on any screen that this is read on." : null,
            duration_seconds = i * 4001 / 10.0,
            playlist_url = $"/watch/{i}/playlist.m3u8",
            poster_url = (string?)null,
            created_at = "2026-11-01T00:00:00Z",
            renditions = Enumerable.Range(0, 8).Select(rung => new { name = $"{rung * 180}p" }),
        }));
        (string Name, string Path, string Call, string Ready, Func<IRoute, Task> Answer)[] states =
        [
            ("refused", "overview", "**/api/analytics?*", ".failed", route => route.FulfillAsync(new RouteFulfillOptions { Status = 503, ContentType = "application/problem+json", Body = """{"type":"http://localhost/problems/ledger-away","title":"The ledger is away.","detail":"Playback and counting go on. Try again in a minute.","status":503,"trace_id":"0af7651916cd43dd8448eb211c80319c"}""" })),
            ("loading", "overview", "**/api/analytics?*", ".spinner", async route => { await never.Task; await route.AbortAsync(); }),
            ("full", "videos", "**/api/videos", ".video-row", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = full })),
            ("empty", "videos", "**/api/videos", ".state.empty, .video-row", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = "[]" })),
            ("empty", "sessions", "**/api/sessions?*", ".state.empty", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = """{"sessions":[],"next_cursor":null,"as_of":"2026-11-01T00:00:00Z"}""" })),
        ];
        foreach (var (name, path, call, ready, answer) in states)
        {
            await page.RouteAsync(call, answer);
            await page.GotoAsync(new Uri(stage.Address, path).AbsoluteUri);
            await page.Locator(ready).First.WaitForAsync();
            faults.AddRange(await Axe.FaultsAsync(page, $"studio-{name}-{path}"));
            never.TrySetResult();
            await page.UnrouteAsync(call);
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_first_look_at_any_page_takes_at_most_sixty_kilobytes_of_script_and_style()
    {
        var names = await PrepareAsync();
        var heavy = new List<string>();
        foreach (var (path, ready, first) in Pages)
        {
            var page = await stage.PageAsync("admin");
            // The frame that shows it: what was asked for before that is what the reader waited for.
            await page.AddInitScriptAsync($$"""
                new MutationObserver((_, observer) => {
                  if (document.querySelector({{JsonSerializer.Serialize(first ?? ready)}}) === null) return;
                  observer.disconnect();
                  requestAnimationFrame(at => { window.seenAt = at; });
                }).observe(document, { childList: true, subtree: true });
                """);
            await page.GotoAsync(At(path, names));
            await page.Locator(ready).First.WaitForAsync();
            var loads = await page.EvaluateAsync<JsonElement>("""
                async () => {
                  while (window.seenAt === undefined) await new Promise(requestAnimationFrame);
                  return performance.getEntriesByType("resource").filter(({ name }) => name.includes("/studio/app/"))
                    .map(({ name, startTime, encodedBodySize, decodedBodySize }) => ({ name, early: startTime < window.seenAt, bytes: encodedBodySize, whole: decodedBodySize }));
                }
                """);
            // hls.js comes when a video is shown.
            var ours = loads.EnumerateArray().Select(load => new Load(load.GetProperty("name").GetString()!, load.GetProperty("early").GetBoolean(), load.GetProperty("bytes").GetInt32(), load.GetProperty("whole").GetInt32()))
                .Where(load => !load.Name.Contains("/hls", StringComparison.Ordinal)).ToList();
            Assert.All(ours, load => Assert.True(load.Bytes > 0 && (load.Bytes < load.Whole || load.Whole < 300), $"{load.Name} came as {load.Bytes} of {load.Whole} bytes"));
            var (bytes, all) = (ours.Where(load => load.Early).Sum(load => load.Bytes), ours.Sum(load => load.Bytes));
            output.WriteLine($"{path}: {bytes} bytes in {ours.Count(load => load.Early)} files until it shows what it is about, {all} with what comes after");
            Assert.True(bytes > 10_000, "what is counted is what is loaded");
            if (first is not null) Assert.Contains(ours, load => !load.Early && load.Name.Contains("/chart-drawing", StringComparison.Ordinal));
            if (all > MostBytes) heavy.Add($"{path}: {bytes} and {all} bytes");
            await stage.CleanAsync(page);
        }
        Assert.Empty(heavy);
    }

    /// <summary>A file of the pages that was fetched.</summary>
    /// <param name="Early">Before the page showed what it is about.</param>
    private sealed record Load(string Name, bool Early, int Bytes, int Whole);

    [Fact]
    public void All_text_stands_in_one_file_in_both_languages_and_none_of_it_is_unused()
    {
        var texts = JsonDocument.Parse(File.ReadAllText(Path.Combine(Web, "text.json"))).RootElement;
        var sources = Directory.EnumerateFiles(Web, "*.js", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(Web, file), File.ReadAllText, StringComparer.Ordinal);
        var code = string.Concat(sources.Values);
        var wrong = new List<string>();
        foreach (var section in texts.EnumerateObject())
        {
            foreach (var text in section.Value.EnumerateObject())
            {
                foreach (var language in (string[])["en", "de"])
                {
                    if (!text.Value.TryGetProperty(language, out var words) || (words.ValueKind == JsonValueKind.Object && !words.TryGetProperty("other", out _))) wrong.Add($"{section.Name}.{text.Name} has no {language} text");
                }
                // Whole, or put together from what the API names.
                if (!code.Contains($"\"{section.Name}.{text.Name}\"", StringComparison.Ordinal) && !code.Contains($"`{section.Name}.{text.Name.Split('-')[0]}-${{", StringComparison.Ordinal) && !code.Contains($"`{section.Name}.${{", StringComparison.Ordinal))
                    wrong.Add($"{section.Name}.{text.Name} is used nowhere");
            }
        }
        // Words between tags, or in an attribute that people read, that do not come from the file.
        foreach (var (file, source) in sources.Select(pair => (pair.Key, Comment().Replace(pair.Value, ""))))
        {
            wrong.AddRange(BareText().Matches(source).Select(match => $"{file}: {match.Value}"));
            wrong.AddRange(BareAttribute().Matches(source).Select(match => $"{file}: {match.Value}"));
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task The_pages_speak_German_to_who_reads_German()
    {
        await PrepareAsync();
        var page = await stage.PageAsync("admin", language: "de-DE");
        await page.GotoAsync(new Uri(stage.Address, "overview").AbsoluteUri);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Übersicht" }).WaitForAsync();
        Assert.Equal("de", await page.Locator("html").GetAttributeAsync("lang"));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Below_a_path_prefix_that_a_proxy_takes_away_the_pages_work_as_they_do_without()
    {
        await PrepareAsync();
        await using var proxy = await PrefixProxy.StartAsync(stage.Gateway.Address, "/media/hls");
        var page = await stage.PageAsync(null, elsewhere: proxy.Address);
        await page.GotoAsync(new Uri(proxy.Address, "media/hls/studio/videos").AbsoluteUri);
        await page.GetByLabel("API token").FillAsync(StudioStage.TokenOf("analyst"));
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".video-row").First.WaitForAsync();
        Assert.StartsWith(new Uri(proxy.Address, "media/hls/studio/videos").AbsoluteUri, page.Url, StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sessions" }).First.ClickAsync();
        await page.Locator("[role=option]").First.WaitForAsync();
        await page.ReloadAsync();
        await page.Locator("[role=option]").First.WaitForAsync();
        await stage.CleanAsync(page);
    }

    private string At(string path, (string Session, string Secret) names) =>
        new Uri(stage.Address, path.Replace("{session}", names.Session, StringComparison.Ordinal).Replace("{secret}", names.Secret, StringComparison.Ordinal)).AbsoluteUri;

    /// <returns>A session of the video, which has captions and figures, and the secret of a link to its report.</returns>
    private async Task<(string Session, string Secret)> PrepareAsync()
    {
        var session = await SessionOfVideoAsync();
        using var answer = await stage.Gateway.Api.PostAsJsonAsync("api/shares", new { video = Video, query = "days=28" });
        var url = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
        return (session, url[(url.LastIndexOf('/') + 1)..]);
    }

    private async Task<string> SessionOfVideoAsync()
    {
        await stage.VideoAsync(Video);
        using var captions = new StringContent("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nA line that is rather long for a caption, and too fast to read as well.\n\n00:00:00.500 --> 00:00:04.000\n<i>Another</i>\n");
        (await stage.Gateway.Api.PutAsync($"api/videos/{Uri.EscapeDataString(Video)}/subtitles/en", captions)).Dispose();
        var address = $"api/sessions?video={Uri.EscapeDataString(Video)}&limit=1";
        if (await SessionAsync(address) is { } known) return known;
        using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        var master = new Uri(stage.Gateway.Address, $"watch/{Video}/playlist.m3u8");
        var media = new Uri(master, Uris(await viewer.GetStringAsync(master)).First());
        foreach (var segment in Uris(await viewer.GetStringAsync(media))) (await viewer.GetAsync(new Uri(media, segment))).Dispose();
        return await SessionAsync(address) ?? throw new InvalidOperationException("The session was not counted.");
    }

    private async Task<string?> SessionAsync(string address)
    {
        using var answer = await stage.Gateway.Api.GetAsync(address);
        if (!answer.IsSuccessStatusCode) return null;
        var sessions = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("sessions");
        return sessions.GetArrayLength() == 0 ? null : sessions[0].GetProperty("session_id").GetString();
    }

    private static IEnumerable<string> Uris(string playlist) => playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    private static string NameOf(string path) => NotAWord().Replace(path.Replace(Uri.EscapeDataString(Video), "video", StringComparison.Ordinal), "-").Trim('-');

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.CultureInvariant | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();

    /// <summary>Names of keys are what stands on keyboards.</summary>
    [GeneratedRegex("(?<!<kbd)>[ \\n]*[A-Z][a-z]{2,}[ a-z]*<", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BareText();

    [GeneratedRegex(" (aria-label|title|placeholder|alt)=\"[^\"$]*[A-Za-z]{3,}[^\"$/]*\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BareAttribute();

    [GeneratedRegex("[^a-z]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NotAWord();
}
