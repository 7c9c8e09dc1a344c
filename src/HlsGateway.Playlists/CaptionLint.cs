using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>Rules that one WebVTT Media Segment obeys or breaks by itself: W2, W3 and W4. Pure.</summary>
public static class CaptionLint
{
    /// <summary>How far a cue may be from its moment, milliseconds: less than a viewer notices.</summary>
    private const int ToleranceMs = 50;

    /// <param name="where">What findings call the segment's playlist.</param>
    /// <param name="line">Of the segment's URI in it.</param>
    /// <param name="segment">The file's bytes.</param>
    /// <param name="rangePts">First video PTS, 90 kHz, behind the last discontinuity before the segment; null where no video could be read.</param>
    /// <param name="rangeStartMs">Where that discontinuity stands: cues count from it, or from the playlist's start.</param>
    /// <param name="trailer">The window of the trailer: without a cue some player drops the trailer's picture too.</param>
    public static ImmutableArray<LintFinding> Check(string where, int line, ReadOnlySpan<byte> segment, long? rangePts, int rangeStartMs, bool trailer)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        if (!WebVtt.IsText(segment, out var error))
            return [LintFinding.Error("W2", where, $"The caption segment is no text. {error.Reason}", line)];
        if (!WebVtt.HasHeader(segment))
            return [LintFinding.Error("W2", where, "The caption segment does not begin with WEBVTT.", line)];
        var lines = Encoding.UTF8.GetString(segment).ReplaceLineEndings("\n").Split('\n');
        CheckMap(where, line, lines, rangePts, rangeStartMs, findings);

        var cues = Array.FindAll(lines, l => l.Contains("-->", StringComparison.Ordinal));
        if (trailer && cues.Length == 0)
            findings.Add(LintFinding.Error("W3", where, "The trailer's caption window holds no cue; VLC drops the trailer when captions are on.", line));
        var ids = lines.Zip(lines.Skip(1)).Where(pair => pair.First.Length > 0 && pair.Second.Contains("-->", StringComparison.Ordinal)).Select(pair => pair.First);
        if (ids.GroupBy(id => id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            findings.Add(LintFinding.Error("W4", where, $"Two cues of the caption segment have the id {twice.Key}; players show one of them.", line));
        return findings.ToImmutable();
    }

    private static void CheckMap(string where, int line, string[] lines, long? rangePts, int rangeStartMs, ImmutableArray<LintFinding>.Builder findings)
    {
        const string Tag = "X-TIMESTAMP-MAP=";
        if (lines.Length < 2 || !lines[1].StartsWith(Tag, StringComparison.Ordinal))
        {
            findings.Add(LintFinding.Error("W2", where, "X-TIMESTAMP-MAP is missing behind WEBVTT; cues stand early by the content's first PTS.", line));
            return;
        }

        if (!TryReadMap(lines[1][Tag.Length..], out var zero))
            findings.Add(LintFinding.Error("W2", where, $"{lines[1]} names no MPEGTS and LOCAL time.", line));
        else if (lines.Length > 2 && lines[2].Length > 0)
            findings.Add(LintFinding.Error("W2", where, "No blank line stands behind X-TIMESTAMP-MAP.", line));
        else if (rangePts is { } pts && Math.Min(OffMs(zero, pts), OffMs(zero, pts - (90L * rangeStartMs))) is > ToleranceMs and var off)
            findings.Add(LintFinding.Error("W2", where, $"X-TIMESTAMP-MAP puts cues {off} ms away from the video, whose first PTS is {pts}.", line));
    }

    /// <param name="zero">PTS of cue time 0, 90 kHz.</param>
    private static bool TryReadMap(string map, out long zero)
    {
        zero = 0;
        long? mpegts = null;
        double? local = null;
        foreach (var part in map.Split(','))
        {
            if (part.StartsWith("MPEGTS:", StringComparison.Ordinal) && long.TryParse(part.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
                mpegts = ticks;
            else if (part.StartsWith("LOCAL:", StringComparison.Ordinal)
                && TimeSpan.TryParseExact(part.AsSpan(6), [@"hh\:mm\:ss\.fff", @"mm\:ss\.fff"], CultureInfo.InvariantCulture, out var time))
                local = time.TotalMilliseconds;
        }

        if (mpegts is null || local is null)
            return false;
        zero = mpegts.Value - (long)(local.Value * 90);
        return true;
    }

    /// <summary>Distance of two PTS, which are 33 bits wide.</summary>
    private static long OffMs(long left, long right) => Math.Abs(MpegClock.Distance(left, right)) / MpegClock.TicksPerMs;
}
