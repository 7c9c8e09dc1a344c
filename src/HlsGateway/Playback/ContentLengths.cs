using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway.Playback;

/// <summary>
/// Tells the ledger how long a video's content is: as long as the first Variant Stream of the Master Playlist that decides
/// (<see cref="Masters"/>), whichever of its Renditions viewers ask for, in whatever order. Without a Master Playlist, as long as the Media Playlist.
/// </summary>
internal sealed class ContentLengths(Masters masters, PlaylistOrigin origin, OriginCluster cluster, Outbox outbox, TimeProvider time, ILogger<ContentLengths> log) : IDisposable
{
    private const long MostBytes = 8L << 20;

    /// <summary>How long a viewer waits while no length is known: a session that has fetched everything before then is not completed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How often a known length is checked again.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    /// <param name="Entries">The playlists that it came from; compared by reference.</param>
    private sealed record Answer(object Entries, Task Telling);

    private readonly MemoryCache asked = BoundedMemory.Cache(MostBytes);

    /// <summary>Records the length in the background. Waits, for a bounded time, while none is known yet. Throws only for <paramref name="ct"/>.</summary>
    public ValueTask TellAsync(WatchRequest request, CancellationToken ct)
    {
        var entries = masters.Known(request.Video);
        var last = asked.TryGetValue(request.Video, out Answer? known) ? known : null;
        if (last?.Entries != entries)
        {
            known = new(entries, RunAsync(request));
            _ = asked.Set(request.Video, known, BoundedMemory.Entry(Weights.Of(request.Video)).SetAbsoluteExpiration(Again));
        }

        // A length that another playlist decides is waited for too.
        var isKnown = outbox.KnowsLength(request.VideoName) && (last is null || last == known);
        return known is null || known.Telling.IsCompleted || isKnown ? default : WaitAsync(known.Telling, ct);
    }

    public void Dispose() => asked.Dispose();

    private async ValueTask WaitAsync(Task telling, CancellationToken ct)
    {
        try
        {
            await telling.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            // The origin takes longer; the length is recorded when it arrives.
        }
    }

    private async Task RunAsync(WatchRequest request)
    {
        try
        {
            if (await FindAsync(request.Video, masters.NamedParameters(request)) is { } length)
                outbox.Describe(request.VideoName, length);
        }
        catch (Exception e)
        {
            log.ContentLengthUnknown(e, request.VideoName);
        }
    }

    /// <returns>Milliseconds; null for content without an end, or while the origin does not answer.</returns>
    internal async Task<int?> FindAsync(string video, string named)
    {
        MediaPlaylist? itself = null;
        foreach (var entry in masters.EntriesOf(video))
        {
            var found = await masters.GetAsync(Masters.With(entry, named), CancellationToken.None);
            if (found.Failure is not null)
                return null;
            if (found.Playlist is { Master: { } master } playlist)
                return await FirstVariantAsync(playlist, master, named) is { HasEndList: true, IsDelta: false } media ? media.DurationMs : null;
            itself ??= found.Playlist?.Media;
        }

        return itself is { HasEndList: true, IsDelta: false } ? itself.DurationMs : null;
    }

    /// <summary>The first one that the origin has: nobody can play one that it does not have.</summary>
    private async Task<MediaPlaylist?> FirstVariantAsync(OriginPlaylist playlist, MasterPlaylist master, string named)
    {
        foreach (var variant in master.Variants)
        {
            if (!UriReference.TryResolve(playlist.Url, variant.Uri, out var url))
                continue;
            var found = await origin.GetAsync(Masters.With(PlaylistAddress.SourceOf(url, cluster.BaseAddresses), named), CancellationToken.None);
            if (found.Playlist?.Media is { } media)
                return media;
            if (found.Failure is { IsTransient: true })
                return null;
        }

        return null;
    }
}
