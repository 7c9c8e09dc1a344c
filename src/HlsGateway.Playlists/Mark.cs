namespace HlsGateway.Playlists;

/// <summary>The places where compiling may change a playlist; all bytes between them are copied.</summary>
internal enum MarkKind : byte
{
    /// <summary>After the first line: where header tags are added.</summary>
    AfterFirstLine,

    /// <summary>A URI on its own line.</summary>
    UriLine,

    /// <summary>The value of a URI attribute, quotation marks included.</summary>
    UriAttribute,

    /// <summary>The value of EXT-X-VERSION.</summary>
    Version,

    /// <summary>The value of EXT-X-TARGETDURATION.</summary>
    TargetDuration,

    /// <summary>The TIME-OFFSET of EXT-X-START.</summary>
    StartOffset,

    /// <summary>The value of an EXT-X-BYTERANGE without an offset; <see cref="Mark.Index"/> is the segment's.</summary>
    ByteRange,

    /// <summary>Behind the last header tag before the first segment: where what comes before the content is put.</summary>
    BeforeFirstSegment,

    /// <summary>A whole EXT-X-ENDLIST line.</summary>
    EndList,

    /// <summary>A whole line with a header tag that stood before.</summary>
    Repeated,

    /// <summary>A whole line after the last segment that applies to a next segment.</summary>
    Dangling,

    /// <summary>Where caption Renditions are added to a Master Playlist.</summary>
    Captions,

    /// <summary>The attributes of EXT-X-STREAM-INF; <see cref="Mark.Index"/> is the Variant Stream's, -1 when no URI follows.</summary>
    StreamInf,

    /// <summary>A whole EXT-X-I-FRAME-STREAM-INF or EXT-X-IMAGE-STREAM-INF line.</summary>
    IFrameStream,
}

/// <param name="Start">First byte.</param>
/// <param name="Length">0 for a place where something is only added.</param>
/// <param name="Line">1-based.</param>
/// <param name="Uri">For URIs: what they are.</param>
/// <param name="Index">For URIs: 0-based ordinal among their kind.</param>
internal readonly record struct Mark(MarkKind Kind, int Start, int Length, int Line, UriKind Uri = default, int Index = 0)
{
    public bool IsUri => Kind is MarkKind.UriLine or MarkKind.UriAttribute;
}
