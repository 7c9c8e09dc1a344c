using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;

namespace HlsGateway.Trailers;

/// <summary>One immutable version of a trailer, with the copies that have been conditioned so far.</summary>
/// <param name="Name">Library name.</param>
/// <param name="Id">First four bytes, big endian, of the SHA-256 of the trailer's source; what a session token pins. Never 0.</param>
/// <param name="Source">What is known of the source; the same for all copies.</param>
/// <param name="Copies">Those that all videos of a shape share, by the shape's profile.</param>
internal sealed record TrailerVersion(string Name, uint Id, TrailerSource Source, FrozenDictionary<string, TrailerCopy> Copies)
{
    /// <summary>No longer shown to anybody, permanently.</summary>
    public bool Withdrawn { get; init; }

    /// <summary>Eight lower-case hexadecimal digits.</summary>
    public string Hash => Id.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary><c>name@hash8</c>.</summary>
    public string Label => $"{Name}@{Hash}";

    /// <summary><c>trailers/{name}/{hash8}/</c>: where the source, the version's record and its copies are in the store.</summary>
    public string KeyPrefix => $"trailers/{Name}/{Hash}/";

    /// <summary>
    /// The copy of a shape; null where there is none. A continuing copy is derived from the shared one: that it is returned does not
    /// mean that its objects are in the store.
    /// </summary>
    public TrailerCopy? CopyOf(RenditionShape shape) =>
        !Copies.TryGetValue((shape with { Continues = null }).Profile, out var shared) ? null
        : shape.Continues is null ? shared
        : shared.Behind(shape);

    /// <summary>The same for a profile that a client named.</summary>
    public TrailerCopy? CopyOf(string profile) =>
        Copies.TryGetValue(profile, out var shared) ? shared
        : RenditionShape.TryParse(profile, out var shape) && ConditioningArguments.Supports(shape) ? CopyOf(shape)
        : null;

    /// <summary>
    /// Upper bound of every segment of every copy, those included that are not made yet, so that EXT-X-TARGETDURATION is the same in
    /// all Renditions of all sessions (rule S3).
    /// </summary>
    public int LongestSegmentMs => new TrailerGrid(Source.DurationMs).LongestSegmentMs;
}

/// <summary>A trailer's source as it was probed when it entered the library.</summary>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
/// <param name="Bytes">Size of the source.</param>
/// <param name="DurationMs">Of the picture; every copy lasts as long, to a frame (rule S2).</param>
/// <param name="HasAudio">False: copies for content with sound get silence (rule S7).</param>
/// <param name="AddedAt">When it entered the library; the latest version of a name is the current one.</param>
internal sealed record TrailerSource(string Sha256, long Bytes, int DurationMs, bool HasAudio, DateTimeOffset AddedAt);

/// <summary>A trailer conditioned for one shape of Rendition (rules S2, S6, S7).</summary>
/// <param name="Profile">The shape's key.</param>
/// <param name="KeyPrefix">Where its objects are in the store: <c>trailers/{name}/{hash8}/{profile}/</c>.</param>
/// <param name="Init">fMP4: file name of the initialization section; otherwise null.</param>
/// <param name="Segments">In play order.</param>
/// <param name="FirstVideoPts">PTS of the first video frame, 90 kHz; that of the first audio frame where the copy has no video.</param>
/// <param name="PeakBandwidth">Bits per second.</param>
/// <param name="Codecs">RFC 6381.</param>
internal sealed record TrailerCopy(
    string Profile, string KeyPrefix, string? Init, ImmutableArray<TrailerSegment> Segments, long FirstVideoPts, int PeakBandwidth, string Codecs)
{
    public int LengthMs => Segments[^1].StartMs + Segments[^1].DurationMs;

    /// <summary>The continuing copy with the same pictures and sounds.</summary>
    /// <param name="shape">This copy's own, with <see cref="RenditionShape.Continues"/>.</param>
    public TrailerCopy Behind(RenditionShape shape) => this with
    {
        Profile = shape.Profile,
        KeyPrefix = $"{KeyPrefix[..^(Profile.Length + 1)]}{shape.Profile}/",
        FirstVideoPts = (shape.Continues ?? throw new ArgumentException("The shape does not continue any content.", nameof(shape))) * ContentEnd.Step,
    };

    /// <summary>The same as decimal seconds, exact.</summary>
    public string Length => Segments.Sum(s => decimal.Parse(s.Duration, CultureInfo.InvariantCulture)).ToString("0.######", CultureInfo.InvariantCulture);
}

/// <param name="File">Object name below the copy's prefix (<c>0.ts</c>).</param>
/// <param name="Duration">True seconds as decimal text, probed.</param>
/// <param name="StartMs">Start on the trailer's timeline.</param>
internal readonly record struct TrailerSegment(string File, string Duration, int StartMs, int DurationMs);
