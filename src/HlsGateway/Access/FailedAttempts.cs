using System.Net;
using System.Threading.RateLimiting;

namespace HlsGateway.Access;

/// <summary>
/// Wrong tokens cost the network they come from: 100 are free, then 5 a second. A right token always passes: comparing costs
/// microseconds, and a guesser behind the same address must lock nobody out. Addresses are held in memory only, never logged or stored.
/// </summary>
internal sealed class FailedAttempts : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(ClientNetwork.Of(address), static _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 100,
            TokensPerPeriod = 5,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    /// <summary>Takes a wrong token from the ration; false when nothing is left of it.</summary>
    public bool TryTake(IPAddress? address)
    {
        using var lease = limiter.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired;
    }

    public void Dispose() => limiter.Dispose();
}
