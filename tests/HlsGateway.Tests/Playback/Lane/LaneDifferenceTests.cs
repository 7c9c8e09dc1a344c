using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Playback.Lane;

/// <summary>
/// The fast lane is never seen: the same bytes, sent to a gateway with it and to one without, get the same bytes back, and the ledgers of both hold the
/// same. 100,000 requests with SOAK=1.
/// </summary>
public sealed partial class LaneDifferenceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int PerConnection = 25;
    private static readonly int Requests = Environment.GetEnvironmentVariable("SOAK") == "1" ? 100_000 : 10_000;

    private LoopbackOrigin origin = null!;
    private GatewayHost with = null!;
    private GatewayHost without = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        // Long enough to be zipped.
        SampleVideo.AddTo(origin, "v", segments: 30);
        SampleVideo.AddTo(origin, "nest/ed");
        // Neither goes stale within the test: both gateways ask for each playlist once.
        origin.Serve("q/playlist.m3u8", SampleVideo.Master);
        origin.Serve("q/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts?Policy=a%2Fb&x=~1,2;3\n#EXTINF:2.8,\nhttps://other.example/b%20c.ts\n#EXT-X-ENDLIST\n");
        with = await StartAsync("true");
        without = await StartAsync("false");
    }

    public async Task DisposeAsync()
    {
        await with.DisposeAsync();
        await without.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task Both_lanes_answer_the_same_bytes_and_count_the_same()
    {
        List<string> sessions = [];
        HashSet<string> addresses = new(StringComparer.Ordinal);
        foreach (var video in (string[])["v", "v", "v", "nest/ed", "nest/ed", "q"])
        {
            var viewer = await Viewer.StartAsync(with.Client, video);
            sessions.Add(viewer.Session);
            addresses.UnionWith(viewer.Segments.Select(segment => segment.PathAndQuery.Replace(viewer.Session, "{0}", StringComparison.Ordinal)));
            var master = await with.Client.GetStringAsync(new Uri($"watch/{video}/playlist.m3u8?session_id={viewer.Session}", UriKind.Relative));
            addresses.UnionWith(Viewer.Uris(master).Select(uri => $"/watch/{video}/{uri.Replace(viewer.Session, "{0}", StringComparison.Ordinal)}"));
            addresses.Add($"/watch/{video}/720p/video0.ts");
            addresses.Add($"/watch/{video}/720p/init.mp4?session_id={{0}}");
        }
        var maker = new RequestMaker(20261, [.. addresses], sessions);
        var connections = Enumerable.Range(0, Requests / PerConnection).Select(_ => maker.Connection(PerConnection)).ToArray();
        var cuts = new Random(7);
        // At one place each byte by itself; elsewhere a few pieces, or all at once.
        int[] pieces = [.. connections.Select(_ => cuts.Next(50) switch { 0 => int.MaxValue, < 25 => 1 + cuts.Next(6), _ => 1 })];
        var differ = 0;
        await Parallel.ForAsync(0, connections.Length, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (at, _) =>
        {
            var answers = await Task.WhenAll(AskAsync(with, connections[at], pieces[at], at), AskAsync(without, connections[at], pieces[at], at));
            var (fast, ordinary) = (Plain(answers[0], sessions), Plain(answers[1], sessions));
            if (fast == ordinary)
                return;
            Interlocked.Increment(ref differ);
            output.WriteLine($"connection {at}, in {pieces[at]} pieces:\n{Encoding.Latin1.GetString(connections[at])}\n--- with\n{fast}\n--- without\n{ordinary}\n");
        });
        Assert.Equal(0, differ);
        foreach (var session in sessions.Distinct())
            Assert.Equal(await CountedAsync(without, session), await CountedAsync(with, session));
        using var metric = new LaneMetric(with);
        var alone = metric.Read();
        output.WriteLine($"{Requests} requests; {alone} answered by the lane");
        // Anti-vacuity: the lane took part.
        Assert.InRange(alone, Requests / 20, Requests);
    }

    /// <summary>What the session's trace says of each request, in no order.</summary>
    private static async Task<string> CountedAsync(GatewayHost host, string session)
    {
        using var api = host.Api();
        var report = await Viewer.ReportAsync(api, session) ?? throw new InvalidOperationException("The ledger does not know the session.");
        // Which of two requests added a second depends on which came first.
        string[] told = ["kind", "path", "start", "duration", "cmcd"];
        var trace = report.GetProperty("trace").EnumerateArray()
            .Where(hit => hit.GetProperty("kind").GetString() != "session_start")
            .Select(hit => string.Join(' ', hit.EnumerateObject().Where(field => told.Contains(field.Name) || field.Value.ToString() is "head" or "forged_duration").Select(field => $"{field.Name}={field.Value}")))
            .Order(StringComparer.Ordinal);
        return $"{report.GetProperty("segments_fetched")} {report.GetProperty("seconds_fetched")} {report.GetProperty("watch_seconds")}\n{string.Join('\n', trace)}";
    }

    private static async Task<string> AskAsync(GatewayHost host, byte[] bytes, int pieces, int seed)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host.Address.Host, host.Address.Port);
        var reading = ReadAsync(socket);
        var random = new Random(seed);
        try
        {
            for (var from = 0; from < bytes.Length;)
            {
                var to = pieces == 1 ? bytes.Length : pieces == int.MaxValue ? from + 1 : Math.Min(bytes.Length, from + 1 + random.Next(2 * bytes.Length / pieces));
                await socket.SendAsync(bytes.AsMemory(from, to - from));
                from = to;
            }
        }
        catch (SocketException)
        {
            // The server has closed already: at the last request at the latest.
        }
        return await reading;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            for (int read; (read = await socket.ReceiveAsync(buffer, bound.Token)) > 0;)
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // Refused, with requests unread.
        }
        return text.ToString();
    }

    /// <summary>Without what is another in each answer by its nature: the time, the answer's own id, and sessions that began with it.</summary>
    private static string Plain(string text, List<string> sessions) =>
        NewSession().Replace(Trace().Replace(Date().Replace(text, ""), ""), match => sessions.Contains(match.Groups["token"].Value) ? match.Value : "");

    [GeneratedRegex("Date: [^\r]*\r\n", RegexOptions.None, 10_000)]
    private static partial Regex Date();

    [GeneratedRegex("\"trace_id\":\"[^\"]*\"|traceparent: [^\r]*\r\n", RegexOptions.None, 10_000)]
    private static partial Regex Trace();

    [GeneratedRegex("session_id=(?<token>[A-Za-z0-9_-]{40})", RegexOptions.None, 10_000)]
    private static partial Regex NewSession();

    private Task<GatewayHost> StartAsync(string lane) => GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
        ["Gateway:FastLane"] = lane,
        ["Gateway:Sessions:Keys:0"] = "a secret that both gateways have, for this test alone",
        ["Gateway:Origin:FreshFor"] = "01:00:00",
        ["Ledger:TraceLimit"] = "1000000",
    });
}
