using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>Cuts captions into WebVTT Media Segments (RFC 8216 section 3.5).</summary>
public static class CaptionSegment
{
    /// <summary>What is served when nothing better can be (rule W5): a valid file without cues, and without a map, for that would be a guess.</summary>
    public static ReadOnlyMemory<byte> Empty { get; } = "WEBVTT\n\n"u8.ToArray();

    /// <summary>
    /// The segment of one window: every cue that overlaps <c>[startMs, endMs)</c> with its whole original times (rule W4), so that a
    /// cue over a segment's border is shown once and unbroken, and nothing later than the content.
    /// </summary>
    /// <param name="startMs">Milliseconds from the content's start.</param>
    /// <param name="contentEndMs">No cue starts at or ends after it.</param>
    /// <param name="mpegts">
    /// PTS, 90 kHz, at which cue time <paramref name="localMs"/> stands (rule W2): the first video PTS of the content, or of the window's range
    /// where the content has discontinuities of its own.
    /// </param>
    /// <param name="localMs">
    /// Where that range starts. Written as LOCAL and not subtracted from the PTS: ranges count from 0 again, the difference would be negative, and
    /// not every player takes a time modulo 2^33.
    /// </param>
    public static byte[] Render(CaptionFile file, int startMs, int endMs, int contentEndMs, long mpegts, int localMs = 0)
    {
        var segment = Head(mpegts, localMs).Append(file.Head);
        var (first, end) = file.Near(startMs, Math.Min(endMs, contentEndMs));
        for (var i = first; i < end; i++)
        {
            var cue = file.Cues[i];
            if (cue.EndMs > startMs)
                Append(segment, cue with { EndMs = Math.Min(cue.EndMs, contentEndMs) });
        }

        return Encoding.UTF8.GetBytes(segment.ToString());
    }

    /// <summary>The segment of the trailer's window (rule W3): one cue of a single space that cannot break, over the whole window.</summary>
    /// <remarks>
    /// VLC drops the whole trailer when its window holds no cue. Browsers draw a dark box behind any text, even a space, so the
    /// settings give it no space: measured, Chromium 156's own text tracks (hls.js shows captions through them) draw nothing at size 0,
    /// and Shaka Player 5.2 takes a cue of such a space for empty. video.js 8.24 overrides size and place: it leaves a box
    /// of 1 % by 5 % of the picture, which position and line at least move into the corner.
    /// </remarks>
    /// <param name="mpegts">First video PTS of the trailer, 90 kHz: cue time 0 is the trailer's start.</param>
    /// <param name="durationMs">Length of the trailer.</param>
    public static byte[] Blank(long mpegts, int durationMs)
    {
        var segment = Head(mpegts);
        Append(segment, new CaptionCue(0, Math.Max(1, durationMs), null, BlankSettings, "&nbsp;"));
        return Encoding.UTF8.GetBytes(segment.ToString());
    }

    /// <summary>The whole file as WebVTT without a map: for editors and downloads, not for players.</summary>
    public static byte[] Whole(CaptionFile file)
    {
        var whole = new StringBuilder(512).Append("WEBVTT\n\n").Append(file.Head);
        foreach (var cue in file.Cues)
            Append(whole, cue);
        return Encoding.UTF8.GetBytes(whole.ToString());
    }

    private const string BlankSettings = "line:100% position:100% size:0% align:end";

    private static StringBuilder Head(long mpegts, int localMs = 0) => CaptionTime.Append(
        new StringBuilder(512).Append(CultureInfo.InvariantCulture, $"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{MpegClock.Wrapped(mpegts)},LOCAL:"), localMs).Append("\n\n");

    private static void Append(StringBuilder segment, CaptionCue cue)
    {
        if (cue.Id is not null)
            segment.Append(cue.Id).Append('\n');
        CaptionTime.Append(segment, cue.StartMs).Append(" --> ");
        CaptionTime.Append(segment, cue.EndMs);
        if (cue.Settings.Length > 0)
            segment.Append(' ').Append(cue.Settings);
        segment.Append('\n').Append(cue.Text).Append("\n\n");
    }
}
