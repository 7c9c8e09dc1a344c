using System.Collections.Immutable;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>A video as it can be measured, an origin's or one of ours.</summary>
/// <param name="Version">Of the playlist that was served; facts are kept under it.</param>
/// <param name="Playlists">URIs of the Media Playlists as the Master Playlist writes them: Variant Streams first. One entry where the video is itself a Media Playlist.</param>
/// <param name="ReadAsync">Reads the beginning of a playlist's first segment; throws <see cref="ContentUnreadableException"/>.</param>
internal sealed record ContentSource(
    string Video, string Version, ImmutableArray<string> Playlists, Func<string, CancellationToken, Task<FirstSegment>> ReadAsync)
{
    /// <summary>Reads the first segment behind the n-th discontinuity of the first playlist, from 1 on; null behind the last.</summary>
    public Func<int, CancellationToken, Task<(int StartMs, FirstSegment Segment)?>> ReadRangeAsync { get; init; } =
        (_, _) => Task.FromResult<(int, FirstSegment)?>(null);

    /// <summary>Reads a playlist's last segment, whole; null where the playlist has a discontinuity or no end, or the segment is larger than what is read.</summary>
    public Func<string, CancellationToken, Task<FirstSegment?>> ReadLastAsync { get; init; } = (_, _) => Task.FromResult<FirstSegment?>(null);
}

/// <summary>What is needed to measure a Rendition.</summary>
/// <param name="Unsupported">Set where nothing was read because no trailer could follow: a reason of <see cref="RenditionFacts.Unsupported"/>.</param>
/// <param name="Init">The initialization section; empty without EXT-X-MAP.</param>
/// <param name="Bytes">The first segment, or as much of its beginning as was allowed.</param>
/// <param name="Key">AES-128: 16 bytes; null when clear.</param>
/// <param name="Iv">16 bytes with a key.</param>
internal sealed record FirstSegment(string? Unsupported, ReadOnlyMemory<byte> Init, ReadOnlyMemory<byte> Bytes, byte[]? Key = null, byte[]? Iv = null)
{
    /// <summary>Of the Media Playlist that it is in; null where it was not asked for.</summary>
    public PlaylistTiming? Timing { get; init; }
}

/// <summary>The content could not be measured now; it may be later.</summary>
internal sealed class ContentUnreadableException(string message) : Exception(message);
