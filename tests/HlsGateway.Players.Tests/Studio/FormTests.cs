using System.Globalization;
using System.IO.Compression;
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

    /// <summary>Bytes of compressed script and style before anybody has touched a page.</summary>
    private const int MostBytes = 60_000;

    /// <summary>The same with the library that draws charts, which comes when the first of them does.</summary>
    private const int MostBytesWithCharts = 80_000;

    private static readonly string Web = Path.Combine(Places.Repository, "src", "HlsGateway", "Studio", "web", "studio");

    private static readonly (string Path, string Ready)[] Pages =
    [
        ("overview", "#views canvas"), ("videos", ".video-row"), ($"videos/{Uri.EscapeDataString(Video)}", "studio-player video"), ($"videos/{Uri.EscapeDataString(Video)}/analytics", "#retention canvas"),
        ($"videos/{Uri.EscapeDataString(Video)}/captions", "[data-track]"), ($"videos/{Uri.EscapeDataString(Video)}/captions/en", "textarea.cue-text"), ("trailers", "[data-trailer]"),
        ($"sessions?video={Uri.EscapeDataString(Video)}", "[role=option]"), ("sessions/{session}", ".trace tbody tr"), ("live", "h1"), ($"inspect?url={Uri.EscapeDataString(Video)}", ".lines tbody tr"), ("nowhere", "h1"),
    ];

    [Fact]
    public async Task Every_page_is_clean_for_axe_on_a_desk_and_a_phone_light_and_dark()
    {
        var session = await PrepareAsync();
        var page = await stage.PageAsync("admin");
        var faults = new List<string>();
        foreach (var (path, ready) in Pages)
        {
            await page.GotoAsync(new Uri(stage.Address, path.Replace("{session}", session, StringComparison.Ordinal)).AbsoluteUri);
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
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_first_look_at_any_page_takes_at_most_sixty_kilobytes_of_script_and_style()
    {
        var session = await PrepareAsync();
        var heavy = new List<string>();
        foreach (var (path, ready) in Pages)
        {
            var page = await stage.PageAsync("admin");
            var (bytes, charts) = (0, 0);
            page.Response += (_, response) =>
            {
                if (!response.Url.Contains("/studio/app/", StringComparison.Ordinal)) return;
                // hls.js comes when a video is shown.
                if (response.Url.Contains("/hls", StringComparison.Ordinal)) return;
                var size = Compressed(new Uri(response.Url).AbsolutePath);
                if (response.Url.Contains("/uPlot", StringComparison.Ordinal)) charts += size;
                else bytes += size;
            };
            await page.GotoAsync(new Uri(stage.Address, path.Replace("{session}", session, StringComparison.Ordinal)).AbsoluteUri);
            await page.Locator(ready).First.WaitForAsync();
            output.WriteLine($"{path}: {bytes} bytes{(charts > 0 ? $", and {charts} for charts" : "")}");
            if (bytes > MostBytes || bytes + charts > MostBytesWithCharts) heavy.Add($"{path}: {bytes} bytes");
            Assert.True(bytes > 10_000, "what is counted is what is loaded");
            await stage.CleanAsync(page);
        }
        Assert.Empty(heavy);
    }

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

    /// <returns>A session of the video, which has captions and figures.</returns>
    private async Task<string> PrepareAsync()
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

    /// <summary>As gzip at its usual level makes it: what goes over the line is not larger.</summary>
    private static int Compressed(string path)
    {
        var name = FingerprintInName().Replace(Path.GetFileName(path), "");
        var bytes = File.ReadAllBytes(Path.Combine(Places.Repository, "src", "HlsGateway", "wwwroot", "studio", "app", name));
        using var small = new MemoryStream();
        using (var gzip = new GZipStream(small, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(bytes);
        return (int)small.Length;
    }

    /// <summary>The build's fingerprint of the one file whose name has no hash of its own.</summary>
    [GeneratedRegex("(?<=^main)\\.[a-z0-9]+(?=\\.js$)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FingerprintInName();

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
