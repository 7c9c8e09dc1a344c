using System.Globalization;
using System.Net;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>A gateway as a process of its own with an endpoint for HTTP/2, an origin, and a viewer who plays whatever others do.</summary>
public sealed class Http2Gateway : IAsyncLifetime
{
    private string data = "";
    private GatewayProcess gateway = null!;

    public LoopbackOrigin Origin { get; private set; } = null!;

    /// <summary>Speaks HTTP/2 from the first byte on, as behind a proxy that ends TLS.</summary>
    public Uri Address { get; private set; } = null!;

    public long PeakMegabytes => ProcessFigures.PeakMegabytes(gateway.Id);

    public async Task InitializeAsync()
    {
        data = Directory.CreateTempSubdirectory("hlsgateway-test-").FullName;
        Origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(Origin, "v");
        var port = FreePorts.Take(2);
        Address = new Uri($"http://127.0.0.1:{port + 1}/");
        gateway = await GatewayProcess.StartAsync(data, Origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Kestrel:Endpoints:plain:Url"] = $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}",
            ["Kestrel:Endpoints:two:Url"] = Address.AbsoluteUri,
            ["Kestrel:Endpoints:two:Protocols"] = "Http2",
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
            ["Ledger:CommitTimeout"] = "00:00:10",
            ["Gateway:Roles:0"] = "gateway",
        }, port);
    }

    /// <summary>A viewer begins and gets each segment; the last of them is given back.</summary>
    public async Task<Uri> PlaysAsync()
    {
        using var client = Http2Clients.New(Address);
        var viewer = await Viewer.StartAsync(client);
        for (var segment = 0; segment < viewer.Segments.Count; segment++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(segment));
        return viewer.Segments[^1];
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await Origin.DisposeAsync();
        TemporaryFolder.Delete(data);
    }
}

/// <summary>Case 29: what one connection of HTTP/2 may do costs bounded memory, and other viewers play meanwhile and afterwards.</summary>
public sealed class Http2AbuseTests(Http2Gateway gateway) : IClassFixture<Http2Gateway>
{
    /// <summary>What the process holds at most, whatever was tried: several times what it needs, and far less than one flood sends.</summary>
    private const int MostMegabytes = 800;

