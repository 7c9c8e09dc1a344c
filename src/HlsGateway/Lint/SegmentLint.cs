using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Playlists;

namespace HlsGateway.Lint;

/// <summary>A segment as the check follows it.</summary>
/// <param name="Line">Of its URI in the playlist.</param>
/// <param name="Trailer">The segment is part of what was spliced in, which must obey rule S2 by itself.</param>
internal readonly record struct FollowedSegment(MediaSegment Segment, int Line, bool Trailer);

/// <summary>
/// Follows one Rendition segment by segment in its own bytes: containers, timestamps, key frames and true durations (rules S1, S2,
/// S6, S7). Nothing is decoded.
/// </summary>
/// <param name="name">What findings call the playlist.</param>
/// <param name="independent">EXT-X-INDEPENDENT-SEGMENTS holds: each segment has to begin with an IDR frame.</param>
internal sealed class SegmentLint(string name, bool independent)
{
    /// <summary>Rounding of EXTINF and of a container's clock.</summary>
    private const double RoundingMs = 1;

    private readonly ImmutableArray<LintFinding>.Builder findings = ImmutableArray.CreateBuilder<LintFinding>();
    private readonly ImmutableArray<long?>.Builder rangeStarts = ImmutableArray.CreateBuilder<long?>();
    private (FollowedSegment At, string Container, SegmentInspection Found)? last;
    private double audioFrameMs;

    public IEnumerable<LintFinding> Findings => findings;

    /// <summary>First video PTS of each range between discontinuities, 90 kHz; null where it could not be read.</summary>
    public ImmutableArray<long?> RangeStarts => rangeStarts.ToImmutable();

    /// <summary>Whether any segment holds sound.</summary>
    public bool HasAudio { get; private set; }

    /// <summary>A segment that could not be read: the next one is not compared with the one before.</summary>
    public void Skip(in FollowedSegment at, LintFinding? reason)
    {
        Close();
        last = null;
        if (reason is not null)
            findings.Add(reason);
        if (rangeStarts.Count == 0 || at.Segment.Discontinuity)
            rangeStarts.Add(null);
    }

    public void Add(in FollowedSegment at, ReadOnlySpan<byte> init, ReadOnlySpan<byte> bytes)
    {
        var (container, found) = Inspect(init, bytes);
        if (found is null)
        {
            Skip(at, LintFinding.Error("S6", name, "The segment is neither MPEG-TS, fMP4 behind its EXT-X-MAP nor packed audio.", at.Line));
            return;
        }

        HasAudio |= found.Audio.HasValue;
        if (rangeStarts.Count == 0 || at.Segment.Discontinuity)
            rangeStarts.Add((found.Video ?? found.Audio)?.FirstPts);
        if (!found.BeginsWithTables)
            Error("S2", "The segment does not begin with PAT and PMT.", at);
        if (found.Video.HasValue && !found.BeginsWithKeyFrame)
        {
            if (at.Trailer || independent)
                Error("S2", "The segment does not begin with an IDR frame.", at);
            else
                findings.Add(LintFinding.Warning("S2", name, "The segment does not begin with an IDR frame; a player that changes to it shows nothing until the next one.", at.Line));
        }

        Follow(at, container, found);
        last = (at, container, found);
    }

    /// <summary>The last segment of the playlist has no neighbour to be measured by.</summary>
    public void Close()
    {
        if (last is { } ended)
            CheckDuration(ended.At, ended.Found, next: null);
    }

    private void Follow(in FollowedSegment at, string container, SegmentInspection found)
    {
        if (last is not { } before)
            return;
        if (container != before.Container)
            Error("S6", $"The segment is {container} where the one before is {before.Container}.", at);
        if (found.Audio.HasValue != before.Found.Audio.HasValue)
            Error("S7", found.Audio.HasValue ? "The segment holds sound where the one before has none; players stall and do not recover." : "The segment holds no sound where the one before does; players stall and do not recover.", at);
        if (found.Video.HasValue != before.Found.Video.HasValue)
            Error("S7", "Picture begins or ends here; players stall and do not recover.", at);
        if (found.AvcCodec is { } codec && before.Found.AvcCodec is { } former && !codec.AsSpan(0, 7).SequenceEqual(former.AsSpan(0, 7)))
            findings.Add(LintFinding.Warning("S7", name, $"The H.264 profile changes from {former} to {codec}.", at.Line));
        CheckDuration(before.At, before.Found, at.Segment.Discontinuity ? null : found);
        if (!at.Segment.Discontinuity)
            CheckContinuity(at, before.Found, found);
    }

    private void CheckContinuity(in FollowedSegment at, SegmentInspection before, SegmentInspection found)
    {
        if (before.Video is not { Frames: > 1 } old || found.Video is not { } now)
            return;
        var frame = Ms(old.FirstPts, old.LastPts) / (old.Frames - 1);
        var gap = Ms(old.LastPts, now.FirstPts);
        if (gap <= 0)
            Error("S1", string.Create(CultureInfo.InvariantCulture, $"The picture goes back {-gap:0} ms without EXT-X-DISCONTINUITY."), at);
        else if (gap > (2 * frame) + RoundingMs)
            Error("S1", string.Create(CultureInfo.InvariantCulture, $"The picture jumps {gap - frame:0} ms ahead without EXT-X-DISCONTINUITY."), at);
    }

    /// <summary>EXTINF is true when it tells the length of any track to within one of its frames (rule S2).</summary>
    private void CheckDuration(in FollowedSegment at, SegmentInspection found, SegmentInspection? next)
    {
        var lengths = new List<(double Ms, double Frame)>(2);
        if (found.Video is { Frames: > 1 } video)
        {
            var frame = Ms(video.FirstPts, video.LastPts) / (video.Frames - 1);
            lengths.Add((next?.Video is { } after ? Ms(video.FirstPts, after.FirstPts) : video.Frames * frame, frame));
        }

        if (found.Audio is { Frames: > 0 } audio)
        {
            if (next?.Audio is { } after)
                audioFrameMs = Ms(audio.FirstPts, after.FirstPts) / audio.Frames;
            if (audioFrameMs > 0)
                lengths.Add((audio.Frames * audioFrameMs, audioFrameMs));
        }

        if (lengths.Count == 0 || !double.TryParse(at.Segment.Duration, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            || lengths.Exists(l => Math.Abs((seconds * 1000) - l.Ms) <= l.Frame + RoundingMs))
            return;
        Error("S2", string.Create(CultureInfo.InvariantCulture, $"EXTINF says {at.Segment.Duration} s, but the segment lasts {lengths[0].Ms / 1000:0.###} s."), at);
    }

    private static (string Container, SegmentInspection? Found) Inspect(ReadOnlySpan<byte> init, ReadOnlySpan<byte> bytes)
    {
        SegmentInspection? found;
        if (init.Length > 0)
            return ("fMP4", Fmp4Segment.TryInspect(init, bytes, out found) ? found : null);
        if (bytes.Length > 0 && bytes[0] == 0x47)
            return ("MPEG-TS", TsSegment.TryInspect(bytes, out found) ? found : null);
        return AdtsFrames.TryInspect(bytes, out found) ? ("packed audio", found) : Fmp4Segment.TryInspect(bytes, bytes, out found) ? ("fMP4", found) : ("", null);
    }

    private void Error(string rule, string message, in FollowedSegment at) => findings.Add(LintFinding.Error(rule, name, message, at.Line));

    /// <summary>From one PTS to another, milliseconds; both are 33 bits wide and may have wrapped between.</summary>
    private static double Ms(long from, long to) => MpegClock.Distance(from, to) / (double)MpegClock.TicksPerMs;
}
