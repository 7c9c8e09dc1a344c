using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;
using HlsGateway.Trailers;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Trailers;

/// <summary>Makes trailer sources and copies with the machine's own ffmpeg, and reads them back with its ffprobe.</summary>
public sealed class TrailerWorkshop : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hlsgateway-trailers-");

    public TrailerWorkshop() => Ffmpeg = FfmpegFixture.New(new MediaOptions { WorkDirectory = Path.Combine(_folder.FullName, "work") }, _folder.FullName);

    internal Ffmpeg Ffmpeg { get; }

    public string this[string file] => Path.Combine(_folder.FullName, file);

    /// <summary>A moving picture of 5.8 s at 30 frames a second, with a tone (or without), made once.</summary>
    public async Task<string> SourceAsync(bool audio = true, double seconds = 5.8, string size = "320x180", string rate = "30")
    {
        var duration = seconds.ToString(CultureInfo.InvariantCulture);
        string[] sound = audio ? ["-f", "lavfi", "-i", $"sine=440:r=44100:d={duration}"] : [];
        string[] arguments =
        [
            "-f", "lavfi", "-i", $"testsrc2=s={size}:r={rate}:d={duration}", .. sound, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
        ];
        var folder = await Clips.FolderAsync(arguments, made => RunAsync("ffmpeg", ["-v", "error", "-y", .. arguments, Path.Combine(made, "source.mp4")]));
        return Path.Combine(folder, "source.mp4");
    }

    /// <summary>Encodes a copy and lays its files out in a folder.</summary>
    internal async Task<(TrailerCopy Copy, string Folder)> EncodeAsync(RenditionShape shape, bool audio = true, double seconds = 5.8, TrailersOptions? options = null, string? source = null)
    {
        var file = source ?? await SourceAsync(audio, seconds);
        var version = Version("demo", file, (int)Math.Round(seconds * 1000), audio);
        await using var content = File.OpenRead(file);
        using var encoded = await new TrailerEncoder(Ffmpeg, Options.Create(options ?? new TrailersOptions())).EncodeAsync(version, shape, content, CancellationToken.None);
        var folder = Directory.CreateDirectory(this[$"copy-{shape.Profile}-{audio}-{(int)(seconds * 1000)}"]).FullName;
        foreach (var name in encoded.Files)
        {
            await using var from = encoded.Open(name);
            await using var to = File.Create(Path.Combine(folder, name));
            await from.CopyToAsync(to);
        }
        return (encoded.Copy, folder);
    }

    /// <summary>Four seconds of foreign content, as people make it: <c>{video}/playlist.m3u8</c> with one Variant Stream <c>v.m3u8</c>, 2 s segments.</summary>
    public async Task ServeAsync(LoopbackOrigin origin, string video, string[] encode, string[] mux)
    {
        var folder = Directory.CreateDirectory(this["content-" + video]).FullName;
        string[] arguments =
        [
            "-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=4", "-f", "lavfi", "-i", "sine=440:r=44100:d=4",
            "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", .. encode, "-g", "50", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod",
            "-hls_list_size", "0", .. mux,
        ];
        var made = await Clips.FolderAsync(arguments, at => RunAsync("ffmpeg", ["-v", "error", "-y", .. arguments, Path.Combine(at, "v.m3u8")]));
        foreach (var file in Directory.GetFiles(made))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        foreach (var file in Directory.GetFiles(folder))
            origin.Serve($"{video}/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file));
        origin.Serve($"{video}/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\nv.m3u8\n");
    }

    internal static TrailerVersion Version(string name, string file, int durationMs, bool audio)
    {
        var hash = SHA256.HashData(File.ReadAllBytes(file));
        return new TrailerVersion(
            name, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash),
            new TrailerSource(Convert.ToHexStringLower(hash), new FileInfo(file).Length, durationMs, audio, DateTimeOffset.UnixEpoch),
            FrozenDictionary<string, TrailerCopy>.Empty);
    }

    /// <summary>One segment as a player's demuxer sees it: behind its initialization section where it has one.</summary>
    internal string Playable(string folder, TrailerCopy copy, int segment)
    {
        if (copy.Init is null)
            return Path.Combine(folder, copy.Segments[segment].File);
        var joined = this[Guid.NewGuid().ToString("n") + ".mp4"];
        File.WriteAllBytes(joined, [.. File.ReadAllBytes(Path.Combine(folder, copy.Init)), .. File.ReadAllBytes(Path.Combine(folder, copy.Segments[segment].File))]);
        return joined;
    }

    /// <summary>All of a file's packets and streams in one run of ffprobe.</summary>
    internal static async Task<Probed> ProbedAsync(string file) => new(await RunAsync(
        "ffprobe",
        [
            "-v", "error", "-show_entries", "packet=codec_type,pts_time,flags:stream=codec_type,codec_name,profile,width,height,pix_fmt,r_frame_rate,sample_rate,channels",
            "-of", "compact", file,
        ]));

    /// <summary>ffprobe's words, one line for each packet or stream asked for.</summary>
    public static Task<string[]> ProbeAsync(string file, params string[] what) =>
        RunAsync("ffprobe", ["-v", "error", .. what, "-of", "csv=p=0", file]);

    public static async Task<string[]> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })
            ?? throw new InvalidOperationException($"{program} did not start.");
        // ffmpeg takes what the tests' own input holds for keys that are pressed, and q ends it.
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
