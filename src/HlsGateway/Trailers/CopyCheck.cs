using HlsGateway.Content;
using HlsGateway.Media;

namespace HlsGateway.Trailers;

/// <summary>Checks a copy segment by segment against rules S2 and S7: its bytes, and not what ffmpeg was asked for.</summary>
/// <param name="rate">Video frames a second, or AAC frames where the copy has no video.</param>
internal sealed class CopyCheck(RenditionShape shape, FrameRate rate)
{
    private int videoFrames;
    private string? avc;

    public long FirstPts { get; private set; } = -1;

    public int AudioFrames { get; private set; }

    /// <summary>RFC 6381; AAC is always written as low complexity.</summary>
    public string Codecs => (avc, shape.HasAudio) switch
    {
        ({ } video, true) => video + ",mp4a.40.2",
        ({ } video, false) => video,
        _ => "mp4a.40.2",
    };

    /// <summary>Null, or what is wrong, as the end of a sentence that begins with the segment.</summary>
    public string? Add(ReadOnlySpan<byte> init, ReadOnlySpan<byte> segment, int frames)
    {
        if (!TryInspect(init, segment, out var found) || found is null)
            return $"cannot be read as {shape.Container}";
        if (found.Video.HasValue != shape.HasVideo || found.Audio.HasValue != shape.HasAudio)
            return "has other tracks than its content";
        if (!found.BeginsWithTables)
            return "does not begin with PAT and PMT";
        var track = (found.Video ?? found.Audio)!.Value;
        var start = FirstPts < 0 ? track.FirstPts : FirstPts + rate.TicksOf(shape.HasVideo ? videoFrames : AudioFrames);
        if (Math.Abs(track.FirstPts - start) > 1)
            return $"begins at {track.FirstPts} instead of {start}";
        if (track.Frames != frames)
            return $"has {track.Frames} frames instead of {frames}";
        if (shape.HasVideo && !found.BeginsWithKeyFrame)
            return "does not begin with an IDR frame";
        if (FirstPts < 0)
            FirstPts = track.FirstPts;
        if (found is { Video: { } video, Audio: { } audio } && videoFrames == 0 && Math.Abs(video.FirstPts - audio.FirstPts) > 1)
            return "begins its picture and its sound at different times";
        avc ??= found.AvcCodec;
        if (shape.HasVideo && avc is null)
            return "has no H.264 parameters";
        videoFrames += found.Video?.Frames ?? 0;
        AudioFrames += found.Audio?.Frames ?? 0;
        return null;
    }

    private bool TryInspect(ReadOnlySpan<byte> init, ReadOnlySpan<byte> segment, out SegmentInspection? found) => shape.Container switch
    {
        "ts" => TsSegment.TryInspect(segment, out found),
        "fmp4" => Fmp4Segment.TryInspect(init, segment, out found),
        _ => AdtsFrames.TryInspect(segment, out found),
    };
}
