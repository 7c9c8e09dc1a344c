using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HlsGateway.Benchmarks.Load;

/// <summary>
/// One HTTP/1.1 connection of a client that costs little: it sends prepared bytes and reads an answer's status and body (RFC 9112). One request at a
/// time.
/// </summary>
internal sealed class RawConnection(IPEndPoint server) : IDisposable
{
    private static readonly SearchValues<byte> LineEnd = SearchValues.Create("\n"u8);

    private Socket? socket;

    /// <summary>What has arrived and is not read yet: the answer's head, then its body.</summary>
    private byte[] buffer = [];
    private int filled;

    /// <summary>Of the last answer; valid until the next request.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Bytes of a GET request.</summary>
    public static byte[] Get(string host, string target, bool gzip = false) =>
        Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{(gzip ? "Accept-Encoding: gzip\r\n" : "")}\r\n");

    public async ValueTask ConnectAsync()
    {
        socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
    }

    /// <returns>The status.</returns>
    /// <exception cref="IOException">The connection ended within the answer.</exception>
    public async ValueTask<int> AskAsync(ReadOnlyMemory<byte> request)
    {
        if (socket is null) await ConnectAsync();
        if (buffer.Length == 0) buffer = ArrayPool<byte>.Shared.Rent(2048);
        await socket!.SendAsync(request, SocketFlags.None);
        filled = 0;
        int head;
        while ((head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0) await ReceiveAsync();
        var (status, length, chunked) = Head(buffer.AsSpan(0, head + 2));
        var from = head + 4;
        if (chunked)
        {
            while (!buffer.AsSpan(from, filled - from).EndsWith("0\r\n\r\n"u8)) await ReceiveAsync();
            Body = Join(buffer.AsMemory(from, filled - from));
        }
        else
        {
            while (filled - from < length) await ReceiveAsync();
            Body = buffer.AsMemory(from, length);
        }
        return status;
    }

    /// <summary>Gives back what the body stood in: thousands of connections that wait hold no memory.</summary>
    public void Forget()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        (buffer, Body) = ([], default);
    }

    private async ValueTask ReceiveAsync()
    {
        if (filled == buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
            buffer.AsSpan(0, filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        var read = await socket!.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None);
        if (read == 0) throw new IOException("The server closed the connection within an answer.");
        filled += read;
    }

    private static (int Status, int Length, bool Chunked) Head(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !Utf8Parser.TryParse(head[9..12], out int status, out _)) throw new IOException("This is no answer of HTTP/1.1.");
        var (length, chunked) = (0, false);
        for (var rest = head; ;)
        {
            var end = rest.IndexOfAny(LineEnd);
            if (end < 0) return (status, length, chunked);
            var line = rest[..end];
            if (Begins(line, "content-length:"u8) && !Utf8Parser.TryParse(line[15..].TrimStart((byte)' '), out length, out _)) throw new IOException("The answer's length is no number.");
            if (Begins(line, "transfer-encoding:"u8)) chunked = true;
            rest = rest[(end + 1)..];
        }
    }

    private static bool Begins(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) => line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);

    private static ReadOnlyMemory<byte> Join(Memory<byte> chunks)
    {
        var (from, to) = (0, 0);
        while (Utf8Parser.TryParse(chunks.Span[from..], out int size, out var digits, 'x') && size > 0)
        {
            from += digits + chunks.Span[(from + digits)..].IndexOf("\r\n"u8) + 2;
            chunks.Slice(from, size).CopyTo(chunks[to..]);
            (from, to) = (from + size + 2, to + size);
        }
        return chunks[..to];
    }

    public void Dispose()
    {
        socket?.Dispose();
        Forget();
    }
}
