using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What a viewer did, and what the reports say of it.</summary>
/// <param name="Story">six, whole, seek, leave or loop; see Harness/truth.js.</param>
/// <param name="Cmcd">none, query, headers, or events: the page has switched on event reports.</param>
/// <param name="BufferSeconds">What the player may keep ahead; 0 leaves hls.js its own limits.</param>
internal sealed record TruthCase(string Story, string Cmcd, int BufferSeconds, double Rate);

/// <param name="Seconds">Distinct media time of the content that the video element played, by its own <c>played</c> ranges.</param>
/// <param name="Low">watch_seconds_low.</param>
/// <param name="High">watch_seconds.</param>
internal sealed record Truth(TruthCase Case, string Version, double Seconds, double Low, double High, JsonElement Session, string Trouble)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Case}: {Low} <= {Seconds:F3} <= {High} {Trouble}\n{Session}");
}

/// <summary>A film of 24 s in segments of 4 s with the trailer behind it, and viewers whose story is known.</summary>
internal sealed class TruthStage : IAsyncDisposable
{
    public const double ContentSeconds = 24;
    public const double SegmentSeconds = 4;
    private const string Video = "truth";
    private readonly string folder;
    private readonly Stage stage;

    private TruthStage(string folder, Stage stage) => (this.folder, this.stage) = (folder, stage);

    public static async Task<TruthStage> SetAsync()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-truth-").FullName;
        var rendition = Directory.CreateDirectory(Path.Combine(folder, Video, "180p")).FullName;
        await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=24", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=24",
                "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", "100", "-keyint_min", "100", "-sc_threshold", "0", "-c:a", "aac", "-b:a", "64k",
                "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_filename", Path.Combine(rendition, "video%d.ts"), Path.Combine(rendition, "video.m3u8")],
            TimeSpan.FromMinutes(2));
        await File.WriteAllTextAsync(Path.Combine(folder, Video, "playlist.m3u8"),
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=600000,RESOLUTION=320x180,FRAME-RATE=25.000,CODECS=\"avc1.42c00d,mp4a.40.2\"\n180p/video.m3u8\n");
        var stage = await Stage.SetAsync((Video, Path.Combine(folder, Video)));
        await stage.TrailerReadyAsync(Video);
        return new TruthStage(folder, stage);
    }

    public async Task<Truth> PlayAsync(TruthCase story)
    {
        await using var context = await stage.Players.NewContextAsync();
        var page = await context.NewPageAsync();
        var session = "";
        page.Request += (_, request) => session = session.Length > 0 ? session : Players.SessionIn(request.Url);
        var query = string.Create(CultureInfo.InvariantCulture,
            $"src={Uri.EscapeDataString(stage.MasterPlaylist(Video).AbsoluteUri)}&story={story.Story}&cmcd={story.Cmcd}&buffer={story.BufferSeconds}&rate={story.Rate}");
        await page.GotoAsync($"{stage.Players.RefererOf("truth", story.Story + story.Cmcd)}harness/truth.html?{query}");
        try
        {
            await page.WaitForFunctionAsync("() => window.truth !== undefined", null, new PageWaitForFunctionOptions { Timeout = 120_000, PollingInterval = 50 });
        }
        catch (TimeoutException late)
        {
            throw new InvalidOperationException($"{story} did not end: {await page.EvaluateAsync<string>("() => `${document.getElementById('video').currentTime} ${window.trouble}`")}", late);
        }
        var told = await page.EvaluateAsync<JsonElement>("() => window.truth");
        if (told.GetProperty("error").GetString() is { } error) throw new InvalidOperationException($"{story}: {error}");
        var played = told.GetProperty("played").EnumerateArray().Sum(range => Math.Max(0, Math.Min(range[1].GetDouble(), ContentSeconds) - Math.Max(range[0].GetDouble(), 0)));
        var report = await ReportAsync(session, story.Cmcd);
        var trouble = string.Join(' ', await page.EvaluateAsync<string[]>("() => window.trouble"));
        return new Truth(story, told.GetProperty("version").GetString() ?? "", played, report.GetProperty("watch_seconds_low").GetDouble(), report.GetProperty("watch_seconds").GetDouble(), report, trouble);
    }

    /// <summary>The session, once the player's last word is in it: nobody waits for that when a page closes.</summary>
    private async Task<JsonElement> ReportAsync(string session, string cmcd)
    {
        JsonElement report = default;
        await Until.TrueAsync(async () =>
        {
            using var json = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions/{session}"));
            report = json.RootElement.Clone();
            return cmcd != "events" || report.GetProperty("trace").EnumerateArray().Any(entry => entry.GetProperty("cmcd").GetString()?.StartsWith("e=ce,", StringComparison.Ordinal) is true);
        }, $"the report of the player's leaving session {session}", TimeSpan.FromSeconds(30));
        return report;
    }

    public async ValueTask DisposeAsync()
    {
        await stage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
