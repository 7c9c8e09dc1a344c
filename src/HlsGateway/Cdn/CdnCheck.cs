using Microsoft.Extensions.Options;

namespace HlsGateway.Cdn;

/// <summary>What must fit together between the CDNs and the store.</summary>
internal sealed class CdnCheck(IOptions<CdnOptions> options, IConfiguration configuration) : IStartCheck
{
    private const string StoreKey = "Storage:PublicUrl";

    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        var at = Array.FindIndex(options.Value.Bases, one => one.StoreUrl.Length > 0);
        return Task.FromResult<IReadOnlyList<StartFault>>(at >= 0 && configuration[StoreKey] is { Length: > 0 } store
            ? [new(StoreKey, $"{StoreKey} is '{store}', and {CdnOptions.Section}:Bases:{at}:StoreUrl is set too; leave one of them out, for instance {StoreKey}.")]
            : []);
    }
}
