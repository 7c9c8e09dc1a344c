using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace HlsGateway.Access;

/// <summary>
/// Wrong tokens cost the address they come from: 100 are free, then 5 a second. While an address has none left, not even a
/// right token is looked at, so an answer tells a guesser nothing. Addresses are held in memory only, never logged or stored.
/// </summary>
internal sealed class FailedAttempts : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(Network(address), static _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 100,
            TokensPerPeriod = 5,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    // Not AttemptAcquire with 0 permits: that succeeds on the fraction of a token that has flowed back.
    public bool Exhausted(IPAddress? address) => limiter.GetStatistics(address ?? IPAddress.None) is { CurrentAvailablePermits: 0 };

    /// <summary>False when the ration was used up meanwhile by other requests.</summary>
    public bool Count(IPAddress? address)
    {
        using var lease = limiter.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired;
    }

    public void Dispose() => limiter.Dispose();

    // One IPv6 customer holds a /64 at least: counting single addresses would give a guesser 2^64 free tries.
    private static IPAddress Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
