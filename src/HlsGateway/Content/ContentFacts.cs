using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace HlsGateway.Content;

/// <summary>What was measured on each Rendition of a video, by video and version of its Master Playlist.</summary>
public sealed class ContentFacts
{
    private readonly ConcurrentDictionary<(string Video, string Version), ImmutableArray<RenditionFacts>> known = new();

    /// <summary>Never blocks; null while nothing has been measured.</summary>
    public ImmutableArray<RenditionFacts>? TryGet(string video, string playlistVersion) =>
        known.TryGetValue((video, playlistVersion), out var facts) ? facts : null;

    public ValueTask<ImmutableArray<RenditionFacts>?> GetAsync(string video, string playlistVersion, CancellationToken cancellation) => new(TryGet(video, playlistVersion));

    internal void Put(string video, string playlistVersion, ImmutableArray<RenditionFacts> facts) => known[(video, playlistVersion)] = facts;
}
