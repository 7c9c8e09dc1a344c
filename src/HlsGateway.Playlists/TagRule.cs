namespace HlsGateway.Playlists;

/// <summary>The tags that mean something here; all others are copied.</summary>
internal enum Tag : byte
{
    None, Header, MediaSequence, PlaylistType, Version, Start, Define, TargetDuration, EndList, IFramesOnly,
    ExtInf, ByteRange, ProgramDateTime, Key, Map, Bitrate, Discontinuity, SegmentMark,
    StreamInf, Media, IFrameStreamInf, SessionKey, UriOnly, ImagesOnly, Skip,
}

[Flags]
internal enum TagTraits : byte
{
    None = 0,

    /// <summary>Stands at most once in a playlist (rules D5, D6): the first counts, repetitions are left out.</summary>
    Once = 1,

    /// <summary>Applies to the segments after it; after the last one it would apply to a spliced trailer (rule S10).</summary>
    NextSegment = 2,

    /// <summary>Shows that a playlist without segments is a Media Playlist nevertheless.</summary>
    Media = 4,

    /// <summary>Has no value. All other tags are recognized only with a colon and what follows it.</summary>
    Bare = 8,

    /// <summary>Applies to the whole playlist: nothing that is put before the content may come before it (rule S12).</summary>
    Header = 16,
}

/// <summary>What is known about one tag.</summary>
/// <param name="Uris">Attributes that hold a URI.</param>
internal sealed record TagRule(Tag Tag, byte[] Name, TagTraits Traits = TagTraits.None, UriKind Kind = default, params byte[][] Uris)
{
    private static readonly TagRule ExtInf = new(Tag.ExtInf, "#EXTINF"u8.ToArray(), TagTraits.NextSegment);

    private static readonly TagRule[] Others =
    [
        new(Tag.ByteRange, "#EXT-X-BYTERANGE"u8.ToArray(), TagTraits.NextSegment),
        new(Tag.ProgramDateTime, "#EXT-X-PROGRAM-DATE-TIME"u8.ToArray(), TagTraits.NextSegment),
        new(Tag.Discontinuity, "#EXT-X-DISCONTINUITY"u8.ToArray(), TagTraits.Bare | TagTraits.NextSegment),
        new(Tag.Key, "#EXT-X-KEY"u8.ToArray(), TagTraits.NextSegment, UriKind.Key, "URI"u8.ToArray()),
        new(Tag.Map, "#EXT-X-MAP"u8.ToArray(), TagTraits.NextSegment, UriKind.Map, "URI"u8.ToArray()),
        new(Tag.SegmentMark, "#EXT-X-GAP"u8.ToArray(), TagTraits.Bare | TagTraits.NextSegment),
        new(Tag.Bitrate, "#EXT-X-BITRATE"u8.ToArray(), TagTraits.NextSegment),
        new(Tag.SegmentMark, "#EXT-X-PART"u8.ToArray(), TagTraits.NextSegment, UriKind.Part, "URI"u8.ToArray()),
        new(Tag.UriOnly, "#EXT-X-DATERANGE"u8.ToArray(), TagTraits.None, UriKind.DateRangeAsset, "X-ASSET-URI"u8.ToArray(), "X-ASSET-LIST"u8.ToArray()),
        new(Tag.UriOnly, "#EXT-X-PRELOAD-HINT"u8.ToArray(), TagTraits.None, UriKind.PreloadHint, "URI"u8.ToArray()),
        new(Tag.UriOnly, "#EXT-X-RENDITION-REPORT"u8.ToArray(), TagTraits.None, UriKind.RenditionReport, "URI"u8.ToArray()),

        new(Tag.Skip, "#EXT-X-SKIP"u8.ToArray()),

        new(Tag.Header, "#EXTM3U"u8.ToArray(), TagTraits.Bare | TagTraits.Once | TagTraits.Header),
        new(Tag.Version, "#EXT-X-VERSION"u8.ToArray(), TagTraits.Once | TagTraits.Header),
        new(Tag.Header, "#EXT-X-INDEPENDENT-SEGMENTS"u8.ToArray(), TagTraits.Bare | TagTraits.Once | TagTraits.Header),
        new(Tag.Start, "#EXT-X-START"u8.ToArray(), TagTraits.Once | TagTraits.Header),
        new(Tag.Define, "#EXT-X-DEFINE"u8.ToArray(), TagTraits.Header),
        new(Tag.TargetDuration, "#EXT-X-TARGETDURATION"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.MediaSequence, "#EXT-X-MEDIA-SEQUENCE"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.Header, "#EXT-X-DISCONTINUITY-SEQUENCE"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.EndList, "#EXT-X-ENDLIST"u8.ToArray(), TagTraits.Bare | TagTraits.Once | TagTraits.Media),
        new(Tag.PlaylistType, "#EXT-X-PLAYLIST-TYPE"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.IFramesOnly, "#EXT-X-I-FRAMES-ONLY"u8.ToArray(), TagTraits.Bare | TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.ImagesOnly, "#EXT-X-IMAGES-ONLY"u8.ToArray(), TagTraits.Bare | TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.Header, "#EXT-X-ALLOW-CACHE"u8.ToArray(), TagTraits.Header),
        new(Tag.Header, "#EXT-X-PART-INF"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),
        new(Tag.Header, "#EXT-X-SERVER-CONTROL"u8.ToArray(), TagTraits.Once | TagTraits.Media | TagTraits.Header),

        new(Tag.StreamInf, "#EXT-X-STREAM-INF"u8.ToArray()),
        new(Tag.Media, "#EXT-X-MEDIA"u8.ToArray(), TagTraits.None, UriKind.Rendition, "URI"u8.ToArray()),
        new(Tag.IFrameStreamInf, "#EXT-X-I-FRAME-STREAM-INF"u8.ToArray(), TagTraits.None, UriKind.IFrameStream, "URI"u8.ToArray()),
        // Thumbnails (EXT-X-IMAGES-ONLY) are for the seek bar what I-frames are for trick play: neither is watching.
        new(Tag.IFrameStreamInf, "#EXT-X-IMAGE-STREAM-INF"u8.ToArray(), TagTraits.None, UriKind.IFrameStream, "URI"u8.ToArray()),
        new(Tag.SessionKey, "#EXT-X-SESSION-KEY"u8.ToArray(), TagTraits.None, UriKind.SessionKey, "URI"u8.ToArray()),
        new(Tag.UriOnly, "#EXT-X-SESSION-DATA"u8.ToArray(), TagTraits.None, UriKind.SessionData, "URI"u8.ToArray()),
        new(Tag.UriOnly, "#EXT-X-CONTENT-STEERING"u8.ToArray(), TagTraits.None, UriKind.ContentSteering, "SERVER-URI"u8.ToArray()),
    ];

    /// <summary>A comment, or a tag that is none of ours.</summary>
    public static TagRule Unknown { get; } = new(Tag.None, []);

    /// <summary>The rule for a tag's name, number sign included.</summary>
    public static TagRule Of(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(ExtInf.Name))
            return ExtInf;
        foreach (var rule in Others)
        {
            if (name.SequenceEqual(rule.Name))
                return rule;
        }

        return Unknown;
    }

    public bool Has(TagTraits trait) => (Traits & trait) != TagTraits.None;
}
