using System.Net;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>An address is visible ASCII: what is not never reaches an origin's request line, whichever endpoint passes it on.</summary>
public class TargetBytesTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            // An operator's own route of YARP, which passes targets on as well.
            ["ReverseProxy:Routes:own:ClusterId"] = "origin",
            ["ReverseProxy:Routes:own:Match:Path"] = "/own/{**rest}",
        });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task Every_byte_outside_visible_ascii_is_refused_in_path_and_query_and_reaches_no_origin()
    {
        var passed = new List<string>();
        // A lone line feed or a space ends the target before anybody reads it.
        foreach (var unit in Enumerable.Range(0, 256).Where(unit => unit is < 0x21 or > 0x7e && unit is not ('\n' or ' ')))
        {
            var mark = (char)unit;
            foreach (var target in (string[])[$"/watch/v/playlist.m3u8?a={mark}b", $"/watch/v/poster.jpg?{mark}", $"/watch/v/720p/video0.ts?session_id=x{mark}", $"http://h/watch/v/k.bin?a{mark}=", $"/watch/v/a{mark}.bin", $"/own/a?{mark}", $"/media/a?{mark}"])
            {
                var text = await AskAsync(target);
                if (!text.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal)) passed.Add($"{unit:x2} in {target}: {text.Split('\r')[0]}");
            }
        }

        Assert.Empty(passed);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task A_refused_address_tells_what_to_do_and_lets_a_player_read_it()
    {
        var text = await AskAsync("/watch/v/playlist.m3u8?a=\rb");
        Assert.Contains("/problems/bad-target", text, StringComparison.Ordinal);
        Assert.Contains("Percent-encode", text, StringComparison.Ordinal);
        Assert.Contains("Access-Control-Allow-Origin: *", text, StringComparison.Ordinal);
        Assert.Contains("Cache-Control: no-store", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control-Allow-Origin", await AskAsync("/api/sessions?a=\rb"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_origins_playlist_writes_in_utf8_is_asked_of_it_percent_encoded()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../k/vidéo mit.m3u8?q=ü\n");
        origin.Serve("k/vid%C3%A9o%20mit.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"../k/schlüssel.bin\"\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        origin.Serve("k/schl%C3%BCssel.bin", [1, 2]);
        var child = Viewer.Uris(await host.Client.GetStringAsync("/watch/v/playlist.m3u8")).Single();
        var media = await host.Client.GetStringAsync("/watch/v/" + child);
        var key = media.Split("URI=\"")[1].Split('"')[0];
        var at = new Uri(new Uri(host.Address, "/watch/v/" + child), key);
        Assert.Equal([1, 2], await host.Client.GetByteArrayAsync(at));
        Assert.Contains(origin.Requests, r => r.PathAndQuery == "/k/vid%C3%A9o%20mit.m3u8?q=%C3%BC");
    }

    private async Task<string> AskAsync(string target)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        await socket.SendAsync(Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var buffer = new byte[8192];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, late.Token)) > 0)
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        return text.ToString();
    }
}
