using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway.Playback;

/// <summary>
/// Which video a path belonged to when its Master Playlist was last served: how a request whose query was stripped (rule H4) is told
/// from the beginning of a session. Bounded; forgetting costs an anonymous request its video's name, nothing else.
/// </summary>
internal sealed class KnownChildren : IDisposable
{
    private const int Entries = 100_000;

    private readonly MemoryCache memory = new(new MemoryCacheOptions { SizeLimit = Entries });

    /// <param name="path">A child playlist's path below <c>/watch/</c>.</param>
    public void Note(string path, string video)
    {
        var options = new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromHours(24) };
        memory.Set(path, video, options);
        memory.Set(WatchPath.Folder(path).ToString(), video, options);
    }

    /// <summary>The video of a child playlist, or of a folder that holds one; null when none is known.</summary>
    public string? VideoOf(string path) => memory.TryGetValue(path, out string? video) ? video : null;

    public void Dispose() => memory.Dispose();
}
