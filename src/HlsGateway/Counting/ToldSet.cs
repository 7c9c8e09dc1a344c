namespace HlsGateway.Counting;

/// <summary>What a player told of a moment.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
internal interface ITold<TSelf> where TSelf : struct, ITold<TSelf>
{
    /// <summary>Unix time in milliseconds, not before 1970.</summary>
    long AtMs { get; }

    /// <summary>Playback rate in hundredths, at least 0.</summary>
    int RateHundredths { get; }

    /// <summary>The rest, as it is stored.</summary>
    (uint Position, bool Mark) Stored { get; }

    static abstract TSelf Restore(long atMs, int rateHundredths, uint position, bool mark);

    /// <summary>By time, and where that is the same by the rest, so that a set has one order.</summary>
    static abstract Comparer<TSelf> Order { get; }
}

/// <summary>
/// What a session's player told, as a set by time: what came twice, late or to another gateway is there once and in its place. Of
/// more than <see cref="Most"/> the earliest are kept, so what is kept depends on the set and never on the order in which it came.
/// </summary>
/// <remarks>Stored as varints each: time since the one before, position, rate times two plus one where it is marked.</remarks>
internal abstract class ToldSet<T> where T : struct, ITold<T>
{
    /// <summary>A film of four and a half hours in segments of 4 s.</summary>
    public const int Most = 4096;

    private readonly SortedSet<T> all = new(T.Order);

    public bool IsEmpty => all.Count == 0;

    public int Count => all.Count;

    /// <summary>The latest; there is none in an empty set.</summary>
    public T Last => all.Max;

    /// <summary>Playback rate in hundredths; 100 while nobody told a higher one.</summary>
    public int Fastest => IsEmpty ? 100 : Math.Max(100, all.Max(told => told.RateHundredths));

    /// <summary>Earliest first.</summary>
    protected IEnumerable<T> All => all;

    public void Add(T told)
    {
        all.Add(told);
        if (all.Count > Most)
            all.Remove(all.Max);
    }

    public void Add(ToldSet<T> other)
    {
        foreach (var told in other.all) Add(told);
    }

    public byte[] ToBytes()
    {
        if (IsEmpty)
            return [];
        Span<byte> one = stackalloc byte[30];
        using var bytes = new MemoryStream();
        var at = 0L;
        foreach (var told in all)
        {
            var (position, mark) = told.Stored;
            var length = Varint.Write(one, (ulong)(told.AtMs - at));
            length += Varint.Write(one[length..], position);
            length += Varint.Write(one[length..], (uint)((told.RateHundredths * 2) + (mark ? 1 : 0)));
            bytes.Write(one[..length]);
            at = told.AtMs;
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no such set.</exception>
    protected void AddFrom(ReadOnlySpan<byte> bytes)
    {
        var at = 0L;
        while (!bytes.IsEmpty)
        {
            at += (long)Varint.ReadLong(ref bytes);
            var position = Varint.Read(ref bytes);
            var rate = Varint.Read(ref bytes);
            Add(T.Restore(at, (int)(rate >> 1), position, (rate & 1) != 0));
        }
    }
}
