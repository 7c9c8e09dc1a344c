using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// Recorded requests that are not merged yet, in memory: by session, each session's in the order in which they came. One more costs a
/// look into a dictionary and a place in an array that is never moved.
/// </summary>
internal sealed class HeldHits
{
    /// <summary>No request.</summary>
    public const int None = -1;

    // Of some 50 KB: below the size from which arrays are collected apart.
    private const int BlockBits = 9;
    private const int BlockMask = (1 << BlockBits) - 1;

    /// <summary>An entry, and its share of the dictionary.</summary>
    private const int EntryWeight = 136;

    /// <summary>What a player told of itself.</summary>
    private const int CmcdWeight = 200;

    private readonly Dictionary<Guid, (int First, int Last)> chains = [];
    private readonly List<Entry[]> blocks = [];

    public int Count { get; private set; }

    /// <summary>Bytes in memory, about; what requests share (a path) is weighed once for each.</summary>
    public long Weight { get; private set; }

    /// <summary>Requests must come in the order of their numbers.</summary>
    public void Add(long seq, in Hit hit)
    {
        if (Count >> BlockBits == blocks.Count)
            blocks.Add(new Entry[BlockMask + 1]);
        At(Count) = new Entry { Hit = hit, Seq = seq, Next = None };
        ref var chain = ref CollectionsMarshal.GetValueRefOrAddDefault(chains, hit.Session, out var known);
        if (known)
            At(chain.Last).Next = Count;
        chain = (known ? chain.First : Count, Count);
        Weight += EntryWeight + (2 * hit.Path.Length) + (hit.Cmcd is null ? 0 : CmcdWeight);
        Count++;
    }

    /// <summary>In the order of their ids, which is the order of their bytes. Requests without a session are those of <see cref="Guid.Empty"/>.</summary>
    public Guid[] Sessions()
    {
        var ids = new Guid[chains.Count];
        chains.Keys.CopyTo(ids, 0);
        Array.Sort(ids);
        return ids;
    }

    /// <summary>The session's first request, or the one behind <paramref name="before"/>.</summary>
    public int Next(Guid session, int before = None) =>
        before != None ? At(before).Next : chains.TryGetValue(session, out var chain) ? chain.First : None;

    public ref readonly Hit Hit(int index) => ref At(index).Hit;

    public long Seq(int index) => At(index).Seq;

    public void Clear()
    {
        foreach (var block in blocks.Take((Count + BlockMask) >> BlockBits)) Array.Clear(block);
        chains.Clear();
        (Count, Weight) = (0, 0);
    }

    private ref Entry At(int index) => ref blocks[index >> BlockBits][index & BlockMask];

    private struct Entry
    {
        public Hit Hit;
        public long Seq;
        public int Next;
    }
}
