using System.Diagnostics.CodeAnalysis;

namespace HlsGateway.Playlists;

/// <summary>The places in a playlist where a URI stands (RFC 8216 section 4.3; draft-pantos-hls-rfc8216bis section 4.4).</summary>
public enum UriKind
{
    /// <summary>The line after EXT-X-STREAM-INF. <see cref="UriSite.Index"/> counts Variant Streams.</summary>
    VariantStream,

    /// <summary>EXT-X-MEDIA URI. <see cref="UriSite.Index"/> counts EXT-X-MEDIA tags.</summary>
    Rendition,

    /// <summary>EXT-X-I-FRAME-STREAM-INF or EXT-X-IMAGE-STREAM-INF URI. <see cref="UriSite.Index"/> counts these tags.</summary>
    IFrameStream,

    /// <summary>A Media Segment. <see cref="UriSite.Index"/> counts segments from 0.</summary>
    Segment,

    Map,
    Key,
    SessionKey,
    SessionData,
    ContentSteering,
    Part,
    PreloadHint,
    RenditionReport,
    DateRangeAsset,
}

/// <summary>One URI of a playlist, as the shell is asked about it while a template is compiled (once per playlist, never per viewer).</summary>
/// <param name="Kind">Where it stands.</param>
/// <param name="Index">0-based ordinal among the sites of its kind.</param>
/// <param name="Uri">The URI as written, its variables resolved. One that only the player can resolve is not asked about: it stays.</param>
/// <param name="Duration">Media Segments only: seconds as the shortest decimal of EXTINF (<c>4</c>, <c>2.8</c>, <c>3.337</c>); otherwise null.</param>
/// <param name="StartMs">Media Segments only: start on the content's timeline, milliseconds, the sum of the exact durations before it, rounded once.</param>
/// <param name="DurationMs">Media Segments only: rounded end minus rounded start, so that neighbours touch.</param>
/// <param name="Line">1-based line of the URI.</param>
public readonly record struct UriSite(UriKind Kind, int Index, string Uri, string? Duration, int StartMs, int DurationMs, int Line);

/// <summary>What is written in a URI's place. With a non-null <paramref name="AfterToken"/> the session token stands between the two parts.</summary>
/// <remarks><see cref="Keep"/> leaves the URI byte for byte as it is (rule D2).</remarks>
public readonly record struct RewrittenUri(string? BeforeToken, string? AfterToken)
{
    public static RewrittenUri Keep => default;

    [MemberNotNullWhen(false, nameof(BeforeToken))]
    public bool IsKeep => BeforeToken is null;
}

/// <summary>Asks the shell what stands in a URI's place.</summary>
public delegate RewrittenUri UriRewriter(in UriSite site);
