using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// Rows of one <c>COPY … FROM STDIN (FORMAT BINARY)</c>, laid out in a buffer of our own: a value costs a memory write, no allocation
/// and no task, because a backlog may be millions of rows. Format: PostgreSQL's documentation of COPY, "Binary Format"; every
/// value is its length in bytes (32 bits) and its bytes, big endian.
/// </summary>
internal sealed class CopyRows : IAsyncDisposable, IRowWriter
{
    private const int Enough = 48 * 1024;
    private readonly NpgsqlRawCopyStream stream;
    private byte[] buffer = new byte[64 * 1024];
    private int length;
    private bool completed;

    private CopyRows(NpgsqlRawCopyStream stream)
    {
        this.stream = stream;
        // Signature, no flags, no extension.
        ReadOnlySpan<byte> header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
        header.CopyTo(Room(header.Length));
    }

    public static async Task<CopyRows> BeginAsync(NpgsqlConnection connection, string sql, CancellationToken ct) =>
        new(await connection.BeginRawBinaryCopyAsync(sql, ct));

    /// <summary>Send what is there before the next row.</summary>
    public bool IsFull => length >= Enough;

    public void Begin(short columns) => BinaryPrimitives.WriteInt16BigEndian(Room(2), columns);

    public void Int32(int value)
    {
        var to = Room(8);
        BinaryPrimitives.WriteInt32BigEndian(to, 4);
        BinaryPrimitives.WriteInt32BigEndian(to[4..], value);
    }

    public void Int64(long value)
    {
        var to = Room(12);
        BinaryPrimitives.WriteInt32BigEndian(to, 8);
        BinaryPrimitives.WriteInt64BigEndian(to[4..], value);
    }

    public void Uuid(Guid value)
    {
        var to = Room(20);
        BinaryPrimitives.WriteInt32BigEndian(to, 16);
        value.TryWriteBytes(to[4..], bigEndian: true, out _);
    }

    public void Text(string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        var to = Room(4 + bytes);
        BinaryPrimitives.WriteInt32BigEndian(to, bytes);
        Encoding.UTF8.GetBytes(value, to[4..]);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        var to = Room(4 + value.Length);
        BinaryPrimitives.WriteInt32BigEndian(to, value.Length);
        value.CopyTo(to[4..]);
    }

    /// <summary>An int4multirange: how many, then each as a range that holds its lower bound and not its upper one.</summary>
    public void Multirange(IntervalSet set)
    {
        const int Range = 4 + 1 + 8 + 8;
        var intervals = set.AsSpan();
        var to = Room(8 + (intervals.Length * Range));
        BinaryPrimitives.WriteInt32BigEndian(to, 4 + (intervals.Length * Range));
        BinaryPrimitives.WriteInt32BigEndian(to[4..], intervals.Length);
        to = to[8..];
        foreach (var (start, end) in intervals)
        {
            BinaryPrimitives.WriteInt32BigEndian(to, Range - 4);
            to[4] = 2;
            BinaryPrimitives.WriteInt32BigEndian(to[5..], 4);
            BinaryPrimitives.WriteInt32BigEndian(to[9..], start);
            BinaryPrimitives.WriteInt32BigEndian(to[13..], 4);
            BinaryPrimitives.WriteInt32BigEndian(to[17..], end);
            to = to[Range..];
        }
    }

    void IRowWriter.Number(long value) => Int64(value);

    void IRowWriter.Text(string value) => Text(PostgresMerge.Plain(value));

    void IRowWriter.Bytes(ReadOnlySpan<byte> value) => Bytes(value);

    void IRowWriter.Set(IntervalSet value) => Multirange(value);

    public async ValueTask SendAsync(CancellationToken ct)
    {
        await stream.WriteAsync(buffer.AsMemory(0, length), ct);
        length = 0;
    }

    /// <summary>Ends the COPY. Without this call PostgreSQL keeps none of the rows.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        Begin(-1);
        await SendAsync(ct);
        completed = true;
        await stream.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (completed)
            return;
        try
        {
            await stream.CancelAsync();
            await stream.DisposeAsync();
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The error that interrupted the rows is thrown already and says more.
        }
    }

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
        var room = buffer.AsSpan(length, bytes);
        length += bytes;
        return room;
    }
}
