using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What a player is asked to do.</summary>
/// <param name="Source">The Master Playlist.</param>
/// <param name="Rate">Playback rate in browsers.</param>
/// <param name="Captions">Language to switch on; empty for none.</param>
/// <param name="Audio">Language of the audio Rendition; null leaves the default.</param>
/// <param name="Unpatched">video.js and hls.js as they come, without what <c>docs/players.md</c> tells pages to do.</param>
/// <param name="Beside">Where an interstitial is expected: <c>pre</c> or <c>post</c>; empty for none.</param>
/// <param name="SwitchAt">hls.js begins on the lowest Variant Stream and takes the next one from this segment of the playlist on; 0 leaves it the choice.</param>
/// <param name="Portrait">The content's pictures are upright.</param>
/// <param name="Reordered">The content is fMP4 with B-frames, for which hls.js wants a line from its page.</param>
/// <param name="Picture">Playlist file of the content's highest rung as the origin has it: what a player drew over it is told by it; empty for none.</param>
internal sealed record Assignment(Uri Source, double Rate, string Captions, string? Audio, bool Unpatched = false, string Beside = "", string Picture = "", int SwitchAt = 0, bool Reordered = false, bool Portrait = false);

/// <summary>Eleven real players behind one door: each plays a stream from begin to end and reports what it showed.</summary>
internal sealed partial class Players : IAsyncDisposable
{
    /// <summary>Name of the site that serves <c>/harness/</c> and <c>/node_modules/</c>.</summary>
    public const string Pages = "pages";

    public const string HlsJs = "hlsjs";
    public const string Shaka = "shaka";
    public const string VideoJs = "videojs";
    public const string Native = "native";
    public const string Ffmpeg = "ffmpeg";
    public const string Mpv = "mpv";
    public const string Vlc = "vlc";
    public const string GStreamer = "gstreamer";
    public const string FirefoxHlsJs = "firefox-hlsjs";
    public const string FirefoxShaka = "firefox-shaka";
    public const string FirefoxVideoJs = "firefox-videojs";

    public static IReadOnlyList<string> All { get; } = [HlsJs, Shaka, VideoJs, Native, Ffmpeg, Mpv, Vlc];

    /// <summary>Those of the second table: each has its own decoders or its own program, and is played apart from the others.</summary>
    public static IReadOnlyList<string> Further { get; } = [FirefoxHlsJs, FirefoxShaka, FirefoxVideoJs, GStreamer];

    /// <summary>Those that do not insist on the film's own speed.</summary>
    public static IReadOnlyList<string> Fast { get; } = [HlsJs, Shaka, VideoJs, Native, Ffmpeg];

    /// <summary>Those that write each picture down when it is due: nothing else may take the processors then.</summary>
    public static IReadOnlyList<string> Writing { get; } = [Mpv, Vlc, GStreamer];

    /// <summary>Those that show captions of a SUBTITLES group on a timeline that can be read.</summary>
    public static IReadOnlyList<string> WithCaptions { get; } = [HlsJs, Shaka, VideoJs, .. InFirefox];

    /// <summary>Those that send a Range with every request: each segment counts once (rule H2).</summary>
    public static IReadOnlyList<string> WithRanges { get; } = [Native, Ffmpeg, Mpv, Vlc];

    public static IReadOnlyList<string> Browsers { get; } = [HlsJs, Shaka, VideoJs, Native, .. InFirefox];

    private static string[] InFirefox => [FirefoxHlsJs, FirefoxShaka, FirefoxVideoJs];

    /// <summary>Only ends what would hang: a busy machine takes its time to draw a page.</summary>
    private const float PatienceMs = 180_000;

    private readonly IPlaywright playwright;
    private readonly Uri pages;
    private readonly SemaphoreSlim launching = new(1);
    private IBrowser browser;
    private SoundServer? sound;

    private Players(IPlaywright playwright, IBrowser browser, Uri pages)
    {
        this.playwright = playwright;
        this.browser = browser;
        this.pages = pages;
    }

