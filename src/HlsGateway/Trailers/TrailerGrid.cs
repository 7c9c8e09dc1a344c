using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Media;

namespace HlsGateway.Trailers;

/// <summary>
/// The one segment grid of all copies of a trailer (rule S2): equal parts of its duration, each boundary moved to the nearest whole
/// video frame or audio frame of the copy. So copies at any two rates agree to within one frame, at each boundary and at the end.
/// </summary>
/// <param name="DurationMs">The trailer's duration, a positive number of milliseconds.</param>
internal readonly record struct TrailerGrid(int DurationMs)
{
    /// <summary>Samples in one AAC frame.</summary>
    public const int AudioFrame = 1024;

    /// <summary>
    /// Slowest rates that a copy is made for: with them no boundary moves further than half of <see cref="LongestFrameMs"/>.
    /// </summary>
    public const int LowestFrameRate = 8;

    private const int LongestFrameMs = 128;

    /// <summary>Leaves room for a moved boundary below the 4 seconds that a segment may last.</summary>
    private const int TargetMs = 3750;

    public int Segments => (DurationMs + TargetMs - 1) / TargetMs;

    /// <summary>An upper bound for every segment of every copy, known before any copy is made (rule S3).</summary>
    public int LongestSegmentMs => ((DurationMs + Segments - 1) / Segments) + LongestFrameMs;

    /// <summary>First video frame of each segment, then the number of frames of the whole.</summary>
    public ImmutableArray<int> VideoFrames(FrameRate rate)
    {
        var (duration, segments) = (DurationMs, Segments);
        return [.. Enumerable.Range(0, segments + 1).Select(k => rate.FramesIn((double)duration * k / segments))];
    }

    /// <summary>
    /// First AAC frame of each segment of a copy without video, then the number of frames of the whole: a segment begins with the
    /// first frame that starts on or after its boundary, as ffmpeg's segmenter cuts.
    /// </summary>
    public ImmutableArray<int> AudioFrames(int sampleRate)
    {
        var part = SegmentMicroseconds;
        var starts = Enumerable.Range(0, Segments).Select(k => (int)Math.Ceiling((decimal)part * k * sampleRate / (AudioFrame * 1_000_000m)));
        return [.. starts, new FrameRate(sampleRate, AudioFrame).FramesIn(DurationMs)];
    }

    public long SegmentMicroseconds => DurationMs * 1000L / Segments;

    /// <summary>The segments of a copy whose boundaries are <paramref name="frames"/> at <paramref name="rate"/>.</summary>
    public static ImmutableArray<TrailerSegment> Segment(ImmutableArray<int> frames, FrameRate rate, string extension)
    {
        var segments = ImmutableArray.CreateBuilder<TrailerSegment>(frames.Length - 1);
        for (var k = 0; k + 1 < frames.Length; k++)
        {
            var start = Milliseconds(rate.SecondsOf(frames[k]));
            var end = Milliseconds(rate.SecondsOf(frames[k + 1]));
            var seconds = decimal.Round(rate.SecondsOf(frames[k + 1] - frames[k]), 6);
            segments.Add(new TrailerSegment(
                string.Create(CultureInfo.InvariantCulture, $"{k}.{extension}"),
                seconds.ToString("0.######", CultureInfo.InvariantCulture), start, end - start));
        }
        return segments.MoveToImmutable();
    }

    private static int Milliseconds(decimal seconds) => (int)decimal.Round(seconds * 1000, MidpointRounding.AwayFromZero);
}
