using System.Net;
using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>Requests that no honest client sends: refused or harmless, and never read as two requests.</summary>
public class RequestAbuseTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public static TheoryData<string, string> Smuggling => new()
    {
        { "two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" },
        { "a list of lengths", "Content-Length: 5, 5\r\n\r\nhello" },
        { "a negative length", "Content-Length: -5\r\n\r\nhello" },
        { "a hexadecimal length", "Content-Length: 0x5\r\n\r\nhello" },
        { "a length with a space in it", "Content-Length: 5 5\r\n\r\nhello" },
        { "a length beyond 64 bits", "Content-Length: 99999999999999999999999\r\n\r\nhello" },
        { "length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "chunks not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "chunks twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "an unknown coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "a tab before the coding's name", "Transfer-Encoding:\tchunked\u000b\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "a space before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" },
        { "a folded line", "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "a lone line feed in a chunk extension", "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n4c\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n0\r\n\r\n" },
        { "a lone carriage return in a chunk extension", "Transfer-Encoding: chunked\r\n\r\n2;\rxx\r\nab\r\n0\r\n\r\n" },
        { "a chunk size with a sign", "Transfer-Encoding: chunked\r\n\r\n+2\r\nab\r\n0\r\n\r\n" },
        { "a chunk size with a prefix", "Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n" },
        { "a chunk size beyond 32 bits", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab\r\n0\r\n\r\n" },
        { "a chunk longer than its size", "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n" },
        { "a name with a space", "Content Length: 5\r\n\r\nhello" },
        { "a name with a null", "X\0Y: 5\r\n\r\n" },
        { "a value with a null", "X: a\0b\r\n\r\n" },
        { "a value with a lone carriage return", "X: a\rContent-Length: 5\r\n\r\nhello" },
        { "no colon", "Content-Length\r\n\r\n" },
        { "an empty name", ": 5\r\n\r\n" },
    };

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Smuggling))]
    public async Task A_request_whose_end_is_ambiguous_is_refused_and_its_connection_closed(string what, string rest)
    {
        // To an endpoint that reads its body: where a body is not read, the server may drain it later and tell nobody.
        var (text, closed) = await RawHttp.SendAsync(host.Address, $"PUT /api/videos/v/subtitles/en HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {GatewayHost.TokenOf("admin")}\r\n{rest}", TimeSpan.FromSeconds(60));
        Assert.True(Statuses(text) is ["400" or "411" or "413" or "501"] && closed, $"{what}: closed {closed}\n{text}");
    }

    [Theory]
    [InlineData("GET /watch/v/playlist.m3u8\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/1.1\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a/b\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [InlineData("GET  /watch/v/playlist.m3u8  HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/1.9\r\nHost: a\r\n\r\n")]
    [InlineData("GET /watch/v/playlist.m3u8 HTTP/2.0\r\nHost: a\r\n\r\n")]
    [InlineData("G\u00cbT /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n")]
    [InlineData("TRACE /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a\r\nCookie: a\r\n\r\n")]
    [InlineData("POST /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public async Task A_request_line_or_host_that_is_none_gets_no_playlist(string request)
    {
        var (text, _) = await RawHttp.SendAsync(host.Address, request, TimeSpan.FromSeconds(2));
        Assert.DoesNotContain("#EXTM3U", text, StringComparison.Ordinal);
        Assert.True(Statuses(text) is [] or ["400"] or ["404"] or ["405"] or ["505"], text);
        Assert.DoesNotContain("Cookie: a", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_of_64_KB_a_thousand_headers_and_a_line_of_20_KB_are_refused()
    {
        async Task<string> StatusAsync(string line, string headers) =>
            Statuses((await RawHttp.SendAsync(host.Address, $"{line} HTTP/1.1\r\nHost: h\r\n{headers}Connection: close\r\n\r\n")).Text).Single();

        const string Get = "GET /watch/v/playlist.m3u8";
        Assert.Equal("431", await StatusAsync(Get, $"X-Large: {new string('x', 64 * 1024)}\r\n"));
        Assert.Equal("431", await StatusAsync(Get, string.Concat(Enumerable.Range(0, 1000).Select(i => $"X-{i}: a\r\n"))));
        Assert.Equal("414", await StatusAsync($"{Get}?{new string('x', 20 * 1024)}", ""));
        // What players send, signed origin queries and CMCD included, passes.
        Assert.Equal("200", await StatusAsync($"{Get}?{new string('x', 8 * 1024)}", $"X-Large: {new string('x', 16 * 1024)}\r\n"));
    }

    [Fact]
    public async Task Twins_with_an_underscore_are_other_headers()
    {
        var (text, _) = await RawHttp.SendAsync(host.Address, "GET /watch/v/720p/video.m3u8 HTTP/1.1\r\nHost: h\r\nX_Forwarded_Host: evil.example\r\nContent_Length: 5\r\nConnection: close\r\n\r\n");
        Assert.Equal(["200"], Statuses(text));
        Assert.DoesNotContain("evil.example", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-Host: evil.example")]
    [InlineData("X-Forwarded-Proto: javascript")]
    [InlineData("X-Forwarded-Prefix: //evil.example")]
    [InlineData("X-Original-URL: /api/sessions")]
    [InlineData("X-Rewrite-URL: /api/sessions")]
    [InlineData("Forwarded: host=evil.example;proto=https")]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    [InlineData("X-Forwarded-For: 10.0.0.1")]
    public async Task A_forwarded_header_of_somebody_unknown_changes_nothing(string header)
    {
        var (playlist, _) = await RawHttp.SendAsync(host.Address, $"GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: h\r\n{header}\r\nConnection: close\r\n\r\n");
        Assert.Equal(["200"], Statuses(playlist));
        Assert.DoesNotContain("evil.example", playlist, StringComparison.Ordinal);
        var (segment, _) = await RawHttp.SendAsync(host.Address, $"GET /watch/v/720p/video0.ts HTTP/1.1\r\nHost: evil.example\r\n{header}\r\nConnection: close\r\n\r\n");
        Assert.Contains("Location: https://cdn.example.com/v/720p/video0.ts\r\n", segment, StringComparison.Ordinal);
        var (api, _) = await RawHttp.SendAsync(host.Address, $"GET /api/sessions HTTP/1.1\r\nHost: h\r\n{header}\r\nConnection: close\r\n\r\n");
        Assert.Equal(["401"], Statuses(api));
    }

    [Theory]
    [InlineData(false, HttpStatusCode.TooManyRequests)]
    [InlineData(true, HttpStatusCode.Unauthorized)]
    public async Task Only_a_known_proxy_can_say_who_is_asking(bool known, HttpStatusCode expected)
    {
        var settings = known ? new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:KnownProxies:0"] = "127.0.0.0/8" } : [];
        await using var gateway = await GatewayHost.StartAsync(settings: settings);
        using var guesser = gateway.NewClient("a-guess-that-is-wrong");
        var statuses = await Task.WhenAll(Enumerable.Range(0, 250).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/sessions");
            request.Headers.Add("X-Forwarded-For", $"192.0.2.{i}");
            using var response = await guesser.SendAsync(request);
            return response.StatusCode;
        }));
        // Made-up addresses must not give a guesser a fresh ration each.
        var last = statuses.Contains(HttpStatusCode.TooManyRequests) ? HttpStatusCode.TooManyRequests : statuses[0];
        Assert.Equal(expected, last);
    }

    [Fact]
    public async Task Where_hosts_are_named_another_host_is_refused()
    {
        await using var gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["AllowedHosts"] = "video.example.com" });
        async Task<string> AskAsync(string name) =>
            Statuses((await RawHttp.SendAsync(gateway.Address, $"GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")).Text).Single();

        Assert.Equal("400", await AskAsync("evil.example"));
        Assert.Equal("400", await AskAsync("video.example.com.evil.example"));
        Assert.Equal("200", await AskAsync("video.example.com"));
    }

    [Fact]
    public async Task Slow_headers_are_cut_after_fifteen_seconds_and_disturb_nobody()
    {
        await using var gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Kestrel:Limits:RequestHeadersTimeout"] = "00:00:01" });
        var slow = Enumerable.Range(0, 200).Select(_ => RawHttp.SendAsync(gateway.Address, "GET /watch/v/playlist.m3u8 HTTP/1.1\r\nHost: h\r\nX: ", TimeSpan.FromSeconds(15))).ToArray();
        await Viewer.StartAsync(gateway.Client);
        Assert.All(await Task.WhenAll(slow), answer => Assert.True(answer.Closed));
    }

    private static string[] Statuses(string text) =>
        [.. text.Split("HTTP/1.1 ").Skip(1).Select(part => part.Split(' ')[0])];
}
