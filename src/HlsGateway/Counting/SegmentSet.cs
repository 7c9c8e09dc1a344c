using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// Segments that a session asked for, each once. A segment is its start, its length and its path: each byte range of a file is one
/// of its own, and so is the same media time in another Rendition. Of more than <see cref="Most"/> the earliest are kept,
/// so what is kept depends on the set and never on the order in which it came.
/// </summary>
/// <remarks>Stored each as varints for the difference to the start before and for the length, then 4 bytes (little endian) of the path's hash.</remarks>
internal sealed class SegmentSet
{
    /// <summary>18 hours in segments of 4 s.</summary>
    public const int Most = 16_384;

    private readonly List<Entry> entries = [];

    public int Count => entries.Count;

    /// <param name="displaced">The segment that is not kept any more, because there are too many.</param>
    /// <returns>False when the segment is in the set, or has no place in it.</returns>
    public bool Add(in Hit hit, out (int Start, int End)? displaced)
    {
        displaced = null;
        var (start, end) = SessionState.Window(in hit);
        var entry = new Entry(start, end - start, XxHash32.HashToUInt32(MemoryMarshal.AsBytes(hit.Path.AsSpan())));
        var at = entries.BinarySearch(entry, Order);
        if (at >= 0 || ~at == Most)
            return false;
        entries.Insert(~at, entry);
        if (entries.Count <= Most)
            return true;
        displaced = (entries[Most].Start, entries[Most].Start + entries[Most].Length);
        entries.RemoveAt(Most);
        return true;
    }

    public void Add(SegmentSet other)
    {
        foreach (var entry in other.entries)
        {
            if (entries.BinarySearch(entry, Order) is var at && at < 0)
                entries.Insert(~at, entry);
        }
        if (entries.Count > Most)
            entries.RemoveRange(Most, entries.Count - Most);
    }

    public byte[] ToBytes()
    {
        // Most players ask for whole segments.
        if (entries.Count == 0)
            return [];
        Span<byte> one = stackalloc byte[14];
        using var bytes = new MemoryStream();
        var before = 0;
        foreach (var entry in entries)
        {
            var length = Varint.Write(one, (uint)(entry.Start - before));
            length += Varint.Write(one[length..], (uint)entry.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(one[length..], entry.Path);
            bytes.Write(one[..(length + sizeof(uint))]);
            before = entry.Start;
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no such set.</exception>
    public static SegmentSet FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new SegmentSet();
        var start = 0L;
        while (!bytes.IsEmpty)
        {
            start += Varint.Read(ref bytes);
            var length = Varint.Read(ref bytes);
            if (start + length > int.MaxValue || bytes.Length < sizeof(uint))
                throw new InvalidDataException("The set of segments is damaged.");
            read.entries.Add(new Entry((int)start, (int)length, BinaryPrimitives.ReadUInt32LittleEndian(bytes)));
            bytes = bytes[sizeof(uint)..];
        }
        return read;
    }

    private static Comparer<Entry> Order { get; } = Comparer<Entry>.Create((a, b) => (a.Start, a.Length, a.Path).CompareTo((b.Start, b.Length, b.Path)));

    private readonly record struct Entry(int Start, int Length, uint Path);
}
