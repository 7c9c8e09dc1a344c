using System.Globalization;
using System.Text;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>The videos of the benchmark, as an origin has them: 4 s segments, one small real one for all, so that trailers can be fitted to it.</summary>
internal static class OriginFiles
{
    private const string Master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=320x180,CODECS=\"avc1.64000c,mp4a.40.2\"\n720p/video.m3u8\n";

    /// <summary>Of the video that viewers stay with: ten minutes.</summary>
    public const int PlaySegments = 150;

    /// <summary>Two Variant Streams, for viewers who switch.</summary>
    private const string Ladder = Master + "#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=320x180,CODECS=\"avc1.64000c,mp4a.40.2\"\n360p/video.m3u8\n";

    public static async Task MakeAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        // v: redirects. show…: with trailer and captions; showplay is for viewers who stay.
        Video(folder, "v", 23, Master);
        Video(folder, "show", 23, Master);
        Video(folder, "showstart", 23, Master);
        Video(folder, "showlong", 1800, Master);
        Video(folder, "showplay", PlaySegments, Ladder);
        await Child.RunAsync(Machine.LoadCores, Path.Combine(folder, "ffmpeg.log"), "ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4:r=48000", "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-ac", "2", "-f", "mpegts", Path.Combine(folder, "segment.ts")]);
    }

    /// <summary>One more video of that length.</summary>
    public static void Plain(string folder, string name, int segments) => Video(folder, name, segments, Master);

    /// <summary>A caption of two seconds in each four.</summary>
    public static string Captions(int segments)
    {
        var text = new StringBuilder("WEBVTT\n\n");
        for (var at = 0; at < segments; at++)
            text.Append(CultureInfo.InvariantCulture, $"{TimeSpan.FromSeconds(at * 4):hh\\:mm\\:ss}.500 --> {TimeSpan.FromSeconds((at * 4) + 2):hh\\:mm\\:ss}.500\nWhat is said in part {at} of the video\n\n");
        return text.ToString();
    }

    private static void Video(string folder, string name, int segments, string master)
    {
        var media = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var at = 0; at < segments; at++) media.Append(CultureInfo.InvariantCulture, $"#EXTINF:4,\nvideo{at}.ts\n");
        media.Append("#EXT-X-ENDLIST\n");
        Directory.CreateDirectory(Path.Combine(folder, name));
        File.WriteAllText(Path.Combine(folder, name, "playlist.m3u8"), master);
        foreach (var rendition in (string[])["720p", "360p"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name, rendition));
            File.WriteAllText(Path.Combine(folder, name, rendition, "video.m3u8"), media.ToString());
        }
    }
}
