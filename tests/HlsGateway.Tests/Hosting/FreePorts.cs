using System.Net;
using System.Net.NetworkInformation;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// Loopback ports for child processes that must be told theirs, and for those that come back to it. They lie below the range from which
/// the system gives out its own: whoever binds port 0 or connects meanwhile cannot get one of them.
/// </summary>
internal static class FreePorts
{
    private const int First = 10_000;

    /// <summary>32768 unless the machine is set up otherwise.</summary>
    private static readonly int End = File.Exists("/proc/sys/net/ipv4/ip_local_port_range")
        ? int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[])['\t', ' '])[0], System.Globalization.CultureInfo.InvariantCulture)
        : 32_768;

    private static readonly Lock Gate = new();

    /// <summary>Runs beside this one begin elsewhere.</summary>
    private static int next = First + (Environment.ProcessId * 211 % Math.Max(1, End - First));

    public static int Take() => Take(1);

    /// <summary>The first of <paramref name="count"/> ports in a row that nobody listens on and nobody of this process was given.</summary>
    public static int Take(int count)
    {
        lock (Gate)
        {
            for (var tries = 0; tries < End - First; tries++)
            {
                if (next + count > End) next = First;
                var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(end => end.Port).Where(port => port >= next && port < next + count).DefaultIfEmpty(-1).Max();
                if (taken < 0) return (next += count) - count;
                next = taken + 1;
            }
            throw new InvalidOperationException($"No {count} free ports in a row between {First} and {End}.");
        }
    }
}
