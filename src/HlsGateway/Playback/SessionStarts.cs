using System.Net;
using System.Security.Cryptography;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Bounds the sessions that one network begins, since each may leave a permanent row. Beyond the bound a viewer plays with the anonymous
/// token. What is kept for a network is one time in one of <see cref="Slots"/> places, chosen by a hash whose key is made each day,
/// kept in memory and only for that day: no address can be found from it, and it never grows. Two networks that share a place
/// share its ration, and nobody can choose which.
/// </summary>
internal sealed class SessionStarts(IOptions<SessionsOptions> options, TimeProvider time, GatewayMetrics metrics, ILogger<SessionStarts> log)
{
    /// <summary>A megabyte; a power of two.</summary>
    private const int Slots = 1 << 17;

    private readonly Ration ration = new(options.Value.StartsPerNetwork, options.Value.StartsWindow);
    private readonly LogPace pace = new(time, TimeSpan.FromMinutes(10));
    private Day today = new(DateOnly.MinValue);

    private sealed class Day(DateOnly date)
    {
        public DateOnly Date { get; } = date;

        public byte[] Key { get; } = RandomNumberGenerator.GetBytes(32);

        /// <summary>As <see cref="Ration"/> remembers.</summary>
        public long[] WholeAt { get; } = new long[Slots];
    }

    /// <summary>True when a session may begin; takes one from its network's ration.</summary>
    public bool TryBegin(HttpContext context)
    {
        // Behind a proxy that is not configured, all clients have one address.
        if (ration.Most == 0 || context.Connection.RemoteIpAddress is not { } address || ClientNetwork.IsThisMachine(address) || ForwardedClients.AreHidden(context))
            return true;
        if (TryTake(ClientNetwork.Of(address), time.GetUtcNow()))
            return true;
        metrics.SessionStartBounded();
        if (pace.TryTake(out var held))
            log.SessionStartsBounded(ration.Most, ration.Span, held);
        return false;
    }

    private bool TryTake(IPAddress network, DateTimeOffset now)
    {
        var day = DayOf(now);
        return ration.TryTake(ref day.WholeAt[SlotOf(day, network)], now);
    }

    private Day DayOf(DateTimeOffset now)
    {
        var date = DateOnly.FromDateTime(now.UtcDateTime);
        var day = Volatile.Read(ref today);
        if (day.Date == date)
            return day;
        var fresh = new Day(date);
        var before = Interlocked.CompareExchange(ref today, fresh, day);
        return before == day ? fresh : before;
    }

    private static int SlotOf(Day day, IPAddress network)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(day.Key, network.GetAddressBytes(), hash);
        return BitConverter.ToInt32(hash) & (Slots - 1);
    }
}
