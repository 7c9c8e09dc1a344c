using System.Collections.Immutable;
using HlsGateway.Catalogue;
using HlsGateway.Content;

namespace HlsGateway.Playback;

/// <summary>What is known about a video's media: about ours since it was made, about others as far as it has been measured.</summary>
internal sealed class MeasuredContent(PublishedVideos published, ContentFacts facts, ContentReader reader)
{
    /// <param name="video">As <see cref="WatchRequest.VideoName"/> has it.</param>
    /// <summary>What is known now; the rest is measured in the background.</summary>
    public KnownContent Known(string video, OriginPlaylist playlist)
    {
        if (Published(video, playlist) is { } made)
            return new(made);
        var known = facts.Known(video, playlist.Version);
        if (known.Facts is null)
            facts.Measure(reader.SourceOf(video, playlist));
        return known;
    }

    /// <summary>Waits for the measuring, for a bounded time; null when it failed or takes longer.</summary>
    public async ValueTask<ImmutableArray<RenditionFacts>?> MeasureAsync(string video, OriginPlaylist playlist, CancellationToken ct)
    {
        if (Published(video, playlist) is { } made)
            return made;
        try
        {
            return await facts.GetAsync(reader.SourceOf(video, playlist), ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private ImmutableArray<RenditionFacts>? Published(string video, OriginPlaylist playlist) =>
        playlist.Target.Kind == OriginKind.Store && published.TryGet(video, out var ours) ? ours.Facts : null;
}
