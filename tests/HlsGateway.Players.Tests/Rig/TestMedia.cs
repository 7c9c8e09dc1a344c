using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// The origin's videos and the trailer, made by ffmpeg: 25 frames a second, 10.8 s of content in segments of 4, 4 and 2.8 s,
/// 4.8 s of trailer, every frame with a <see cref="Barcode"/>. B-frames are wanted: they are why the first picture of a
/// MPEG-TS segment stands at 1.48 s.
/// </summary>
internal sealed partial class TestMedia
{
    public const int FramesPerSecond = 25;
    public const int ContentFrames = 270;
    public const int TrailerFrames = 120;
    public const double ContentSeconds = 10.8;
    public const double TrailerSeconds = 4.8;

    private static readonly (string Name, int Width, int Height, int Source, int Bandwidth)[] Rungs =
        [("180p", 320, 180, 0, 400_000), ("360p", 640, 360, 1, 900_000)];

    private TestMedia(string root) => Root = root;

    /// <summary>What the origin and the CDN serve: one folder for each scenario.</summary>
    public string Root { get; }

    public string Trailer => Path.Combine(Root, "trailer.mp4");

    private static readonly Lazy<Task<TestMedia>> Made = new(MakeOnceAsync);

    /// <summary>Made once, however many test classes ask at the same time; the folder is named by the hash of all recipes, and appears whole or not at all.</summary>
    public static Task<TestMedia> MakeAsync() => Made.Value;

    private static async Task<TestMedia> MakeOnceAsync()
    {
        var recipes = Recipes().ToArray();
        var text = string.Join('\n', recipes.Select(recipe => $"{recipe.Folder} {string.Join(' ', recipe.Arguments)}").Concat(Playlists().Select(file => file.Path + file.Text)));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
        var root = Path.Combine(Places.MediaCache, hash);
        if (Directory.Exists(root)) return new TestMedia(root);

        var making = $"{root}.{Environment.ProcessId}";
        foreach (var (path, content) in Playlists())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(making, path))!);
            await File.WriteAllTextAsync(Path.Combine(making, path), content);
        }
        await File.WriteAllBytesAsync(Path.Combine(making, "aes", "key.bin"), "sixteen bytes it"u8.ToArray());
        await File.WriteAllTextAsync(Path.Combine(making, "aes", "key.info"), $"../key.bin\n{Path.Combine(making, "aes", "key.bin")}\n");
        foreach (var (folder, arguments) in recipes)
        {
            var target = Path.Combine(making, folder);
            Directory.CreateDirectory(target);
            await Tool.RunAsync("ffmpeg", ["-nostdin", "-v", "error", .. arguments.Select(argument => argument.Replace("{folder}", target, StringComparison.Ordinal))],
                TimeSpan.FromMinutes(2));
        }
        File.Delete(Path.Combine(making, "aes", "key.info"));
        try
        {
            Directory.Move(making, root);
        }
        catch (IOException) when (Directory.Exists(root))
        {
            Directory.Delete(making, recursive: true);
        }
        return new TestMedia(root);
    }

    /// <summary>Whether the CDN's path is a segment of a Variant Stream (an audio Rendition's adds no watch time).</summary>
    public static bool IsContentSegment(string path) => ContentSegment().IsMatch(path);

    /// <summary>Seconds of a content segment, which its name's number tells.</summary>
    public static double SecondsOf(string path) => Path.GetFileNameWithoutExtension(path).EndsWith('2') ? 2.8 : 4;

    private static IEnumerable<(string Folder, string[] Arguments)> Recipes()
    {
        foreach (var rung in Rungs)
        {
            yield return ($"ts/{rung.Name}", [.. Picture(rung, ContentSeconds), .. Tone(440, ContentSeconds), .. Encode(rung.Source), .. Hls("ts")]);
            yield return ($"silent/{rung.Name}", [.. Picture(rung, ContentSeconds), .. Encode(rung.Source), .. Hls("ts")]);
            yield return ($"demuxed/{rung.Name}", [.. Picture(rung, ContentSeconds), .. Encode(rung.Source), .. Hls("ts")]);
            yield return ($"aes/{rung.Name}", [.. Picture(rung, ContentSeconds), .. Tone(440, ContentSeconds), .. Encode(rung.Source),
                "-hls_key_info_file", "{folder}/../key.info", .. Hls("ts")]);
            // Without B-frames fMP4 starts at PTS 0: above it, a splice never ends in one of the players.
            yield return ($"fmp4/{rung.Name}", [.. Picture(rung, ContentSeconds), .. Tone(440, ContentSeconds), .. Encode(rung.Source), "-bf", "0", .. Hls("fmp4")]);
        }
        foreach (var (language, hertz) in new[] { ("en", 440), ("de", 660) })
            yield return ($"demuxed/{language}", [.. Tone(hertz, ContentSeconds), "-map", "0:a", "-c:a", "aac", "-b:a", "64k", .. Hls("ts")]);

        yield return ("", [.. Picture(("trailer", 640, 360, Barcode.Trailer, 0), TrailerSeconds), .. Tone(880, TrailerSeconds), .. Encode(Barcode.Trailer), "{folder}/trailer.mp4"]);
    }

    private static IEnumerable<(string Path, string Text)> Playlists()
    {
        foreach (var scenario in new[] { "ts", "silent", "demuxed", "aes", "fmp4" })
        {
            var demuxed = scenario.Equals("demuxed", StringComparison.Ordinal);
            var silent = scenario.Equals("silent", StringComparison.Ordinal);
            var master = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
            if (demuxed)
            {
                master.Append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"1\",URI=\"en/video.m3u8\"\n");
                master.Append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Deutsch\",LANGUAGE=\"de\",AUTOSELECT=YES,CHANNELS=\"1\",URI=\"de/video.m3u8\"\n");
            }
            foreach (var (name, width, height, _, bandwidth) in Rungs)
            {
                master.Append(CultureInfo.InvariantCulture, $"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={width}x{height},FRAME-RATE=25.000,CODECS=\"avc1.4d401e{(silent ? "" : ",mp4a.40.2")}\"");
                master.Append(CultureInfo.InvariantCulture, $"{(demuxed ? ",AUDIO=\"a\"" : "")}\n{name}/video.m3u8\n");
            }
            yield return ($"{scenario}/playlist.m3u8", master.ToString());
        }
    }

    private static string[] Picture((string, int Width, int Height, int Source, int) rung, double seconds) =>
        ["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"testsrc2=size={rung.Width}x{rung.Height}:rate={FramesPerSecond}:duration={seconds}")];

    private static string[] Tone(int hertz, double seconds) =>
        ["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"sine=frequency={hertz}:sample_rate=48000:duration={seconds}")];

    private static string[] Encode(int source) =>
        ["-vf", Barcode.Filter(source), "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-bf", "2",
            "-g", "100", "-keyint_min", "100", "-sc_threshold", "0", "-c:a", "aac", "-b:a", "64k"];

    private static string[] Hls(string container) =>
        ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", container.Equals("ts", StringComparison.Ordinal) ? "mpegts" : "fmp4",
            "-hls_segment_filename", $"{{folder}}/video%d.{(container.Equals("ts", StringComparison.Ordinal) ? "ts" : "m4s")}", "{folder}/video.m3u8"];

    [GeneratedRegex(@"^/\w+/\d+p/video\d+\.(ts|m4s)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContentSegment();
}
