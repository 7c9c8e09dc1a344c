namespace HlsGateway.Playback;

/// <summary>What YARP's configuration says of the origin, in the options' own words: YARP would answer with a stack trace, or not at all.</summary>
internal sealed class OriginCheck(IConfiguration configuration) : IStartCheck
{
    private const string Clusters = "ReverseProxy:Clusters";
    private const string Example = $"for example {Clusters}:{OriginCluster.Id}:Destinations:d1:Address=https://origin.example.com/hls/";

    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<StartFault>>([.. Faults()]);

    private IEnumerable<StartFault> Faults()
    {
        var routed = configuration.GetSection("ReverseProxy:Routes").GetChildren().Select(route => route["ClusterId"]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var cluster in configuration.GetSection(Clusters).GetChildren())
        {
            if (!string.Equals(cluster.Key, OriginCluster.Id, StringComparison.OrdinalIgnoreCase) && !routed.Contains(cluster.Key))
                yield return new(cluster.Path, $"{cluster.Path} is a cluster that is not used; the origin's cluster is called {OriginCluster.Id}, {Example}.");
            foreach (var destination in cluster.GetSection("Destinations").GetChildren())
            {
                var key = $"{destination.Path}:Address";
                if (destination["Address"] is not { Length: > 0 } address)
                    yield return new(key, $"{key} is not set; it must be an absolute http or https URL, {Example}.");
                else if (!HttpAddress.IsBase(address))
                    yield return new(key, $"{key} is '{(Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0 ? address.Replace(uri.UserInfo, "…", StringComparison.Ordinal) : address)}'; it must be an absolute http or https URL without query and fragment, {Example}.");
            }
        }
    }
}
