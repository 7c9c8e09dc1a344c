using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace HlsGateway.Players.Tests.Rig;

/// <param name="At">Since the first byte could come.</param>
/// <param name="Words">Something stands where captions do that is not in the content's own picture.</param>
internal readonly record struct VlcFrame(Frame? Frame, TimeSpan At, bool Words);

/// <summary>
/// VLC at the film's own speed, with captions on. Picture and sound come through pipes: it begins its output files anew at a splice.
/// </summary>
internal static class Vlc
{
    /// <returns>Each frame as <see cref="Barcode.ReadEither"/> reads it, when it came, whether words stood in it, and what VLC said.</returns>
    public static async Task<(IReadOnlyList<VlcFrame> Shown, string Said)> PlayAsync(
        string folder, string referer, Assignment assignment, string levels, TimeSpan bound)
    {
        var plain = await CaptionBand.DecodeAsync(assignment.Picture, bound);
        using var picture = await Fifo.CreateAsync(Path.Combine(folder, "picture"));
        using var sound = await Fifo.CreateAsync(Path.Combine(folder, "sound"));
        var shown = Task.Run(() => ReadFrames(picture.Reader, plain));
        var heard = KeepAsync(sound.Reader, Path.Combine(folder, "pcm"));
        // It does not run as root. One rung for the whole film: one size of the picture.
        string[] nobody = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        string[] line =
        [
            .. nobody, "env", $"HOME={folder}", "cvlc", "--ignore-config", "-vv", "--play-and-exit", "--adaptive-logic=highest", "--sub-track=0", "--no-video-title-show",
            $"--http-referrer={referer}", "--vout=yuv", $"--yuv-file={Path.Combine(folder, "picture")}", "--yuv-yuv4mpeg2",
            "--aout=afile", $"--audiofile-file={Path.Combine(folder, "sound")}", "--no-audiofile-wav", "--audiofile-format=s16", "--audiofile-channels=2",
            assignment.Source.AbsoluteUri,
        ];
        string said;
        try
        {
            (_, said) = await Tool.RunAsync(line[0], line.Skip(1), bound);
        }
        finally
        {
            picture.End();
            sound.End();
        }
        await heard;
        if (new FileInfo(Path.Combine(folder, "pcm")).Length > 0)
        {
            await Tool.RunAsync("ffmpeg",
                ["-nostdin", "-v", "error", "-f", "s16le", "-ar", "48000", "-ac", "2", "-i", Path.Combine(folder, "pcm"), "-af", SoundLevels.Filter(levels), "-f", "null", "-"], bound);
        }
        return (await shown, said);
    }

    private static async Task KeepAsync(Stream sound, string file)
    {
        await using var kept = File.Create(file);
        await sound.CopyToAsync(kept);
    }

    /// <summary>YUV4MPEG2: a line that tells the size, then for each frame the line FRAME and its planes, luma first.</summary>
    private static List<VlcFrame> ReadFrames(Stream stream, CaptionBand plain)
    {
        using var buffered = new BufferedStream(stream, 1 << 20);
        var (frames, watch) = (new List<VlcFrame>(), Stopwatch.StartNew());
        var (width, height, planes) = (0, 0, Array.Empty<byte>());
        while (ReadLine(buffered) is { } line)
        {
            if (line.StartsWith("YUV4MPEG2", StringComparison.Ordinal))
            {
                (width, height) = (Parameter(line, 'W'), Parameter(line, 'H'));
                planes = new byte[width * height * 3 / 2];
                continue;
            }
            if (buffered.ReadAtLeast(planes, planes.Length, throwOnEndOfStream: false) < planes.Length) break;
            var at = watch.Elapsed;
            var frame = Barcode.ReadLuma(planes, width, height);
            frames.Add(new VlcFrame(frame, at, frame is { } read && plain.IsDrawnOver(read, planes, width, height)));
        }
        return frames;
    }

    private static string? ReadLine(Stream stream)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next >= 0; next = stream.ReadByte())
        {
            if (next == '\n') return line.ToString();
            line.Append((char)next);
        }
        return null;
    }

    private static int Parameter(string line, char name) =>
        int.Parse(line.Split(' ').First(word => word[0] == name).AsSpan(1), CultureInfo.InvariantCulture);
}
