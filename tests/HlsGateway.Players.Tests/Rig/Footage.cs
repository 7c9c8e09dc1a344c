using System.Globalization;
using System.Text;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>A film of somebody else as a foreign origin would serve it: two renditions in 4 s segments, at most 60 s of it.</summary>
/// <param name="Root">What origin and CDN serve.</param>
internal sealed record Footage(string Root, double FramesPerSecond, double Seconds)
{
    public const string Video = "footage";

    private static readonly (string Name, int Height, int Source, string Rate)[] Rungs = [("240p", 240, 0, "500k"), ("480p", 480, 1, "1500k")];

    /// <param name="file">Any video that ffmpeg reads. Frame rate, shape and sound stay; each frame gets a <see cref="Barcode"/>.</param>
    /// <param name="root">An existing folder.</param>
    public static async Task<Footage> CutAsync(string file, string root)
    {
        var rate = (await ProbeAsync(file, "v:0", "stream=r_frame_rate")).Split('/');
        var framesPerSecond = double.Parse(rate[0], CultureInfo.InvariantCulture) / double.Parse(rate[1], CultureInfo.InvariantCulture);
        var master = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        foreach (var (name, height, source, bits) in Rungs)
        {
            var folder = Path.Combine(root, Video, name);
            Directory.CreateDirectory(folder);
            await Tool.RunAsync("ffmpeg",
                ["-nostdin", "-v", "error", "-i", "file:" + file, "-t", "60", "-map", "0:v:0", "-map", "0:a:0?",
                    "-vf", $"scale=-2:{height},{Barcode.Filter(source)}", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p",
                    "-b:v", bits, "-maxrate", bits, "-bufsize", bits, "-force_key_frames", "expr:gte(t,n_forced*4)", "-sc_threshold", "0", "-c:a", "aac",
                    "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_filename", Path.Combine(folder, "video%d.ts"), Path.Combine(folder, "video.m3u8")],
                TimeSpan.FromMinutes(10));
            var size = await ProbeAsync(Path.Combine(folder, "video0.ts"), "v:0", "stream=width,height");
            var bandwidth = int.Parse(bits[..^1], CultureInfo.InvariantCulture) * 1400;
            master.Append(CultureInfo.InvariantCulture, $"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={size.Replace(',', 'x')},FRAME-RATE={framesPerSecond:F3}\n{name}/video.m3u8\n");
        }
        await File.WriteAllTextAsync(Path.Combine(root, Video, "playlist.m3u8"), master.ToString());
        var seconds = (await File.ReadAllLinesAsync(Path.Combine(root, Video, Rungs[0].Name, "video.m3u8")))
            .Where(line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Sum(line => double.Parse(line[8..].TrimEnd(','), CultureInfo.InvariantCulture));
        return new Footage(root, framesPerSecond, seconds);
    }

    private static async Task<string> ProbeAsync(string file, string stream, string entries)
    {
        var (output, _) = await Tool.RunAsync("ffprobe", ["-v", "error", "-select_streams", stream, "-show_entries", entries, "-of", "csv=p=0", "file:" + file], TimeSpan.FromMinutes(1));
        // A program's stream is listed twice in MPEG-TS.
        return Encoding.ASCII.GetString(output).Split('\n')[0].Trim().TrimEnd(',');
    }
}
