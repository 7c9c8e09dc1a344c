using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>
/// YARP's cluster <c>origin</c>, as the playlist fetcher and the pass-through see it: which destination to ask, with whose client,
/// and where a failure is reported so that YARP's health takes part in the choice.
/// </summary>
internal sealed class OriginCluster(IProxyStateLookup proxy, IEnumerable<ILoadBalancingPolicy> policies, IDestinationHealthUpdater health)
{
    public const string Id = "origin";

    private static readonly TimeSpan DefaultReactivation = TimeSpan.FromMinutes(1);

    // A fetch serves all waiting requests and outlives the one that began it, so the policy is given no viewer's request.
    private static readonly DefaultHttpContext NoRequest = new();
    private readonly Dictionary<string, ILoadBalancingPolicy> policies = policies.ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Null when no origin is configured.</summary>
    public ClusterState? State => proxy.TryGetCluster(Id, out var cluster) ? cluster : null;

    /// <summary>The base addresses of all destinations, each with a trailing slash, in configuration order.</summary>
    public IReadOnlyList<string> BaseAddresses =>
        State is { } cluster ? [.. cluster.DestinationsState.AllDestinations.Select(AddressOf)] : [];

    /// <summary>Chooses by the cluster's load balancing policy among the destinations that are healthy and not yet tried.</summary>
    public DestinationState? Choose(IReadOnlyCollection<DestinationState> tried)
    {
        if (State is not { } cluster)
            return null;
        var available = cluster.DestinationsState.AvailableDestinations.Where(d => !tried.Contains(d)).ToList();
        // When every destination is marked unhealthy, trying one of them is still better than failing without a try.
        if (available.Count == 0 && tried.Count == 0)
            available = [.. cluster.DestinationsState.AllDestinations];
        if (available.Count <= 1)
            return available.Count == 1 ? available[0] : null;
        var name = cluster.Model.Config.LoadBalancingPolicy ?? LoadBalancingPolicies.PowerOfTwoChoices;
        return policies.TryGetValue(name, out var policy) ? policy.PickDestination(NoRequest, cluster, available) : available[0];
    }

    /// <summary>Tells YARP that a destination failed; it is not used for the configured reactivation period.</summary>
    public void ReportFailure(DestinationState destination)
    {
        if (State is not { } cluster || cluster.Model.Config.HealthCheck?.Passive is not { Enabled: true } passive)
            return;
        health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, passive.ReactivationPeriod ?? DefaultReactivation);
    }

    public static string AddressOf(DestinationState destination)
    {
        var address = destination.Model.Config.Address;
        return address.EndsWith('/') ? address : address + '/';
    }
}