    /// <param name="pages">The site's address; each run takes another host name below <c>localhost</c> for it.</param>
    public static async Task<Players> StartAsync(Uri pages)
    {
        var playwright = await Playwright.CreateAsync();
        return new Players(playwright, await LaunchAsync(playwright), pages);
    }

    // The shared memory of a container may be far too small for a browser's pictures: it then keeps them in files.
    private static Task<IBrowser> LaunchAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
    {
        ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium",
        Timeout = PatienceMs,
        Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage",
            "--autoplay-policy=no-user-gesture-required"],
    });

    /// <summary>A browser window that shares nothing with others; in a new browser, if the machine had no memory left for the last one.</summary>
    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions? options = null)
    {
        await launching.WaitAsync();
        try
        {
            if (!browser.IsConnected)
            {
                await browser.DisposeAsync();
                browser = await LaunchAsync(playwright);
            }
        }
        finally
        {
            launching.Release();
        }
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(PatienceMs);
        return context;
    }

    /// <summary>The page's origin, which its requests at the CDN name as their Referer: tells whose request it was.</summary>
    public string RefererOf(string player, string run) => $"http://{player}-{run}.localhost:{pages.Port}/";

    /// <param name="run">A DNS label, unique for this play.</param>
    /// <param name="framesPerSecond">Of the content.</param>
    /// <returns>The report, and the session that the player's requests named.</returns>
    public Task<(PlayerReport Report, string Session)> PlayAsync(string player, string run, Assignment assignment, double framesPerSecond) =>
        InFirefox.Contains(player) ? PlayInFirefoxAsync(player, PageOf(player, run, assignment))
        : Browsers.Contains(player) ? PlayInBrowserAsync(player, run, assignment) : CommandLinePlayers.PlayAsync(player, RefererOf(player, run), assignment, framesPerSecond);

    private async Task<(PlayerReport Report, string Session)> PlayInFirefoxAsync(string player, string page)
    {
        await launching.WaitAsync();
        try
        {
            sound ??= await SoundServer.StartAsync();
        }
        finally
        {
            launching.Release();
        }
        return await Firefox.PlayAsync(player, page, sound);
    }

    private async Task<(PlayerReport Report, string Session)> PlayInBrowserAsync(string player, string run, Assignment assignment)
    {
        await using var context = await NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 680, Height = 400 } });
        var page = await context.NewPageAsync();
        var session = "";
        var givenUp = 0;
        page.Request += (_, request) => session = session.Length > 0 ? session : SessionIn(request.Url);
        page.RequestFailed += (_, _) => givenUp++;
        await page.GotoAsync(PageOf(player, run, assignment));
        try
        {
            await page.WaitForFunctionAsync("() => window.complete === true", null, new PageWaitForFunctionOptions { Timeout = 90_000, PollingInterval = 100 });
        }
        catch (TimeoutException)
        {
            await page.EvaluateAsync("() => window.fail('the play did not end within 90 s')");
            await page.WaitForFunctionAsync("() => window.complete === true");
        }
        return (PlayerReport.FromPage(await page.EvaluateAsync<JsonElement>("() => window.report")) with { GivenUp = givenUp }, session);
    }

    private string PageOf(string player, string run, Assignment assignment) => string.Create(CultureInfo.InvariantCulture,
        $"{RefererOf(player, run)}harness/index.html?player={player.Split('-')[^1]}&src={Uri.EscapeDataString(assignment.Source.AbsoluteUri)}&rate={assignment.Rate}&captions={assignment.Captions}&audio={assignment.Audio}&unpatched={(assignment.Unpatched ? 1 : 0)}&beside={assignment.Beside}&switchAt={assignment.SwitchAt}&reordered={(assignment.Reordered ? 1 : 0)}");

    /// <summary>The first session that the text names; empty for none.</summary>
    internal static string SessionIn(string text) => SessionParameter().Match(text) is { Success: true } match ? match.Groups["token"].Value : "";

    [GeneratedRegex("[?&]session_id=(?<token>[A-Za-z0-9_-]{40})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SessionParameter();

    public async ValueTask DisposeAsync()
    {
        launching.Dispose();
        sound?.Dispose();
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