    [Fact]
    public async Task Case_29_requests_that_are_reset_at_once_cost_one_fetch_and_disturb_nobody()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Origin.Answer("cold/playlist.m3u8", context => release.Task.WaitAsync(context.RequestAborted));
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        var address = new Uri(gateway.Address, "watch/cold/playlist.m3u8");
        var (count, sent) = (Soak.Of(5_000, 200_000), 0);
        for (var stream = 1; sent < count; stream += 2, sent++)
        {
            if (raw.Ended.IsCompleted || !await raw.SendAsync((byte[])[.. RawHttp2.Get(stream, address), .. RawHttp2.Frame(RawHttp2.Reset, 0, stream, [0, 0, 0, 8])])) break;
        }
        var goesOn = await raw.ReadByServerAsync();
        Assert.True(sent == count || !goesOn, "neither all was sent nor the connection ended");
        Assert.InRange(gateway.Origin.Count("cold/playlist.m3u8"), 0, 1);
        await gateway.PlaysAsync();
        release.SetResult();
        Told($"{sent:N0} of {count:N0} requests reset at once: the server {(goesOn ? "took all" : $"ended the connection ({Why(raw)})")}, {gateway.Origin.Count("cold/playlist.m3u8")} fetch");
    }

    [Fact]
    public async Task Case_29_a_header_without_end_ends_the_connection()
    {
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        await raw.SendAsync(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndStream, 1, RawHttp2.Request(new Uri(gateway.Address, "watch/v/playlist.m3u8"))));
        var sent = 0;
        var part = RawHttp2.Frame(RawHttp2.Continuation, 0, 1, RawHttp2.Header("x-part", new string('x', 1000)));
        while (!raw.Ended.IsCompleted && await raw.SendAsync(part)) sent++;
        await raw.Ended.WaitAsync(TimeSpan.FromSeconds(90));
        Assert.Equal(0, raw.Answers);
        await gateway.PlaysAsync();
        Told($"CONTINUATION without end: ended by the server ({Why(raw)})");
    }

    [Fact]
    public async Task Case_29_continuations_that_hold_nothing_disturb_nobody()
    {
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        await raw.SendAsync(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndStream, 1, RawHttp2.Request(new Uri(gateway.Address, "watch/v/playlist.m3u8"))));
        var nothing = Enumerable.Repeat(RawHttp2.Frame(RawHttp2.Continuation, 0, 1, []), 1000).SelectMany(frame => frame).ToArray();
        for (var thousand = 0; thousand < Soak.Of(50, 2_000); thousand++)
        {
            if (!await raw.SendAsync(nothing)) break;
        }
        await gateway.PlaysAsync();
        Assert.Equal(0, raw.Answers);
        Told($"{Soak.Of(50, 2_000)},000 empty CONTINUATION frames: others play");
    }

    [Fact]
    public async Task Case_29_a_few_bytes_that_stand_for_megabytes_of_headers_are_refused()
    {
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        var request = RawHttp2.Request(new Uri(gateway.Address, "watch/v/playlist.m3u8"));
        // 62 is the newest entry of the dynamic table: each byte stands for four thousand.
        byte[] bomb = [.. request, .. RawHttp2.Header("x-bomb", new string('b', 4000), indexed: true), .. Enumerable.Repeat((byte)(0x80 | 62), 10_000)];
        await raw.SendAsync(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndStream | RawHttp2.EndHeaders, 1, bomb));
        var goesOn = await raw.ReadByServerAsync();
        if (goesOn)
        {
            await Eventually.IsTrueAsync(() => raw.Answers + raw.Resets > 0, "an answer to the bomb");
            Assert.True(raw.Resets > 0 || raw.LastAnswer.Contains("431", StringComparison.Ordinal), raw.LastAnswer);
        }
        await gateway.PlaysAsync();
        Told($"an HPACK bomb of 14 KB that stands for 40 MB: {(goesOn ? "refused" : $"the connection ended ({Why(raw)})")}");
    }

    [Fact]
    public async Task Case_29_a_flood_of_tiny_streams_is_answered_or_refused()
    {
        var segment = await gateway.PlaysAsync();
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        var (count, sent) = (Soak.Of(10_000, 1_000_000), 0);
        for (var stream = 1; sent < count; stream += 2, sent++)
        {
            if (raw.Ended.IsCompleted || !await raw.SendAsync(RawHttp2.Get(stream, segment))) break;
        }
        var goesOn = await raw.ReadByServerAsync();
        if (goesOn) await Eventually.IsTrueAsync(() => raw.Ended.IsCompleted || raw.Answers + raw.Resets >= sent, () => $"{sent} streams end: {raw.Answers} answers, {raw.Resets} resets");
        Assert.True(sent == count || raw.Ended.IsCompleted, "neither all was sent nor the connection ended");
        Assert.True(raw.Answers > 0, "no stream was answered");
        await gateway.PlaysAsync();
        Told($"{sent:N0} of {count:N0} tiny streams without waiting: {raw.Answers:N0} answered, {raw.Resets:N0} refused{(raw.Ended.IsCompleted ? $", then the connection ended ({Why(raw)})" : "")}");
    }

    [Fact]
    public async Task Case_29_frames_that_ask_for_an_answer_each_are_answered_or_end_the_connection()
    {
        using var raw = await RawHttp2.ConnectAsync(gateway.Address);
        var many = Enumerable.Repeat((byte[])[.. RawHttp2.Frame(RawHttp2.Settings, 0, 0, []), .. RawHttp2.Frame(RawHttp2.Ping, 0, 0, new byte[8])], 500).SelectMany(frame => frame).ToArray();
        for (var sent = 0; sent < Soak.Of(10, 1_000); sent++)
        {
            if (!await raw.SendAsync(many)) break;
        }
        var goesOn = await raw.ReadByServerAsync();
        await gateway.PlaysAsync();
        Told($"{Soak.Of(10, 1_000) * 1000:N0} SETTINGS and PING: {(goesOn ? "all answered" : $"the connection ended ({Why(raw)})")}");
    }

    private static string Why(RawHttp2 raw) => raw.Reason is { } reason ? $"error {reason}" : "by a reset";

    private void Told(FormattableString what)
    {
        Assert.InRange(gateway.PeakMegabytes, 1, MostMegabytes);
        Figures.Say("29", what);
        Figures.Say("29", $"most memory so far {gateway.PeakMegabytes} MiB");
    }
}
