using System.Text;

namespace HlsGateway.Counting;

/// <summary>The requests of one session that follow each other, packed.</summary>
/// <param name="Seq">Number of the first.</param>
/// <param name="At">Unix ms of the first.</param>
/// <param name="Start">Where its bytes begin.</param>
internal readonly record struct TraceRow(Guid Session, long Seq, long At, int Hits, int Start, int Length);

/// <summary>
/// Traces as the ledger keeps them: a row for the requests that one merge added to a session, not one for each. A row holds requests of
/// one day (UTC), so that days can be dropped.
/// </summary>
/// <remarks>
/// Layout: version byte 1; then per request one byte each for kind (its high bit: asked for with a Range), rule and player, varints for
/// start, duration and the zigzag difference of the time to the request before, the path as varints for the bytes it shares with
/// the path before and for those that follow, and these; then CMCD as varint length and UTF-8 (length 0: none).
/// </remarks>
internal sealed class TraceRows
{
    private const byte Version = 1;
    private const byte Ranged = 0x80;
    private const long Day = 86_400_000;

    /// <summary>A row that is longer ends: it is read as a whole.</summary>
    private const int LongestRow = 64 * 1024;

    private readonly List<TraceRow> rows = [];
    private byte[] bytes = new byte[16 * 1024];
    private byte[] path = new byte[256];
    private byte[] next = new byte[256];
    private int pathLength;
    private int length;
    private long at;

    public IReadOnlyList<TraceRow> Rows => rows;

    public ReadOnlySpan<byte> Packed(TraceRow row) => bytes.AsSpan(row.Start, row.Length);

    /// <summary>Requests of one session that are added one after the other share a row.</summary>
    public void Add(long seq, in Hit hit)
    {
        if (rows.Count == 0 || rows[^1] is var last && (last.Session != hit.Session || last.At / Day != hit.AtMs / Day || last.Length > LongestRow))
        {
            rows.Add(new TraceRow(hit.Session, seq, hit.AtMs, 0, length, 0));
            (pathLength, at) = (0, 0);
            Room(1)[0] = Version;
            length++;
        }
        Append(in hit);
        var row = rows[^1];
        rows[^1] = row with { Hits = row.Hits + 1, Length = length - row.Start };
    }

    public void Clear()
    {
        rows.Clear();
        length = 0;
    }

    private void Append(in Hit hit)
    {
        var most = Encoding.UTF8.GetMaxByteCount(hit.Path.Length);
        if (next.Length < most)
            next = new byte[most];
        var used = Encoding.UTF8.GetBytes(hit.Path, next);
        var shared = next.AsSpan(0, used).CommonPrefixLength(path.AsSpan(0, pathLength));
        var told = hit.Cmcd?.ToString() ?? "";
        // Three bytes, six numbers of ten at most, and two texts.
        var to = Room(63 + used + Encoding.UTF8.GetMaxByteCount(told.Length));
        to[0] = (byte)((byte)hit.Kind | (hit.Ranged ? Ranged : 0));
        to[1] = (byte)hit.Rule;
        to[2] = (byte)hit.Player;
        var size = 3;
        size += Varint.Write(to[size..], (uint)Math.Max(0, hit.StartMs));
        size += Varint.Write(to[size..], (uint)Math.Max(0, hit.DurationMs));
        var since = hit.AtMs - at;
        size += Varint.Write(to[size..], (ulong)((since << 1) ^ (since >> 63)));
        size += Varint.Write(to[size..], (uint)shared);
        size += Varint.Write(to[size..], (uint)(used - shared));
        next.AsSpan(shared, used - shared).CopyTo(to[size..]);
        size += used - shared;
        size += Varint.Write(to[size..], (uint)Encoding.UTF8.GetByteCount(told));
        size += Encoding.UTF8.GetBytes(told, to[size..]);
        length += size;
        (path, next, pathLength, at) = (next, path, used, hit.AtMs);
    }

    private Span<byte> Room(int most)
    {
        if (bytes.Length - length < most)
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + most));
        return bytes.AsSpan(length);
    }

    /// <summary>The requests of a row, in the order in which they were recorded.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such row, or damaged.</exception>
    public static List<Hit> Read(ReadOnlySpan<byte> packed, Guid session, string video)
    {
        if (packed.IsEmpty || packed[0] != Version)
            throw new InvalidDataException("A trace in the ledger has a layout that this version does not know.");
        packed = packed[1..];
        var hits = new List<Hit>();
        var (path, at) = (Array.Empty<byte>(), 0L);
        while (!packed.IsEmpty)
        {
            var head = Cut(ref packed, 3);
            var (start, duration) = ((int)Varint.Read(ref packed), (int)Varint.Read(ref packed));
            var since = Varint.ReadLong(ref packed);
            at += (long)(since >> 1) ^ -(long)(since & 1);
            var shared = Varint.Read(ref packed);
            if (shared > path.Length)
                throw CutOff();
            path = [.. path.AsSpan(0, (int)shared), .. Cut(ref packed, Varint.Read(ref packed))];
            var told = Encoding.UTF8.GetString(Cut(ref packed, Varint.Read(ref packed)));
            hits.Add(new Hit(session, video, Encoding.UTF8.GetString(path), (HitKind)(head[0] & ~Ranged), (HitRule)head[1], start, duration, at, 0, (PlayerFamily)head[2])
            {
                Cmcd = Cmcd.Parse(told),
                Ranged = (head[0] & Ranged) != 0,
            });
        }
        return hits;
    }

    private static ReadOnlySpan<byte> Cut(ref ReadOnlySpan<byte> packed, uint size)
    {
        if (size > packed.Length)
            throw CutOff();
        var cut = packed[..(int)size];
        packed = packed[(int)size..];
        return cut;
    }

    private static InvalidDataException CutOff() => new("A trace in the ledger is cut off.");
}
