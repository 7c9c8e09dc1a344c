using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Counting.Crash;

/// <summary>What passes on the wire to PostgreSQL (its frontend protocol, version 3).</summary>
internal enum WireMoment
{
    /// <summary>The first rows of a COPY of events are about to be handed on: PostgreSQL has begun and waits for them.</summary>
    WithinCopy,

    /// <summary>PostgreSQL has answered a COMMIT; the answer is dropped.</summary>
    Committed,
}

/// <summary>A relay on loopback that can read what a gateway says to PostgreSQL, and acts while a message is on its way.</summary>
internal sealed class PostgresRelay : IDisposable
{
    private readonly LoopbackRelay relay;

    /// <param name="database">Connection string of the database itself.</param>
    public PostgresRelay(string database)
    {
        var server = new IPEndPoint(IPAddress.Loopback, new NpgsqlConnectionStringBuilder(database).Port);
        relay = new LoopbackRelay(server, (client, upstream, cancellation) =>
        {
            var said = new Conversation();
            return Task.WhenAny(UpAsync(client, upstream, said, cancellation), DownAsync(upstream, client, said, cancellation));
        });
        Database = new NpgsqlConnectionStringBuilder(database) { Port = relay.Start(), SslMode = SslMode.Disable, GssEncryptionMode = GssEncryptionMode.Disable }.ToString();
    }

    /// <summary>The database by way of the relay.</summary>
    public string Database { get; }

    /// <summary>Called while the message waits.</summary>
    public Func<WireMoment, Task>? Passing { get; set; }

    public void Dispose() => relay.Dispose();

    private async Task UpAsync(Socket client, Socket upstream, Conversation said, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await client.ReceiveAsync(buffer, cancellation)) > 0)
        {
            if (said.Hear(buffer.AsSpan(0, read)) && Passing is { } passing) await passing(WireMoment.WithinCopy);
            await LoopbackRelay.SendAsync(upstream, buffer.AsMemory(0, read), cancellation);
        }
    }

    private async Task DownAsync(Socket upstream, Socket client, Conversation said, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await upstream.ReceiveAsync(buffer, cancellation)) > 0)
        {
            if (said.TakeCommit() && Passing is { } passing) await passing(WireMoment.Committed);
            await LoopbackRelay.SendAsync(client, buffer.AsMemory(0, read), cancellation);
        }
    }

    /// <summary>Follows one connection's messages: a start-up message without a type, then type, length (its own 4 bytes counted in) and body.</summary>
    private sealed class Conversation
    {
        private readonly List<byte> head = [];
        private bool started;
        private int bodyLeft;
        private bool copyingEvents;
        private int commits;

        public bool TakeCommit() => Interlocked.Exchange(ref commits, 0) > 0;

        /// <returns>Whether the first rows of a COPY of events are among these bytes.</returns>
        public bool Hear(ReadOnlySpan<byte> bytes)
        {
            var rows = false;
            while (bytes.Length > 0)
            {
                var headLength = started ? 5 : 4;
                if (bodyLeft == 0 || head.Count < headLength)
                {
                    head.Add(bytes[0]);
                    bytes = bytes[1..];
                    if (head.Count < headLength) continue;
                    bodyLeft = BinaryPrimitives.ReadInt32BigEndian(head.ToArray().AsSpan(headLength - 4)) - 4;
                    if (started && head[0] == 'd' && copyingEvents) (rows, copyingEvents) = (true, false);
                }
                // The first words of a text are enough to know it by.
                var taken = Math.Min(bodyLeft, bytes.Length);
                foreach (var one in bytes[..Math.Min(taken, 64)]) head.Add(one);
                bytes = bytes[taken..];
                bodyLeft -= taken;
                if (bodyLeft > 0) continue;
                var text = Encoding.Latin1.GetString(head.ToArray());
                if (started && text[0] is 'Q' or 'P')
                {
                    if (text.Contains("COPY counting.trace", StringComparison.Ordinal)) copyingEvents = true;
                    if (text.Contains("COMMIT", StringComparison.Ordinal)) Interlocked.Exchange(ref commits, 1);
                }
                started = true;
                head.Clear();
            }
            return rows;
        }
    }
}
