using System.Net;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Hostile;

/// <summary>What the origin's own playlist wrote into a query reaches it byte for byte; what a client adds makes no second address of anything.</summary>
public sealed class QueryTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/";
    private const string Own = "sig=a%2Bb%2F%3D~&e=1+2&&x";

    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8?{Own}\n");
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin?{Own}\"\n#EXTINF:4,\na.ts?{Own}\n#EXTINF:4,\nb.ts?\n#EXTINF:4,\nc.ts\n#EXT-X-ENDLIST\n");
        origin.Serve("v/720p/k.bin", [1]);
        host = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task An_origins_own_query_reaches_it_and_the_cdn_byte_for_byte_with_nothing_that_a_client_added()
    {
        var child = Viewer.Uris(await TextAsync(host, "/watch/v/playlist.m3u8?x=1")).Single();
        Assert.StartsWith($"720p/video.m3u8?{Own}&session_id=", child, StringComparison.Ordinal);
        var media = await TextAsync(host, $"/watch/v/{child}&y=2&CMCD=bl%3D1&_HLS_msn=5");
        Assert.Contains($"URI=\"k.bin?{Own}\"", media, StringComparison.Ordinal);
        var segments = Viewer.Uris(media).ToArray();
        Assert.Equal($"{Cdn}v/720p/a.ts?{Own}", await LocationAsync(host, segments[0] + "&y=2&CMCD=bl%3D1"));
        Assert.Equal($"{Cdn}v/720p/b.ts?", await LocationAsync(host, segments[1] + "&y=2"));
        Assert.Equal($"{Cdn}v/720p/c.ts", await LocationAsync(host, segments[2] + "&y=2"));
        await TextAsync(host, $"/watch/v/720p/k.bin?{Own}");
        Assert.Equal(["/v/playlist.m3u8", $"/v/720p/video.m3u8?{Own}", $"/v/720p/k.bin?{Own}"], origin.Requests.Select(r => r.PathAndQuery));
    }

    [Fact]
    public async Task However_many_parameters_clients_make_up_a_playlist_is_fetched_once()
    {
        var child = Viewer.Uris(await TextAsync(host, "/watch/v/playlist.m3u8")).Single();
        for (var i = 0; i < 20; i++)
        {
            await TextAsync(host, $"/watch/v/playlist.m3u8?x={i}&session={i}&_HLS_skip=YES");
            await TextAsync(host, $"/watch/v/{child}&x={i}");
            // Made up: before a run of ours whose signature knows nothing of it, before one that is none, and without any.
            await TextAsync(host, $"/watch/v/{child.Replace("?", $"?x={i}&", StringComparison.Ordinal)}");
            await TextAsync(host, $"/watch/v/playlist.m3u8?x={i}&session_id={Viewer.SessionOf(new Uri(host.Address, child))}&s=AAAAAAAAAAA&p=v");
            await TextAsync(host, $"/watch/v/playlist.m3u8?x={i}&session_id={new string('A', 40)}");
            await TextAsync(host, $"/watch/v/720p/video.m3u8?{Own}&x={i}&session_id={new string('A', 40)}");
        }

        Assert.Equal(1, origin.Count("v/playlist.m3u8"));
        Assert.Equal(1, origin.Count("v/720p/video.m3u8"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?x=1")]
    [InlineData("?sig=guessed")]
    public async Task A_child_whose_query_was_stripped_is_read_as_its_master_playlist_writes_it(string query)
    {
        // An origin that wants its own signature.
        origin.Answer("v/720p/video.m3u8", async context =>
        {
            context.Response.StatusCode = context.Request.QueryString.Value == "?" + Own ? 200 : 403;
            await context.Response.WriteAsync("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        });
        await TextAsync(host, "/watch/v/playlist.m3u8");
        Assert.Contains("a.ts?session_id=AAAA", await TextAsync(host, "/watch/v/720p/video.m3u8" + query), StringComparison.Ordinal);
        Assert.Equal(1, origin.Count("v/720p/video.m3u8"));
    }

    [Fact]
    public async Task A_parameter_that_the_operator_names_reaches_origin_and_cdn_and_keeps_its_playlists_apart()
    {
        await using var open = await StartAsync(("Gateway:Origin:QueryParameters:0", "token"), ("Gateway:Origin:QueryParameters:1", "lang"));
        // In the option's order, once, whatever order and company they come in.
        await TextAsync(open, "/watch/v/playlist.m3u8?x=1&lang=e%6e&token=%2B~&token=other&tokens=no");
        await TextAsync(open, "/watch/v/playlist.m3u8?token=%2B~&lang=e%6e&x=2");
        await TextAsync(open, "/watch/v/playlist.m3u8?token=b");
        Assert.Equal(["/v/playlist.m3u8?token=%2B~&lang=e%6e", "/v/playlist.m3u8?token=b"], origin.Requests.Select(r => r.PathAndQuery));

        var child = Viewer.Uris(await TextAsync(open, "/watch/v/playlist.m3u8?token=b")).Single();
        var media = await TextAsync(open, $"/watch/v/{child}&token=b&x=1");
        Assert.Equal($"/v/720p/video.m3u8?{Own}&token=b", origin.Requests.Last().PathAndQuery);
        Assert.Equal($"{Cdn}v/720p/a.ts?{Own}&token=b", await LocationAsync(open, Viewer.Uris(media).First() + "&x=1&token=b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("session_id")]
    [InlineData("CMCD")]
    [InlineData("s")]
    public async Task A_parameter_that_cannot_be_named_stops_the_start_with_the_reason(string name)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(("Gateway:Origin:QueryParameters:0", name)));
        Assert.Contains("Gateway:Origin:QueryParameters:0", refusal.ToString(), StringComparison.Ordinal);
    }

    private Task<GatewayHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var all = settings.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        all["Gateway:Cdn:BaseUrl"] = Cdn;
        all["Gateway:Origin:FreshFor"] = "01:00:00";
        return GatewayHost.StartAsync(origin, all);
    }

    private static async Task<string> TextAsync(GatewayHost gateway, string target) => (await AskAsync(gateway, target, HttpStatusCode.OK)).Body;

    private static async Task<string> LocationAsync(GatewayHost gateway, string segment) => (await AskAsync(gateway, "/watch/v/720p/" + segment, HttpStatusCode.Found)).Location;

    // Bytes to a socket: an HTTP library would tidy the address up.
    private static async Task<(string Location, string Body)> AskAsync(GatewayHost gateway, string target, HttpStatusCode expected)
    {
        var (text, _) = await RawHttp.SendAsync(gateway.Address, $"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.True(text.StartsWith($"HTTP/1.1 {(int)expected} ", StringComparison.Ordinal), $"{target}: {text}");
        var location = text.Split("\r\n").SingleOrDefault(line => line.StartsWith("Location: ", StringComparison.Ordinal)) ?? "";
        return (location.Length > 0 ? location["Location: ".Length..] : "", text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
    }
}
