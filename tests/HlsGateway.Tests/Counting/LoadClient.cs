using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Analytics;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>What one session's client saw.</summary>
internal sealed class Tally
{
    public int Received;
    public int Unanswered;
}

/// <summary>
/// One viewer after the other on one socket, each in a session of its own: two playlists, then all segments in one write. Lean, so
/// that the machine's time goes to the gateway.
/// </summary>
internal static class LoadClient
{
    public const int Segments = 20;

    /// <summary>An origin with the one clip that it plays.</summary>
    public static async Task<LoopbackOrigin> OriginAsync()
    {
        var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("clip/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=1280x720\n720p/video.m3u8\n");
        var media = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var i = 0; i < Segments; i++) media.Append(System.Globalization.CultureInfo.InvariantCulture, $"#EXTINF:4.0,\nvideo{i}.ts\n");
        origin.Serve("clip/720p/video.m3u8", media.Append("#EXT-X-ENDLIST\n").ToString());
        return origin;
    }

    /// <summary>Plays until the gateway is gone or <paramref name="stop"/>; returns 1 when requests were cut off.</summary>
    /// <param name="pace">Waited for before each session; without it one follows the other.</param>
    public static async Task<int> RunAsync(Uri address, ConcurrentDictionary<Guid, Tally> told, CancellationToken stop, Func<Task>? pace = null)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, stop);
            var buffer = new byte[64 * 1024];
            while (!stop.IsCancellationRequested)
            {
                if (pace is not null) await pace();
                var child = Line(await GetAsync(socket, buffer, "/watch/clip/playlist.m3u8"));
                var media = await GetAsync(socket, buffer, $"/watch/clip/{child}");
                Assert.True(SessionIds.TryParse(child[(child.IndexOf("session_id=", StringComparison.Ordinal) + 11)..][..40], out var session));
                var segments = media.Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToList();
                var tally = told.GetOrAdd(session, _ => new Tally());
                // Counted as cut off before they are sent, so that a kill in between finds them so.
                Interlocked.Add(ref tally.Unanswered, segments.Count);
                await SendAsync(socket, string.Concat(segments.Select(segment => Request($"/watch/clip/720p/{segment}"))));
                await ReadRedirectsAsync(socket, buffer, segments.Count, tally);
            }
            return 0;
        }
        catch (Exception gone) when (gone is SocketException or EndOfStreamException or OperationCanceledException)
        {
            return 1;
        }
    }

    private static async Task ReadRedirectsAsync(Socket socket, byte[] buffer, int count, Tally tally)
    {
        var held = 0;
        while (count > 0)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(held));
            if (read == 0) throw new EndOfStreamException();
            held += read;
            var used = 0;
            while (count > 0 && buffer.AsSpan(used, held - used).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                var head = buffer.AsSpan(used, end);
                Assert.True(head.StartsWith("HTTP/1.1 302 "u8), Encoding.Latin1.GetString(head));
                Interlocked.Increment(ref tally.Received);
                Interlocked.Decrement(ref tally.Unanswered);
                used += end + 4;
                count--;
            }
            buffer.AsSpan(used, held - used).CopyTo(buffer);
            held -= used;
        }
    }

    private static async Task<string> GetAsync(Socket socket, byte[] buffer, string target)
    {
        await SendAsync(socket, Request(target));
        var held = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(held));
            if (read == 0) throw new EndOfStreamException();
            held += read;
            var text = Encoding.Latin1.GetString(buffer, 0, held);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            Assert.StartsWith("HTTP/1.1 200 ", text, StringComparison.Ordinal);
            const string Name = "Content-Length: ";
            var length = text.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
            Assert.True(length >= 0, text[..end]);
            var size = int.Parse(text.AsSpan(length + Name.Length, text.IndexOf('\r', length) - length - Name.Length), System.Globalization.CultureInfo.InvariantCulture);
            if (held >= end + 4 + size) return text.Substring(end + 4, size);
        }
    }

    private static string Request(string target) => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text));

    private static string Line(string playlist) => playlist.Split('\n').First(line => line.Length > 0 && line[0] != '#');
}
