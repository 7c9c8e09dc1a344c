using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Playback.Lane;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Playback.Lane;

/// <summary>The fast lane's own rules: what it answers, when it does not, and how long a connection lives.</summary>
public sealed class FastLaneTests : IAsyncLifetime, IDisposable
{
    private readonly RunningClock clock = new();
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;
    private Viewer viewer = null!;
    private LaneMetric metric = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await StartAsync(new Dictionary<string, string>(StringComparer.Ordinal));
    }

    public void Dispose() => metric.Dispose();

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task A_segment_is_answered_by_the_lane_once_the_ordinary_path_has_answered_it()
    {
        Assert.Equal("ordinary", await LaneOfAsync(viewer.Segments[0].PathAndQuery));
        Assert.Equal("fast", await LaneOfAsync(viewer.Segments[0].PathAndQuery));
        // For another session too, which this gateway has seen begin.
        var other = await Viewer.StartAsync(host.Client);
        Assert.Equal("fast", await LaneOfAsync(other.Segments[0].PathAndQuery));
        Assert.Equal("fast", await LaneOfAsync(other.Segments[0].PathAndQuery + "&CMCD=bl%3D4000"));
        using var api = host.Api();
        Assert.Equal(2, (await Viewer.ReportAsync(api, other.Session))!.Value.GetProperty("segments_fetched").GetInt32());
    }

    [Fact]
    public async Task What_was_not_signed_is_not_answered_by_the_lane()
    {
        var signed = viewer.Segments[0].PathAndQuery;
        string[] others =
        [
            signed.Replace("duration=4", "duration=5", StringComparison.Ordinal), signed.Replace(viewer.Session, new string('A', 40), StringComparison.Ordinal),
            signed.Replace(viewer.Session, "x" + viewer.Session[1..], StringComparison.Ordinal), $"/watch/v/720p/video0.ts?session_id={viewer.Session}", "/watch/v/720p/video0.ts",
        ];
        foreach (var target in others.Append(signed)) await LaneOfAsync(target);
        foreach (var target in others) Assert.Equal("ordinary", await LaneOfAsync(target));
        Assert.Equal("fast", await LaneOfAsync(signed));
    }

    [Fact]
    public async Task A_session_that_has_expired_is_not_answered_by_the_lane()
    {
        var target = viewer.Segments[0].PathAndQuery;
        await LaneOfAsync(target);
        Assert.Equal("fast", await LaneOfAsync(target));
        clock.Now += TimeSpan.FromHours(25);
        Assert.Equal("ordinary", await LaneOfAsync(target));
    }

    [Fact]
    public async Task A_playlist_is_answered_by_the_lane_while_it_is_fresh()
    {
        var target = new UriBuilder(viewer.Segments[0]) { Path = "/watch/v/720p/video.m3u8" }.Uri.AbsolutePath + await MediaQueryAsync();
        await LaneOfAsync(target);
        Assert.Equal("fast", await LaneOfAsync(target));
        clock.Ahead += TimeSpan.FromSeconds(11);
        Assert.Equal("ordinary", await LaneOfAsync(target));
    }

    [Fact]
    public async Task With_names_of_hosts_only_those_are_answered_by_the_lane()
    {
        metric.Dispose();
        await host.DisposeAsync();
        await StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["AllowedHosts"] = "127.0.0.1;video.example" });
        var target = viewer.Segments[0].PathAndQuery;
        await LaneOfAsync(target);
        Assert.Equal("fast", await LaneOfAsync(target, "video.example:443"));
        Assert.Equal("ordinary", await LaneOfAsync(target, "evil.example", "400"));
    }

    [Fact]
    public async Task A_request_that_ends_its_connection_or_has_a_body_is_the_ordinary_paths()
    {
        var target = viewer.Segments[0].PathAndQuery;
        for (var warm = 0; warm < 2; warm++) await LaneOfAsync(target);
        var another = $"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n";
        // What is behind the end is not answered; a body is no request, whatever it looks like.
        Assert.Equal(["302"], await StatusesAsync($"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n{another}"));
        Assert.Equal(["302", "200"], await StatusesAsync(
            $"GET {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {another.Length}\r\n\r\n{another}GET /healthz/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task An_idle_connection_is_closed_after_the_keep_alive_timeout_counted_from_the_lanes_last_answer()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        for (var i = 0; i < 4; i++)
        {
            Assert.StartsWith("HTTP/1.1 302 ", await AskAsync(socket, viewer.Segments[0].PathAndQuery, "h"), StringComparison.Ordinal);
            // Together more than the timeout: each answer begins it again. The third is Kestrel's, whose own clock nobody sets, the last the lane's.
            clock.Ahead += TimeSpan.FromSeconds(30);
        }
        clock.Ahead += TimeSpan.FromSeconds(50);
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        // Closed, and not reset.
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], bound.Token));
    }

    [Fact]
    public async Task A_gateway_that_stops_closes_the_lanes_connections()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        for (var i = 0; i < 3; i++) await AskAsync(socket, viewer.Segments[0].PathAndQuery, "h");
        await host.DisposeAsync();
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], bound.Token));
    }

    [Fact]
    public async Task A_redirect_allocates_nothing()
    {
        await LaneOfAsync(viewer.Segments[0].PathAndQuery);
        var lane = host.Services.GetRequiredService<FastLane>();
        var head = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"GET {viewer.Segments[0].PathAndQuery} HTTP/1.1\r\nHost: video.example\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n"));
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var waiter = new HitWaiter(apart: false);
        var least = long.MaxValue;
        // In one round of many at least: a batch more than ever before is made now and then, and kept.
        for (var round = 0; round < 50 && least > 0; round++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 20; i++)
            {
                var looked = 0L;
                lane.Look(head, mayAnswer: true, ref looked, out _, out var request);
                var redirect = (PreparedRedirect)request.Answer!;
                var recorded = lane.RecordAsync(redirect, request, waiter);
                while (!recorded.IsCompleted) Thread.Yield();
                Assert.True(await recorded);
                LaneAnswer.Redirect(pipe.Writer, redirect.Location);
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - allocated);
            await pipe.Writer.FlushAsync();
            pipe.Reader.AdvanceTo((await pipe.Reader.ReadAsync()).Buffer.End);
        }
        Assert.Equal(0, least);
    }

    private async Task StartAsync(Dictionary<string, string> settings)
    {
        settings["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/";
        host = await GatewayHost.StartAsync(origin, settings, services => services.AddSingleton<TimeProvider>(clock));
        viewer = await Viewer.StartAsync(host.Client);
        metric = new LaneMetric(host);
    }

    private async Task<string> MediaQueryAsync()
    {
        var master = await host.Client.GetStringAsync(new Uri($"watch/v/playlist.m3u8?session_id={viewer.Session}", UriKind.Relative));
        var uri = Viewer.Uris(master).Single();
        return uri[uri.IndexOf('?', StringComparison.Ordinal)..];
    }

    /// <summary>Which lane answered; the answer is a 302 or a 200 whichever it was.</summary>
    private async Task<string> LaneOfAsync(string target, string name = "127.0.0.1", string status = "")
    {
        var before = metric.Read();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        var answer = await AskAsync(socket, target, name);
        Assert.True(status.Length > 0 ? answer.StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal) : answer[9..12] is "302" or "200", answer);
        return metric.Read() == before ? "ordinary" : "fast";
    }

    /// <summary>Of all answers until the connection is closed.</summary>
    private async Task<IEnumerable<string>> StatusesAsync(string requests)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(requests));
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (text, buffer) = (new StringBuilder(), new byte[64 * 1024]);
        for (int read; (read = await socket.ReceiveAsync(buffer, bound.Token)) > 0;) text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        return text.ToString().Split("HTTP/1.1 ").Skip(1).Select(answer => answer[..3]);
    }

    private static async Task<string> AskAsync(Socket socket, string target, string name)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer);
            Assert.NotEqual(0, read);
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    /// <summary>Runs as the system's does, and can be set forward.</summary>
    private sealed class RunningClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Now;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);
    }
}
