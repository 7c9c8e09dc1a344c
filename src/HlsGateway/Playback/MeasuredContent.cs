using System.Collections.Immutable;
using HlsGateway.Catalogue;
using HlsGateway.Content;

namespace HlsGateway.Playback;

/// <summary>What is known about a video's media: about ours since it was made, about others as far as it has been measured.</summary>
internal sealed class MeasuredContent(PublishedVideos published, ContentFacts facts, ContentReader reader)
{
    /// <summary>What is known now; the rest is measured in the background.</summary>
    public KnownContent Known(WatchRequest request, OriginPlaylist playlist)
    {
        if (Published(request, playlist) is { } made)
            return new(made);
        var known = facts.Known(request.VideoName, playlist.Version);
        if (known.Facts is null)
            facts.Measure(reader.SourceOf(request.VideoName, playlist));
        return known;
    }

    /// <summary>Waits for the measuring, for a bounded time; null when it failed or takes longer.</summary>
    public async ValueTask<ImmutableArray<RenditionFacts>?> MeasureAsync(WatchRequest request, OriginPlaylist playlist, CancellationToken ct)
    {
        if (Published(request, playlist) is { } made)
            return made;
        try
        {
            return await facts.GetAsync(reader.SourceOf(request.VideoName, playlist), ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private ImmutableArray<RenditionFacts>? Published(WatchRequest request, OriginPlaylist playlist) =>
        playlist.Target.Kind == OriginKind.Store && published.TryGet(request.VideoName, out var video) ? video.Facts : null;
}
