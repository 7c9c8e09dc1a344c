using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// The origin's videos and the trailers, made by ffmpeg with a <see cref="Barcode"/> in every frame and a tone that tells whose sound it
/// is. Each is made once and kept below <see cref="Places.MediaCache"/> under the hash of its recipe.
/// </summary>
internal static partial class TestMedia
{
    public const int TrailerFramesPerSecond = 25;
    public const int TrailerFrames = 120;
    public const double TrailerSeconds = 4.8;

    public const int ContentHertz = 440;
    public const int OtherHertz = 660;
    public const int TrailerHertz = 880;

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Made = new(StringComparer.Ordinal);

    /// <summary>Folder of a video as the origin serves it.</summary>
    public static Task<string> MakeAsync(ContentShape shape) => Once(shape.Name, shape.Recipes(), async folder =>
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "playlist.m3u8"), shape.MasterPlaylist());
        if (!shape.Encrypted) return;
        await File.WriteAllBytesAsync(Path.Combine(folder, "key.bin"), "sixteen bytes it"u8.ToArray());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.info"), $"../key.bin\n{Path.Combine(folder, "key.bin")}\n");
    }, shape.MasterPlaylist());

    /// <summary>A trailer as an editor drops it in.</summary>
    /// <param name="hasSound">False leaves it without an audio stream.</param>
    public static async Task<string> MakeTrailerAsync(bool hasSound)
    {
        string[] sound = hasSound ? Tone(TrailerHertz, TrailerSeconds) : [];
        var folder = await Once(hasSound ? "trailer" : "mute-trailer",
            [("", [.. Picture(640, 360, "25", TrailerFrames), .. sound, .. Encode(Barcode.Trailer, 100), "{folder}/trailer.mp4"])], _ => Task.CompletedTask, "");
        return Path.Combine(folder, "trailer.mp4");
    }

    /// <summary>Whether the CDN's path is a segment of a Variant Stream (an audio Rendition's adds no watch time).</summary>
    public static bool IsContentSegment(string path) => ContentSegment().IsMatch(path);

    public static string[] Picture(int width, int height, string rate, int frames) =>
        ["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"testsrc2=size={width}x{height}:rate={rate},trim=end_frame={frames}")];

    public static string[] Tone(int hertz, double seconds) =>
        ["-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"sine=frequency={hertz}:sample_rate=48000:duration={seconds:F6}")];

    public static string[] Encode(int source, int framesInSegment) =>
        ["-vf", Barcode.Filter(source), "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-bf", "2",
            "-g", framesInSegment.ToString(CultureInfo.InvariantCulture), "-keyint_min", framesInSegment.ToString(CultureInfo.InvariantCulture),
            "-sc_threshold", "0", "-c:a", "aac", "-b:a", "64k"];

    private static Task<string> Once(string name, IEnumerable<(string Folder, string[] Arguments)> recipes, Func<string, Task> prepare, string playlist) =>
        Made.GetOrAdd(name, _ => new Lazy<Task<string>>(() => MakeOnceAsync(name, [.. recipes], prepare, playlist))).Value;

    /// <summary>The folder appears whole or not at all.</summary>
    private static async Task<string> MakeOnceAsync(string name, (string Folder, string[] Arguments)[] recipes, Func<string, Task> prepare, string playlist)
    {
        var text = playlist + string.Join('\n', recipes.Select(recipe => $"{recipe.Folder} {string.Join(' ', recipe.Arguments)}"));
        var root = Path.Combine(Places.MediaCache, $"{name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12]}");
        if (Directory.Exists(root)) return root;

        var making = $"{root}.{Environment.ProcessId}";
        Directory.CreateDirectory(making);
        await prepare(making);
        foreach (var (folder, arguments) in recipes)
        {
            var target = Path.Combine(making, folder);
            Directory.CreateDirectory(target);
            await Tool.RunAsync("ffmpeg", ["-nostdin", "-v", "error", .. arguments.Select(argument => argument.Replace("{folder}", target, StringComparison.Ordinal))],
                TimeSpan.FromMinutes(2));
        }
        File.Delete(Path.Combine(making, "key.info"));
        try
        {
            Directory.Move(making, root);
        }
        catch (IOException) when (Directory.Exists(root))
        {
            Directory.Delete(making, recursive: true);
        }
        return root;
    }

    [GeneratedRegex(@"^/\w+/\d+p/video\d+\.(ts|m4s)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContentSegment();
}
