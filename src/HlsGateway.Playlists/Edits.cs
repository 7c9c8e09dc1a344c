namespace HlsGateway.Playlists;

/// <summary>What is changed in a Master Playlist when it is compiled.</summary>
public sealed class MasterEdit
{
    /// <summary>Asked for every URI of the playlist.</summary>
    public required UriRewriter Rewrite { get; init; }

    /// <summary>Captions to add (rule W1); empty leaves the subtitle groups untouched.</summary>
    public IReadOnlyList<CaptionRendition> Captions { get; init; } = [];

    /// <summary>
    /// Null: no trailer. Otherwise asked per Variant Stream (0-based) for the trailer copy's peak bit rate and codecs (rule S9);
    /// EXT-X-I-FRAME-STREAM-INF and EXT-X-IMAGE-STREAM-INF tags are left out then, since their playlists carry no trailer (rule S1).
    /// </summary>
    public Func<int, TrailerPeak>? Trailer { get; init; }

    /// <summary>The trailer's length: EXT-X-START keeps its place in the content (rule S10).</summary>
    public int TrailerDurationMs { get; init; }

    /// <summary>The trailer stands before the content and not after it.</summary>
    public bool TrailerBefore { get; init; }

    /// <summary>
    /// The steering manifest's URI (draft-pantos-hls-rfc8216bis section 4.4.6.6), told to players of a playlist that names no pathways of its
    /// own: all of its Variant Streams are the pathway <c>.</c>, which the manifest may clone. <see cref="RewrittenUri.Keep"/>: none is told.
    /// </summary>
    public RewrittenUri Steering { get; init; }
}

/// <summary>A trailer copy's share in a Variant Stream's attributes.</summary>
/// <param name="Bandwidth">Peak bit rate of the trailer copy (video and audio), bits per second.</param>
/// <param name="Codecs">RFC 6381 codecs of the copy, comma separated (<c>avc1.64001f,mp4a.40.2</c>).</param>
public readonly record struct TrailerPeak(int Bandwidth, string Codecs);

/// <summary>One caption Rendition that is added to a Master Playlist.</summary>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Name">Human readable; made unique in its group by the compiler.</param>
/// <param name="Default">DEFAULT=YES is asked for; at most one Rendition of the group gets it.</param>
/// <param name="Characteristics">Comma separated UTIs, or null.</param>
/// <param name="Uri">The caption playlist.</param>
public sealed record CaptionRendition(string Language, string Name, bool Default, string? Characteristics, RewrittenUri Uri);

/// <summary>What is changed in a Media Playlist when it is compiled.</summary>
public sealed class MediaEdit
{
    public required UriRewriter Rewrite { get; init; }

    /// <summary>Spliced after or before the content (rules S1 to S6); null, or a playlist without EXT-X-ENDLIST (rule S11), splices nothing.</summary>
    public SplicedTrailer? Trailer { get; init; }

    /// <summary>Announced in place of a splice; null, or a playlist without EXT-X-ENDLIST, announces nothing.</summary>
    public Interstitial? Interstitial { get; init; }
}

/// <summary>A trailer that the player fetches and plays by itself (draft-pantos-hls-rfc8216bis appendix D).</summary>
/// <param name="Id">The same in all Media Playlists of a session.</param>
/// <param name="Asset">Its playlist.</param>
/// <param name="Duration">Seconds, decimal text.</param>
/// <param name="Before">It plays before the content and not after it.</param>
public sealed record Interstitial(string Id, RewrittenUri Asset, string Duration, bool Before);

/// <summary>A trailer as one Media Playlist carries it.</summary>
/// <param name="Segments">At least one.</param>
/// <param name="Map">fMP4: the trailer's own EXT-X-MAP; null for MPEG-TS, packed audio and WebVTT.</param>
/// <param name="LongestSegmentMs">
/// The longest segment that any Media Playlist of the session has to announce, milliseconds: the longest trailer segment over all copies
/// and, where the session's other playlists are known, their EXT-X-TARGETDURATION, so that it agrees in all Renditions (rule S3).
/// </param>
public sealed record SplicedTrailer(IReadOnlyList<SplicedSegment> Segments, RewrittenUri? Map, int LongestSegmentMs)
{
    /// <summary>It stands before the content and not after it.</summary>
    public bool Before { get; init; }

    /// <summary>Bits per second, written as EXT-X-BITRATE where the content's would otherwise apply to the trailer too (rule S10); 0 when unknown.</summary>
    public int Bandwidth { get; init; }
}

/// <param name="Duration">True seconds for EXTINF, decimal text (rule S2).</param>
public readonly record struct SplicedSegment(string Duration, RewrittenUri Uri);
