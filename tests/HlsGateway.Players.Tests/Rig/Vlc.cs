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
        var heard = RawSound.KeepAsync(sound.Reader, folder);
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
        await RawSound.MeasureAsync(folder, levels, bound);
        return (await shown, said);
    }

    private static List<VlcFrame> ReadFrames(Stream stream, CaptionBand plain) =>
    [
        .. RawPictures.Read(stream).Select(picture =>
        {
            var frame = Barcode.ReadLuma(picture.Planes, picture.Width, picture.Height);
            return new VlcFrame(frame, picture.At, frame is { } read && plain.IsDrawnOver(read, picture.Planes, picture.Width, picture.Height));
        }),
    ];
}
