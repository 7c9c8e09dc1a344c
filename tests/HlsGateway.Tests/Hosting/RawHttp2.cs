using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>Frames of HTTP/2 (RFC 9113) to a socket and back, in orders that no HTTP library would send.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte Continuation = 9;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
    private const byte GoAway = 7;
    private const byte Ack = 1;

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<long, TaskCompletionSource<bool>> pings = [];
    private int answers;
    private int resets;
    private Task reading = Task.CompletedTask;

    /// <summary>Answers that began.</summary>
    public int Answers => Volatile.Read(ref answers);

    /// <summary>Streams that the server ended before their time.</summary>
    public int Resets => Volatile.Read(ref resets);

    /// <summary>Why the server ends the connection (RFC 9113 section 7); null when it does not say that it does.</summary>
    public uint? Reason { get; private set; }

    /// <summary>The last answer's header block as it came: numbers in it are text.</summary>
    public string LastAnswer { get; private set; } = "";

    /// <summary>Done when the server has ended the connection.</summary>
    public Task Ended => ended.Task;

    public static async Task<RawHttp2> ConnectAsync(Uri address)
    {
        var raw = new RawHttp2();
        await raw.socket.ConnectAsync(address.Host, address.Port);
        await raw.SendAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])]);
        raw.reading = raw.ReadAsync();
        return raw;
    }

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A whole GET in one frame.</summary>
    public static byte[] Get(int stream, Uri address) => Frame(Headers, EndStream | EndHeaders, stream, Request(address));

    /// <summary>The header block of a GET: HPACK (RFC 7541) without Huffman codes and without its dynamic table.</summary>
    public static byte[] Request(Uri address) =>
    [
        0x82, 0x86,
        0x04, .. Text(address.PathAndQuery),
        0x01, .. Text(address.Authority),
    ];

    /// <summary>A header with a name of its own; <paramref name="indexed"/>: it becomes the newest entry of the dynamic table, 62.</summary>
    public static byte[] Header(string name, string value, bool indexed = false) => [(byte)(indexed ? 0x40 : 0), .. Text(name), .. Text(value)];

    /// <summary>Sends, unless the server has ended the connection meanwhile.</summary>
    /// <returns>Whether all was taken.</returns>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await sending.WaitAsync();
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes)..];
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        finally
        {
            sending.Release();
        }
    }

    /// <summary>Waits until the server has read all that was sent, or has ended the connection.</summary>
    /// <returns>Whether it goes on.</returns>
    public async Task<bool> ReadByServerAsync()
    {
        var answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var number = Random.Shared.NextInt64();
        lock (pings) pings.Add(number, answered);
        var payload = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(payload, number);
        await SendAsync(Frame(Ping, 0, 0, payload));
        await Task.WhenAny(answered.Task, ended.Task).WaitAsync(TimeSpan.FromSeconds(90));
        return !ended.Task.IsCompleted;
    }

    public void Dispose()
    {
        socket.Dispose();
        // What was under way ends with the socket.
        reading.GetAwaiter().GetResult();
        sending.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await using var stream = new BufferedStream(new NetworkStream(socket, ownsSocket: false), 64 * 1024);
            var head = new byte[9];
            while (true)
            {
                await stream.ReadExactlyAsync(head);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8 & 0xffffff];
                await stream.ReadExactlyAsync(payload);
                await TakeAsync(head[3], head[4], payload);
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException or EndOfStreamException)
        {
            ended.TrySetResult(false);
        }
    }

    private async Task TakeAsync(byte type, byte flags, byte[] payload)
    {
        switch (type)
        {
            case Headers:
                LastAnswer = Encoding.Latin1.GetString(payload);
                Interlocked.Increment(ref answers);
                break;
            case Reset:
                Interlocked.Increment(ref resets);
                break;
            case Settings when (flags & Ack) == 0:
                await SendAsync(Frame(Settings, Ack, 0, []));
                break;
            case Ping when (flags & Ack) != 0:
                lock (pings)
                {
                    if (pings.Remove(BinaryPrimitives.ReadInt64BigEndian(payload), out var asked)) asked.SetResult(true);
                }
                break;
            case GoAway:
                Reason = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4));
                break;
            default:
                break;
        }
    }

    private static byte[] Text(string text) => [.. Length(text.Length), .. Encoding.ASCII.GetBytes(text)];

    /// <summary>A number behind a prefix of seven bits (RFC 7541 section 5.1).</summary>
    private static byte[] Length(int length)
    {
        if (length < 127) return [(byte)length];
        var bytes = new List<byte> { 127 };
        for (length -= 127; length >= 128; length >>= 7) bytes.Add((byte)((length & 127) | 128));
        bytes.Add((byte)length);
        return [.. bytes];
    }
}
