using HlsGateway.Telemetry;

namespace HlsGateway.Playback;

/// <summary>Reports what players fetch past the gateway, uncounted, whenever a playlist is compiled: for live ones every few seconds.</summary>
internal sealed class UncountedNotice(GatewayMetrics metrics, TimeProvider time, ILogger<UncountedNotice> log)
{
    private readonly LogPace playlistPace = new(time, TimeSpan.FromMinutes(1));
    private readonly LogPace uriPace = new(time, TimeSpan.FromMinutes(1));

    /// <param name="playlists">Playlists on hosts that may not be fetched from.</param>
    /// <param name="uris">URIs that are too long for a path of ours, or whose variables only a player can resolve.</param>
    public void Tell(string video, int playlists, int uris)
    {
        if (playlists > 0)
        {
            metrics.PlaylistsLeftAlone(playlists);
            if (playlistPace.TryTake(out var held))
                log.PlaylistsLeftAlone(playlists, video, held);
        }

        if (uris > 0)
        {
            metrics.UrisLeftAlone(uris);
            if (uriPace.TryTake(out var held))
                log.UrisLeftAlone(uris, video, held);
        }
    }
}
