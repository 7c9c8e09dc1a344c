namespace HlsGateway.Content;

/// <summary>What one track of a segment holds, counted in its bytes.</summary>
/// <param name="Frames">Video frames, or AAC frames.</param>
/// <param name="FirstPts">Earliest presentation time, 90 kHz, unwrapped.</param>
/// <param name="LastPts">Latest presentation time that a frame or PES packet states, 90 kHz, unwrapped.</param>
internal readonly record struct TrackTimes(int Frames, long FirstPts, long LastPts);

/// <summary>A Media Segment as its own bytes describe it; nothing is decoded.</summary>
/// <param name="BeginsWithKeyFrame">The first video frame is an IDR picture (TS) or a sync sample (fMP4).</param>
/// <param name="BeginsWithTables">TS: PAT and PMT stand before the first frame. fMP4: always true.</param>
/// <param name="AvcCodec">RFC 6381 name of the H.264 stream (<c>avc1.64001f</c>), where the bytes hold its parameters; otherwise null.</param>
internal sealed record SegmentInspection(TrackTimes? Video, TrackTimes? Audio, bool BeginsWithKeyFrame, bool BeginsWithTables, string? AvcCodec)
{
    /// <summary>RFC 6381 name from the three bytes behind a sequence parameter set's NAL header.</summary>
    internal static string NameAvc(ReadOnlySpan<byte> parameters) => $"avc1.{Convert.ToHexStringLower(parameters[..3])}";
}
