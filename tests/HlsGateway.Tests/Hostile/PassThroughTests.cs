using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Hostile;

/// <summary>An origin's file at an address of ours: whatever the origin says beside it, a browser runs nothing and keeps nothing that would hold for our site.</summary>
public sealed class PassThroughTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/base/";
    private const string Allowed = "media.example";

    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = Cdn,
            ["Gateway:Origin:AllowedHosts:0"] = Allowed,
        });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_page_of_the_origin_is_confined_and_brings_nothing_for_our_site(int status)
    {
        string[] commands =
        [
            "Set-Cookie: a=b", "Service-Worker-Allowed: /", "Clear-Site-Data: \"*\"", "Refresh: 0;url=https://evil.example/", "Link: </x>; rel=preload", "Report-To: {}", "NEL: {}",
            "Reporting-Endpoints: a=\"https://evil.example/\"", "Strict-Transport-Security: max-age=1", "Public-Key-Pins: x", "WWW-Authenticate: Basic realm=\"x\"",
            "Proxy-Authenticate: Basic realm=\"x\"", "Alt-Svc: h3=\":1\"", "SourceMap: /x", "X-SourceMap: /x", "Content-Security-Policy: script-src *", "Content-Security-Policy-Report-Only: x",
            "Permissions-Policy: camera=*", "Cross-Origin-Opener-Policy: unsafe-none", "Cross-Origin-Embedder-Policy: require-corp", "Cross-Origin-Resource-Policy: same-origin",
            "Origin-Agent-Cluster: ?0", "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Headers: *", "Access-Control-Allow-Methods: *", "X-Frame-Options: ALLOWALL",
            "X-XSS-Protection: 0", "X-Powered-By: x", "X-Debug-Path: /srv/x", "X-DNS-Prefetch-Control: on", "Server: x", "Via: 1.1 x", "P3P: x", "Pragma: x", "Expires: 0", "Upgrade: h2c",
            "Referrer-Policy: unsafe-url", "Accept-CH: DPR", "Critical-CH: DPR", "Document-Policy: x", "Supports-Loading-Mode: x", "Speculation-Rules: \"/x\"", "No-Vary-Search: params",
            "Content-Disposition: attachment; filename=x", "Content-Location: /x", "Timing-Allow-Origin: *", "Set-Login: logged-in", "Activate-Storage-Access: load", "Unheard-Of: x",
        ];
        origin.Answer("v/page", Scripted(status, [.. commands.Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1])),
            ("Access-Control-Allow-Origin", "https://evil.example"), ("X-Content-Type-Options", "none"), ("Content-Type", "text/html")], "<script>alert(1)</script>"));
        var headers = await HeadersAsync("GET", "/watch/v/page");
        Assert.Equal([status.ToString(CultureInfo.InvariantCulture)], headers["status"]);
        AssertConfined(headers);
        Assert.Equal(["text/html"], headers["content-type"]);
        Assert.Empty(headers.Select(header => header.Key).Intersect(commands.Select(line => line.Split(':')[0].ToLowerInvariant()).Except(["content-security-policy"]), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(200, new[] { "public, max-age=60" }, "public, max-age=60")]
    [InlineData(206, new[] { "max-age=60" }, "max-age=60")]
    [InlineData(200, new[] { "public", "max-age=60" }, "public, max-age=60")]
    [InlineData(200, new[] { "private, no-cache" }, "no-cache, private")]
    [InlineData(200, new string[0], "no-store")]
    [InlineData(200, new[] { "max-age=\u0001" }, "no-store")]
    [InlineData(200, new[] { "" }, "no-store")]
    [InlineData(404, new[] { "public, max-age=60" }, "no-store")]
    [InlineData(500, new[] { "public, max-age=60" }, "no-store")]
    public async Task There_is_one_Cache_Control_the_origins_for_a_file_that_it_gave_and_ours_otherwise(int status, string[] given, string expected)
    {
        origin.Answer("v/poster.jpg", Scripted(status, [.. given.Where(line => !line.Contains('\u0001', StringComparison.Ordinal)).Select(line => ("Cache-Control", line)), ("Content-Type", "image/jpeg")], "x"));
        if (given is [var odd] && odd.Contains('\u0001', StringComparison.Ordinal))
            origin.Answer("v/poster.jpg", Scripted(status, [("Cache-Control", "max-age=soon"), ("Content-Type", "image/jpeg")], "x"));
        var headers = await HeadersAsync("GET", "/watch/v/poster.jpg");
        Assert.Equal([expected], headers["cache-control"]);
        AssertConfined(headers);
    }

    [Fact]
    public async Task What_a_player_needs_of_a_file_passes()
    {
        var modified = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).ToString("R", CultureInfo.InvariantCulture);
        origin.Answer("v/poster.jpg", Scripted(206, [("Content-Type", "image/jpeg"), ("Content-Range", "bytes 0-0/9"), ("Accept-Ranges", "bytes"), ("ETag", "\"a\""),
            ("Last-Modified", modified), ("Vary", "Accept"), ("Content-Length", "1"), ("Content-Language", "en"), ("Age", "5"), ("Cache-Control", "max-age=9")], "x"));
        var headers = await HeadersAsync("GET", "/watch/v/poster.jpg");
        foreach (var (name, value) in ((string, string)[])[("content-range", "bytes 0-0/9"), ("accept-ranges", "bytes"), ("etag", "\"a\""), ("last-modified", modified), ("vary", "Accept"),
            ("content-length", "1"), ("content-language", "en"), ("age", "5"), ("content-type", "image/jpeg")])
            Assert.Equal([value], headers[name]);
    }

    [Fact]
    public async Task Nothing_of_the_viewer_but_what_is_wanted_reaches_the_origin()
    {
        origin.Serve("v/poster.jpg", "x");
        await RawHttp.SendAsync(host.Address, "GET /watch/v/poster.jpg HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nAuthorization: x\r\nProxy-Authorization: x\r\nOrigin: https://o.example\r\n"
            + "Referer: https://r.example/\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\nX-Original-URL: /x\r\nX-HTTP-Method-Override: DELETE\r\nCMCD-Request: bl=1\r\n"
            + "Accept: image/*\r\nRange: bytes=0-0\r\nUser-Agent: player\r\nConnection: close\r\n\r\n");
        var seen = origin.Requests.Single().Headers;
        Assert.Equal(["Accept", "Range", "User-Agent"], seen.Keys.Except(["Host", "traceparent", "Connection"], StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("h2c")]
    [InlineData("SPDY/3.1")]
    public async Task No_other_protocol_and_no_body_goes_through(string protocol)
    {
        var sent = 0L;
        origin.Answer("v/socket", async context =>
        {
            sent += context.Request.ContentLength ?? 0;
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Headers.Upgrade.Count > 0 ? 500 : 200;
        });
        var (text, _) = await RawHttp.SendAsync(host.Address, $"GET /watch/v/socket HTTP/1.1\r\nHost: h\r\nUpgrade: {protocol}\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + "Sec-WebSocket-Version: 13\r\nContent-Length: 4\r\n\r\nbody");
        Assert.StartsWith("HTTP/1.1 200", text, StringComparison.Ordinal);
        Assert.Equal(0, sent);
    }

    [Fact]
    public async Task An_origin_that_switches_protocols_unasked_is_answered_with_a_problem()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await socket.ReceiveAsync(new byte[4096]);
            await socket.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: a=b\r\n\r\n"u8.ToArray());
            await socket.ReceiveAsync(new byte[1]);
        });
        await using var gateway = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = $"http://{listener.LocalEndpoint}/",
        });
        var headers = await HeadersAsync("GET", "/watch/v/socket", gateway);
        Assert.Equal(["502"], headers["status"]);
        AssertConfined(headers);
        Assert.False(headers.ContainsKey("set-cookie"));
        await served;
    }

    [Theory]
    [InlineData(301, "/watch/evil", null)]
    [InlineData(302, "https://evil.example/", null)]
    [InlineData(307, "//evil.example/", null)]
    [InlineData(308, "javascript:alert(1)", null)]
    [InlineData(302, "https://cdn.example.com.evil.example/base/x", null)]
    [InlineData(302, "https://cdn.example.com/basex", null)]
    [InlineData(302, "", null)]
    [InlineData(300, null, null)]
    [InlineData(303, "other.jpg?x=%2F", "/watch/v/other.jpg?x=%2F")]
    [InlineData(302, "../w/%2e%2e/x", null)]
    [InlineData(302, Cdn + "x.jpg", Cdn + "x.jpg")]
    [InlineData(302, $"https://{Allowed}/x.jpg", $"https://{Allowed}/x.jpg")]
    public async Task A_redirect_of_the_origin_leads_to_where_viewers_are_sent_anyhow_or_nowhere(int status, string? location, string? expected)
    {
        // The origin stands below a path of its host here, so that a target beside it is none of its own.
        await using var gateway = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = $"{origin.Address}files/",
            ["Gateway:Cdn:BaseUrl"] = Cdn,
            ["Gateway:Origin:AllowedHosts:0"] = Allowed,
        });
        origin.Answer("files/v/poster.jpg", Scripted(status, location is null ? [] : [("Location", location), ("Set-Cookie", "a=b")], ""));
        var headers = await HeadersAsync("GET", "/watch/v/poster.jpg", gateway);
        Assert.Equal([expected is null ? "502" : "302"], headers["status"]);
        Assert.Equal(expected is null ? [] : [expected], headers.GetValueOrDefault("location", []));
        Assert.Equal(["*"], headers["access-control-allow-origin"]);
        Assert.Equal(["no-store"], headers["cache-control"]);
        Assert.False(headers.ContainsKey("set-cookie"));
    }

    [Fact]
    public async Task A_file_that_breaks_off_before_its_first_byte_is_a_problem_that_a_player_can_read()
    {
        origin.Answer("v/poster.jpg", async context =>
        {
            context.Response.ContentLength = 100;
            context.Response.Headers.ETag = "\"a\"";
            context.Response.Headers.CacheControl = "public, max-age=60";
            await context.Response.StartAsync();
            context.Abort();
        });
        var headers = await HeadersAsync("GET", "/watch/v/poster.jpg");
        Assert.Equal(["502"], headers["status"]);
        Assert.Equal(["no-store"], headers["cache-control"]);
        Assert.False(headers.ContainsKey("etag"));
        AssertConfined(headers);
    }

    [Fact]
    public async Task Captions_and_objects_of_the_store_are_confined_too()
    {
        SampleVideo.AddTo(origin, "v");
        await using (var body = new MemoryStream("WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"u8.ToArray()))
        using (var api = host.Api("editor"))
        using (var put = await api.PutAsync(new Uri("/api/videos/v/subtitles/en", UriKind.Relative), new StreamContent(body)))
            put.EnsureSuccessStatusCode();
        var window = "/watch/v/subtitles/en/x/0-20000/0-4000.vtt";
        AssertConfined(await HeadersAsync("GET", window));
        AssertConfined(await HeadersAsync("HEAD", window));
        AssertConfined(await HeadersAsync("GET", "/media/videos/none.ts"));
    }

    private static void AssertConfined(Dictionary<string, string[]> headers)
    {
        Assert.Equal(["sandbox; default-src 'none'"], headers["content-security-policy"]);
        Assert.Equal(["nosniff"], headers["x-content-type-options"]);
        Assert.Equal(["*"], headers["access-control-allow-origin"]);
        Assert.Single(headers["cache-control"]);
    }

    private static RequestDelegate Scripted(int status, (string Name, string Value)[] headers, string body) => context =>
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            context.Response.Headers.Append(name, value);
        return context.Response.WriteAsync(body);
    };

    /// <summary>All header lines as they came over the wire, by their names in lower case; <c>status</c> is the status.</summary>
    private async Task<Dictionary<string, string[]>> HeadersAsync(string method, string target, GatewayHost? gateway = null)
    {
        var (text, _) = await RawHttp.SendAsync((gateway ?? host).Address, $"{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        var lines = text.Split("\r\n\r\n")[0].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).GroupBy(pair => pair[0].ToLowerInvariant(), pair => pair[1].Trim(), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        headers["status"] = [lines[0].Split(' ')[1]];
        return headers;
    }
}
