using HlsGateway.Catalogue;
using HlsGateway.Playlists;
using HlsGateway.Storage;
using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway.Playback;

/// <summary>
/// Which paths below a published video are its own: its Master Playlist, and what its revision holds in the store. All others are the
/// origin's, which may have videos below the same name.
/// </summary>
internal sealed class PublishedFiles(PublishedVideos published, BlobStore store, OriginCluster cluster) : IDisposable
{
    private const long MostBytes = 8L << 20;

    /// <summary>A revision's objects are all in the store before it is published, and never change: an answer stays right as long as it is kept.</summary>
    private readonly MemoryCache known = BoundedMemory.Cache(MostBytes);

    public bool HasVideo(string video) => published.TryGet(video, out _);

    /// <summary>The object's key; null where the path is not the video's.</summary>
    /// <param name="video">The video's id as people write it.</param>
    public ValueTask<string?> KeyOfAsync(string video, string below, CancellationToken ct)
    {
        if (!published.TryGet(video, out var ours))
            return default;
        var key = ours.KeyPrefix + below;
        // Without an origin it can belong to nobody else.
        if (below == PlaylistAddress.DefaultName || cluster.State is null)
            return new(key);
        if (known.TryGetValue(key, out bool holds))
            return new(holds ? key : null);
        return BlobKey.IsValid(key) ? new(FindAsync(key, ct)) : default;
    }

    public void Dispose() => known.Dispose();

    private async Task<string?> FindAsync(string key, CancellationToken ct)
    {
        try
        {
            var holds = await store.ExistsAsync(key, ct);
            known.Set(key, holds, BoundedMemory.Entry(Weights.Of(key)));
            return holds ? key : null;
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // The store does not answer: a path that cannot be shown to be ours goes to the origin.
            return null;
        }
    }
}
