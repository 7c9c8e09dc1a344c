using HlsGateway.Playlists;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// What is kept of origin playlists and of the templates compiled from them, within one bound of bytes. A template's key holds its
/// playlist object, so that new bytes from the origin can never meet an old template.
/// </summary>
internal sealed class PlaylistCache(IOptions<OriginOptions> options) : IDisposable
{
    // An index over the bytes weighs about as much as the bytes: URIs as strings and a record per segment.
    private const int IndexFactor = 4;

    private readonly MemoryCache memory = new(new MemoryCacheOptions { SizeLimit = options.Value.CacheBytes });

    private readonly record struct FailureKey(OriginTarget Target);

    private readonly record struct AssetKey(string Video, string Below);

    public OriginPlaylist? Find(OriginTarget target, out OriginFailure? failure)
    {
        failure = memory.TryGetValue(new FailureKey(target), out OriginFailure failed) ? failed : null;
        return memory.TryGetValue(target, out OriginPlaylist? playlist) ? playlist : null;
    }

    public void Keep(OriginPlaylist playlist)
    {
        memory.Remove(new FailureKey(playlist.Target));
        memory.Set(playlist.Target, playlist, new MemoryCacheEntryOptions { Size = (playlist.Bytes * (long)IndexFactor) + 1024 });
    }

    public void Remember(OriginTarget target, OriginFailure failure, TimeSpan span)
    {
        if (span > TimeSpan.Zero)
            memory.Set(new FailureKey(target), failure, new MemoryCacheEntryOptions { Size = 1024, AbsoluteExpirationRelativeToNow = span });
    }

    public T? Find<T>(in TemplateKey key)
        where T : class => memory.TryGetValue(key, out T? value) ? value : null;

    public void Keep<T>(in TemplateKey key, T value, PlaylistTemplate template)
        where T : class => memory.Set(key, value, new MemoryCacheEntryOptions { Size = template.Weight + 512 });

    /// <summary>A trailer's own playlist. Whoever makes up paths must not push others' templates out.</summary>
    /// <param name="below">Names all that the template depends on beside the video: Rendition, version and copies.</param>
    public PlaylistTemplate? FindAsset(string video, string below) => memory.TryGetValue(new AssetKey(video, below), out PlaylistTemplate? template) ? template : null;

    public void KeepAsset(string video, string below, PlaylistTemplate template) =>
        memory.Set(new AssetKey(video, below), template, new MemoryCacheEntryOptions { Size = template.Weight + 512, Priority = CacheItemPriority.Low });

    public void Dispose() => memory.Dispose();
}

/// <summary>What a template depends on, beside the bytes of its playlist.</summary>
/// <param name="Playlist">By reference.</param>
/// <param name="Video">The same origin playlist may be played as part of two videos.</param>
/// <param name="ClientPath">Path below the video that the player asked for: relative URIs depend on it.</param>
/// <param name="Variant">Whatever else: role and trailer copy, caption versions.</param>
internal readonly record struct TemplateKey(OriginPlaylist Playlist, string Video, string ClientPath, string Variant);
