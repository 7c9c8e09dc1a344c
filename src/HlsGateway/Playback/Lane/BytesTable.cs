using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// What is known of some bytes, bounded by weight. Two generations: where the young one is half of the bound it becomes the old one, and
/// what nobody asks for until the next time goes with it. Finding allocates nothing.
/// </summary>
/// <param name="mostBytes">Of keys, values and the table's own objects.</param>
internal sealed class BytesTable<T>(long mostBytes)
    where T : class
{
    /// <summary>The key's array and a node of the dictionary.</summary>
    private const int EntryWeight = 120;

    private Generation young = new(null);

    public T? Find(ReadOnlySpan<byte> key)
    {
        var now = Volatile.Read(ref young);
        if (now.Values.TryGetValue(key, out var entry))
            return entry.Value;
        if (now.Old is not { } old || !old.Values.TryGetValue(key, out entry))
            return null;
        Keep(key, entry.Value, entry.Weight);
        return entry.Value;
    }

    /// <param name="weight">Bytes that the value holds on to and nothing else does.</param>
    public void Keep(ReadOnlySpan<byte> key, T value, int weight)
    {
        var now = Volatile.Read(ref young);
        if (Interlocked.Add(ref now.Weight, weight + key.Length + EntryWeight) > mostBytes / 2)
        {
            var next = new Generation(now.Table);
            // Whoever is first turns the page; what others add to the former one meanwhile is found there.
            now = Interlocked.CompareExchange(ref young, next, now) == now ? next : Volatile.Read(ref young);
        }

        var values = now.Values;
        values[key] = (value, weight);
    }

    private sealed class Table
    {
        public Table() => Values = new ConcurrentDictionary<byte[], (T Value, int Weight)>(Bytes.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

        public ConcurrentDictionary<byte[], (T Value, int Weight)>.AlternateLookup<ReadOnlySpan<byte>> Values { get; }
    }

    private sealed class Generation(Table? old)
    {
        public long Weight;

        public Table Table { get; } = new();

        public Table? Old => old;

        public ConcurrentDictionary<byte[], (T Value, int Weight)>.AlternateLookup<ReadOnlySpan<byte>> Values => Table.Values;
    }

    /// <summary>Hashed with a seed of this process: nobody can make keys that collide.</summary>
    private sealed class Bytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Bytes Instance = new();

        private readonly long seed = Random.Shared.NextInt64();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate, seed);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
