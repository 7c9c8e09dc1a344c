using System.IO.Hashing;

namespace HlsGateway.Cdn;

/// <summary>
/// Which of several a session has, by its id and their names alone, so that all gateways agree without a word. Weighted rendezvous
/// hashing: where one is taken out or comes back, only its own sessions move.
/// </summary>
internal static class Rendezvous
{
    /// <summary>A name's place in every comparison; the same on each machine.</summary>
    public static long Seed(string name) => (long)XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(name));

    /// <summary>The higher of two wins. Above 0 for a weight above 0.</summary>
    public static double Score(in Guid session, long seed, int weight)
    {
        Span<byte> id = stackalloc byte[16];
        session.TryWriteBytes(id, bigEndian: true, out _);
        // Between 0 and 1, both excluded: an exponential race that each wins with its share of the weights.
        var drawn = ((XxHash3.HashToUInt64(id, seed) >> 11) + 0.5) / (1L << 53);
        return weight / -Math.Log(drawn);
    }
}
