using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>Answers <see cref="LooksForVideo"/>: whether a session of the video could begin now, and how long it is.</summary>
internal sealed class VideoLookup(Masters masters, PlaylistOrigin origin, ContentLengths lengths, IOptions<GatewayOptions> gateway)
{
    /// <summary>An editor waits for the answer; an origin that takes longer has not said anything.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<VideoSight> FindAsync(string video, CancellationToken ct)
    {
        using var over = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, ct);
        try
        {
            return await LookAsync(WatchPath.Of(video), either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return default;
        }
    }

    private async Task<VideoSight> LookAsync(string video, CancellationToken ct)
    {
        foreach (var entry in masters.EntriesOf(video))
        {
            // Not by way of Masters, which remembers for a minute that something is absent: it may be put there next.
            var found = await origin.GetAsync(entry, ct);
            if (found.Playlist is not null)
                return new(true, await lengths.FindAsync(video, named: "").WaitAsync(ct));
            if (found.Failure is { IsTransient: true })
                return default;
        }

        // A process that serves no viewers does not know the origin.
        return new(gateway.Value.Has("gateway") ? false : null, null);
    }
}
