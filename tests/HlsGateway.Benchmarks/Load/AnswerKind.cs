namespace HlsGateway.Benchmarks.Load;

/// <summary>What a viewer asks for.</summary>
internal enum AnswerKind
{
    Master,
    Media,
    CaptionPlaylist,
    Segment,
    CaptionSegment,
}
