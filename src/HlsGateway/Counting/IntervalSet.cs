using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// A set of moments on a timeline as sorted half-open intervals [start, end) in milliseconds that neither touch nor overlap.
/// A quality switch or a seek back adds intervals that are there already, and so adds nothing.
/// </summary>
/// <remarks>Stored as varints: gap to the previous end, then length, per interval; an empty set is no bytes.</remarks>
internal sealed class IntervalSet
{
    private readonly List<(int Start, int End)> intervals;

    public IntervalSet() => intervals = [];

    private IntervalSet(List<(int, int)> intervals) => this.intervals = intervals;

    public IReadOnlyList<(int Start, int End)> Intervals => intervals;

    /// <summary>The same, to be gone through at no cost; until the set changes.</summary>
    public ReadOnlySpan<(int Start, int End)> AsSpan() => CollectionsMarshal.AsSpan(intervals);

    /// <summary>Milliseconds covered.</summary>
    public long Length { get; private set; }

    /// <summary>End of the last interval; 0 when empty.</summary>
    public int End => intervals.Count == 0 ? 0 : intervals[^1].End;

    /// <summary>Adds [start, end) and returns the milliseconds that were not covered before.</summary>
    /// <param name="covered">When given, receives the parts of [start, end) that were covered before.</param>
    public int Add(int start, int end, IntervalSet? covered = null)
    {
        if (end <= start)
            return 0;
        var first = FirstEndingAtOrAfter(start);
        var last = first;
        var (from, to) = (start, end);
        var had = 0;
        while (last < intervals.Count && intervals[last].Start <= end)
        {
            var (left, right) = (Math.Max(intervals[last].Start, start), Math.Min(intervals[last].End, end));
            if (right > left)
            {
                had += right - left;
                covered?.Add(left, right);
            }
            from = Math.Min(from, intervals[last].Start);
            to = Math.Max(to, intervals[last].End);
            last++;
        }
        if (last == first)
        {
            intervals.Insert(first, (from, to));
        }
        else
        {
            intervals[first] = (from, to);
            intervals.RemoveRange(first + 1, last - first - 1);
        }
        var added = end - start - had;
        Length += added;
        return added;
    }

    /// <summary>What both sets cover, earliest first.</summary>
    public IEnumerable<(int Start, int End)> And(IntervalSet other)
    {
        var (mine, theirs) = (0, 0);
        while (mine < intervals.Count && theirs < other.intervals.Count)
        {
            var (left, right) = (intervals[mine], other.intervals[theirs]);
            var (start, end) = (Math.Max(left.Start, right.Start), Math.Min(left.End, right.End));
            if (end > start)
                yield return (start, end);
            if (left.End < right.End)
                mine++;
            else
                theirs++;
        }
    }

    /// <summary>Whether every millisecond of [start, end) is covered.</summary>
    public bool Covers(int start, int end)
    {
        var index = FirstEndingAtOrAfter(end);
        return index < intervals.Count && intervals[index].Start <= start;
    }

    /// <summary>The first interval whose end is at or after <paramref name="point"/>.</summary>
    private int FirstEndingAtOrAfter(int point)
    {
        var (low, high) = (0, intervals.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (intervals[middle].End < point)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    public byte[] ToBytes()
    {
        // Two numbers of five bytes at most each. Few sessions have more than some stretches.
        var most = 10 * intervals.Count;
        var bytes = most <= 256 ? stackalloc byte[256] : new byte[most];
        var (length, previous) = (0, 0);
        foreach (var (start, end) in AsSpan())
        {
            length += Varint.Write(bytes[length..], (uint)(start - previous));
            length += Varint.Write(bytes[length..], (uint)(end - start));
            previous = end;
        }
        return bytes[..length].ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no interval set.</exception>
    public static IntervalSet FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new List<(int, int)>();
        var end = 0L;
        var total = 0L;
        while (!bytes.IsEmpty)
        {
            var start = end + Varint.Read(ref bytes);
            var length = Varint.Read(ref bytes);
            end = start + length;
            if (length == 0 || end > int.MaxValue)
                throw new InvalidDataException("The interval set is damaged.");
            read.Add(((int)start, (int)end));
            total += length;
        }
        return new IntervalSet(read) { Length = total };
    }
}

/// <summary>LEB128: seven bits a byte, the low ones first.</summary>
internal static class Varint
{
    public static int Write(Span<byte> destination, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[length++] = (byte)value;
        return length;
    }

    /// <exception cref="InvalidDataException">The bytes end within a number, or it has more than 64 bits.</exception>
    public static ulong ReadLong(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (bytes.IsEmpty)
                break;
            var next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException("A number is cut off.");
    }

    public static uint Read(ref ReadOnlySpan<byte> bytes) => ReadLong(ref bytes) is var value and <= uint.MaxValue
        ? (uint)value
        : throw new InvalidDataException("A number is too large.");
}
