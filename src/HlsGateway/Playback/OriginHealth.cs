using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>
/// Degraded where every destination of the origin is down: what is known plays on, the rest does not. Viewers' own requests tell how
/// it is; where they have not, or say that all are down, the destinations are asked here, so that a wrong address shows before the
/// first viewer, and a recovery without one.
/// </summary>
internal sealed class OriginHealth(OriginCluster cluster, OriginTrouble trouble) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    // The call is open to everybody: nobody can have an origin flooded through it.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (cluster.State is not { } state || state.DestinationsState.AllDestinations is not { Count: > 0 } destinations)
            return HealthCheckResult.Healthy("No origin is configured.");
        if (!destinations.Any(IsUp))
            await Task.WhenAll(destinations.Select(destination => AskAsync(state, destination, cancellationToken)));
        var down = destinations.Select(destination => (destination.DestinationId, trouble.Of(destination).Reason)).Where(one => one.Reason is not null).ToList();
        if (down.Count == 0)
            return HealthCheckResult.Healthy("The origin answers.");
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { [Readiness.Detail] = string.Join("; ", down.Select(one => $"{one.DestinationId}: {one.Reason?.Detail}")) };
        return down.Count == destinations.Count
            ? HealthCheckResult.Degraded("No destination of the origin answers; playlists that are known are served.", data: data)
            : HealthCheckResult.Healthy("Some destinations of the origin do not answer; others do.", data);
    }

    private bool IsUp(DestinationState destination) => trouble.Of(destination) is (true, null, _);

    private async Task AskAsync(ClusterState state, DestinationState destination, CancellationToken ct)
    {
        if (trouble.Of(destination) is (true, _, var age) && age < Again) return;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, OriginCluster.AddressOf(destination));
            using var answer = await state.Model.HttpClient.SendAsync(request, bound.Token);
            // Whatever it says of its own folder, it is there; a server that does not know HEAD says 501.
            if ((int)answer.StatusCode is >= 500 and not 501)
                trouble.Failed(destination, OriginReason.OfStatus((int)answer.StatusCode));
            else
                trouble.Answered(destination);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            trouble.Failed(destination, OriginReason.OfTimeout(Patience));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            trouble.Failed(destination, OriginReason.Of(e));
        }
    }
}
