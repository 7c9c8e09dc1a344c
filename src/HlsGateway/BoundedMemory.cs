using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway;

/// <summary>
/// Makes caches that are bounded in bytes. A bound on the number of entries does not bound memory: an address may be 8 KB long, and
/// the client that sends it decides how long.
/// </summary>
internal static class BoundedMemory
{
    /// <summary>What an entry takes besides what its key and value hold: the cache's own object, its place in the dictionary, a boxed key.</summary>
    public const int EntryWeight = 400;

    public static MemoryCache Cache(long bytes) => new(new MemoryCacheOptions { SizeLimit = bytes, CompactionPercentage = 0.2 });

    /// <param name="bytes">Of what key and value hold (<see cref="Playlists.Weights"/>).</param>
    public static MemoryCacheEntryOptions Entry(long bytes) => new() { Size = EntryWeight + bytes };
}
