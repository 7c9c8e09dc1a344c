using System.Diagnostics;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// ffmpeg, mpv, VLC and GStreamer. ffmpeg decodes as fast as it can; the others play at the film's own speed, with a picture and a sound output
/// that write files, so that what was shown, when, and what was heard can be read back.
/// </summary>
internal static class CommandLinePlayers
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    /// <summary>A player's frames at 25 fps come every 40 ms: shorter gaps are no pause.</summary>
    private const double ShortestPauseMs = 100;

    /// <param name="framesPerSecond">Of the content: tells the time of the n-th frame.</param>
    /// <returns>The report, and the session that the player's requests named; empty where its output tells none.</returns>
    public static async Task<(PlayerReport Report, string Session)> PlayAsync(string player, string referer, Assignment assignment, double framesPerSecond)
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-player-").FullName;
        // VLC does not run as root: it becomes nobody, and writes here.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        try
        {
            var watch = Stopwatch.StartNew();
            var report = new PlayerReport { Player = player, Version = "", Ended = true, Frames = [] };
            try
            {
                var levels = Path.Combine(folder, "levels");
                var (shown, times, words, said) = player switch
                {
                    Players.Ffmpeg => await DecodeAsync(levels, referer, assignment.Source),
                    Players.Mpv => await PlayWithMpvAsync(folder, levels, referer, assignment.Source),
                    Players.GStreamer => await PlayWithGStreamerAsync(folder, levels, assignment),
                    _ => await PlayWithVlcAsync(folder, levels, referer, assignment),
                };
                var pauses = Gaps(times, framesPerSecond);
                report = report with
                {
                    Unreadable = shown.Count(frame => frame is null),
                    Frames = [.. shown.Index().Where(frame => frame.Item is not null).Select(frame => new ShownFrame(frame.Index / framesPerSecond, frame.Item!.Value))],
                    Drawn =
                    [
                        .. shown.Zip(words).Where(picture => picture.First is { Source: not Barcode.Trailer })
                            .Select(picture => new Captioned(picture.First!.Value.Number / framesPerSecond, picture.Second)),
                    ],
                    Sound = SoundLevels.Read(levels),
                    Pauses = pauses,
                    LongestStillMs = pauses.Select(pause => pause.Ms).DefaultIfEmpty().Max(),
                    WallMs = watch.Elapsed.TotalMilliseconds,
                };
                return (report, Players.SessionIn(said));
            }
            catch (InvalidOperationException failure)
            {
                return (report with { Ended = false, Error = failure.Message }, Players.SessionIn(failure.Message));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(IReadOnlyList<Frame?> Shown, IReadOnlyList<TimeSpan> Times, IReadOnlyList<bool> Words, string Said)> DecodeAsync(string levels, string referer, Uri source)
    {
        var (cells, said) = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "verbose", "-referer", referer, "-i", source.AbsoluteUri,
                "-an", "-vf", Barcode.ReadingFilter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
                "-map", "0:a:0?", "-af", SoundLevels.Filter(levels), "-f", "null", "-"], Bound);
        return (Read(cells), [], [], said);
    }

    private static async Task<(IReadOnlyList<Frame?> Shown, IReadOnlyList<TimeSpan> Times, IReadOnlyList<bool> Words, string Said)> PlayWithMpvAsync(
        string folder, string levels, string referer, Uri source)
    {
        var log = Path.Combine(folder, "log");
        // It makes its filters anew at the splice: a file would begin anew too, standard output goes on.
        var (heard, _) = await Tool.RunAsync("mpv",
            ["--no-config", "--no-terminal", "--vo=image", "--vo-image-format=png", $"--vo-image-outdir={folder}", "--ao=null", "--framedrop=no",
                $"--vf=lavfi=[{Barcode.ReadingFilter}]", $"--af=lavfi=[{SoundLevels.Filter("-")}]",
                $"--referrer={referer}", $"--log-file={log}", source.AbsoluteUri], Bound);
        await File.WriteAllBytesAsync(levels, heard);
        // One file for each frame, written when it is shown.
        var times = Directory.GetFiles(folder, "*.png").Order(StringComparer.Ordinal).Select(file => File.GetLastWriteTimeUtc(file) - DateTime.UnixEpoch).ToArray();
        var (cells, _) = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-i", Path.Combine(folder, "%08d.png"), "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"], Bound);
        return (Read(cells), times, [], await File.ReadAllTextAsync(log));
    }

    private static async Task<(IReadOnlyList<Frame?> Shown, IReadOnlyList<TimeSpan> Times, IReadOnlyList<bool> Words, string Said)> PlayWithVlcAsync(
        string folder, string levels, string referer, Assignment assignment)
    {
        var (shown, said) = await Vlc.PlayAsync(folder, referer, assignment, levels, Bound);
        return ([.. shown.Select(frame => frame.Frame)], [.. shown.Select(frame => frame.At)], [.. shown.Select(frame => frame.Words)], said);
    }

    private static async Task<(IReadOnlyList<Frame?> Shown, IReadOnlyList<TimeSpan> Times, IReadOnlyList<bool> Words, string Said)> PlayWithGStreamerAsync(string folder, string levels, Assignment assignment)
    {
        var (shown, said) = await GStreamer.PlayAsync(folder, assignment, levels, Bound);
        return ([.. shown.Select(frame => frame.Frame)], [.. shown.Select(frame => frame.At)], [], said);
    }

    private static IReadOnlyList<Frame?> Read(byte[] cells) => [.. cells.Chunk(Barcode.ReadBytes).Select(rows => Barcode.ReadEither(rows))];

    private static IReadOnlyList<Pause> Gaps(IReadOnlyList<TimeSpan> shown, double framesPerSecond) =>
        [.. shown.Zip(shown.Skip(1)).Select((pair, i) => new Pause((i + 1) / framesPerSecond, (pair.Second - pair.First).TotalMilliseconds)).Where(pause => pause.Ms > ShortestPauseMs)];
}
