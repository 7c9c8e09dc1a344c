using System.Collections.Frozen;
using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>One immutable version of a trailer, with the copies that have been conditioned so far.</summary>
/// <param name="Name">Library name.</param>
/// <param name="Id">First four bytes, big endian, of the SHA-256 of the trailer's source; what a session token pins. Never 0.</param>
/// <param name="Copies">By the shape's profile.</param>
public sealed record TrailerVersion(string Name, uint Id, FrozenDictionary<string, TrailerCopy> Copies)
{
    /// <summary><c>name@hash8</c>.</summary>
    public string Label => $"{Name}@{Id:x8}";
}

/// <summary>A trailer conditioned for one shape of Rendition (rules S2, S6, S7).</summary>
/// <param name="Profile">The shape's key.</param>
/// <param name="KeyPrefix">Where its objects stand in the store: <c>trailers/{name}/{hash8}/{profile}/</c>.</param>
/// <param name="Init">fMP4: file name of the initialization section; otherwise null.</param>
/// <param name="Segments">In play order.</param>
/// <param name="FirstVideoPts">PTS of the first video frame, 90 kHz; 0 for audio-only copies.</param>
/// <param name="PeakBandwidth">Bits per second.</param>
/// <param name="Codecs">RFC 6381.</param>
public sealed record TrailerCopy(
    string Profile, string KeyPrefix, string? Init, ImmutableArray<TrailerSegment> Segments, long FirstVideoPts, int PeakBandwidth, string Codecs);

/// <param name="File">Object name below the copy's prefix (<c>0.ts</c>).</param>
/// <param name="Duration">True seconds as decimal text, probed.</param>
/// <param name="StartMs">Start on the trailer's timeline.</param>
public readonly record struct TrailerSegment(string File, string Duration, int StartMs, int DurationMs);
