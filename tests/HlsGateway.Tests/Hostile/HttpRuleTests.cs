using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>Rules H1 to H3 as a player meets them.</summary>
public class HttpRuleTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;
    private Viewer viewer = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", segments: 60);
        origin.Serve("v/poster.jpg", new byte[100_000]);
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
        viewer = await Viewer.StartAsync(host.Client);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task H1_every_answer_carries_one_permission_for_other_origins_whatever_came_of_it()
    {
        string[] targets =
        [
            "/watch/v/playlist.m3u8", viewer.Segments[0].PathAndQuery, "/watch/v/720p/video0.ts", "/watch/v/poster.jpg", "/watch/v/none.jpg", "/watch/none/playlist.m3u8",
            "/watch/v/%2e%2e/a.ts", "/watch/", "/watch", "/watch/playlist.m3u8", "/watch/v/~x/none.none/a.ts", "/watch/v/720p/~t/none@00000000/ts/0.ts", "/watch/v/subtitles/en.m3u8",
        ];
        foreach (var target in targets)
        {
            foreach (var method in new[] { "GET", "HEAD", "OPTIONS", "POST", "DELETE" })
            {
                var (text, _) = await RawHttp.SendAsync(host.Address, $"{method} {target} HTTP/1.1\r\nHost: h\r\nOrigin: https://player.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                var headers = text.Split("\r\n\r\n")[0].Split("\r\n");
                Assert.True(headers.Count(line => line.StartsWith("Access-Control-Allow-Origin:", StringComparison.OrdinalIgnoreCase)) == 1, $"{method} {target}:\n{text}");
                Assert.Contains("Access-Control-Allow-Origin: *", headers);
                Assert.DoesNotContain(headers, line => line.StartsWith("Access-Control-Allow-Credentials", StringComparison.OrdinalIgnoreCase));
            }
        }
    }

    [Fact]
    public async Task H1_a_preflight_is_answered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, viewer.Segments[0]);
        request.Headers.Add("Origin", "https://player.example");
        request.Headers.Add("Access-Control-Request-Method", "GET");
        request.Headers.Add("Access-Control-Request-Headers", "range");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("GET", response.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);
        Assert.NotEmpty(response.Headers.GetValues("Access-Control-Allow-Headers"));
        Assert.Null(await Viewer.ReportAsync(host.Api(), viewer.Session) is { } report && report.GetProperty("segments_fetched").GetInt64() > 0 ? "counted" : null);
    }

    [Fact]
    public async Task H1_playlists_and_redirects_are_never_stored_and_the_location_is_absolute_without_our_parameters()
    {
        using var playlist = await host.Client.GetAsync(new Uri("watch/v/playlist.m3u8", UriKind.Relative));
        Assert.Equal("no-store", playlist.Headers.CacheControl?.ToString());
        Assert.Equal("application/vnd.apple.mpegurl", playlist.Content.Headers.ContentType?.MediaType);
        using var segment = await host.Client.GetAsync(viewer.Segments[0]);
        Assert.Equal("no-store", segment.Headers.CacheControl?.ToString());
        Assert.Equal("https://cdn.example.com/v/720p/video0.ts", segment.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task H1_the_origins_own_query_reaches_the_cdn_byte_for_byte()
    {
        origin.Serve("q/playlist.m3u8", SampleVideo.Master);
        origin.Serve("q/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts?Policy=a%2Fb&x=~1,2;3&Signature=%2B\n#EXT-X-ENDLIST\n");
        var queried = await Viewer.StartAsync(host.Client, "q");
        using var response = await host.Client.GetAsync(queried.Segments[0]);
        Assert.Equal("https://cdn.example.com/q/720p/a.ts?Policy=a%2Fb&x=~1,2;3&Signature=%2B", response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task D1_a_long_playlist_is_gzipped_for_those_who_accept_it()
    {
        var media = new UriBuilder(viewer.Segments[0]) { Path = "/watch/v/720p/video.m3u8", Query = $"session_id={viewer.Session}" }.Uri;
        using var request = new HttpRequestMessage(HttpMethod.Get, media);
        request.Headers.Add("Accept-Encoding", "br, gzip;q=0.5");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var plain = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(plain);
        Assert.Equal(60, Viewer.Uris(await reader.ReadToEndAsync()).Count());
        foreach (var refused in (string[])["gzip;q=0", "identity", "br", "*, gzip;q=0.000", "identity, gzip;q=0.5"])
        {
            using var other = new HttpRequestMessage(HttpMethod.Get, media);
            other.Headers.Add("Accept-Encoding", refused);
            using var answer = await host.Client.SendAsync(other);
            Assert.Empty(answer.Content.Headers.ContentEncoding);
        }
    }

    [Fact]
    public async Task H2_HEAD_answers_as_GET_without_a_body_and_counts_nothing()
    {
        foreach (var target in (Uri[])[new(host.Address, "watch/v/playlist.m3u8"), viewer.Segments[0]])
        {
            using var head = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, target));
            using var get = await host.Client.GetAsync(target);
            Assert.Equal(get.StatusCode, head.StatusCode);
            Assert.Equal(get.Headers.Location, head.Headers.Location);
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
        await AssertCountedAsync(fetched: 1, watched: 4);
    }

    [Theory]
    [InlineData("bytes=0-")]
    [InlineData("bytes=0-1")]
    [InlineData("bytes=-1")]
    [InlineData("bytes=999999999-")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=0-0,5-5")]
    [InlineData("lines=1-2")]
    public async Task H2_a_range_request_gets_the_same_redirect(string range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, viewer.Segments[0]);
        request.Headers.TryAddWithoutValidation("Range", range);
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("https://cdn.example.com/v/720p/video0.ts", response.Headers.Location?.OriginalString);
        Assert.Null(response.Content.Headers.ContentRange);
    }

    [Fact]
    public async Task H2_repeats_add_fetched_seconds_and_no_watch_seconds()
    {
        foreach (var segment in (int[])[0, 0, 1, 0, 2, 2]) await viewer.FetchAsync(segment);
        await AssertCountedAsync(fetched: 6, watched: 12);
    }

    [Fact]
    public async Task H3_posters_initialization_sections_and_playlists_add_no_watch_seconds()
    {
        await viewer.FetchAsync(0);
        foreach (var other in (string[])["watch/v/poster.jpg", $"watch/v/720p/init.mp4?session_id={viewer.Session}", $"watch/v/720p/video.m3u8?session_id={viewer.Session}"])
        {
            using var response = await host.Client.GetAsync(new Uri(other, UriKind.Relative));
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Found, other);
        }
        await AssertCountedAsync(fetched: 1, watched: 4);
    }

    [Fact]
    public async Task Anything_else_is_passed_through_with_its_range()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "watch/v/poster.jpg");
        request.Headers.Add("Range", "bytes=10-19");
        request.Headers.Add("Cookie", "a=b");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer somebody's");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(10, (await response.Content.ReadAsByteArrayAsync()).Length);
        var seen = origin.Requests.Single(asked => asked.PathAndQuery == "/v/poster.jpg").Headers;
        Assert.False(seen.ContainsKey("Cookie") || seen.ContainsKey("Authorization"));
        // No address of a viewer is told to an origin.
        Assert.DoesNotContain(seen, header => header.Value.ToString().Contains("127.0.0.1", StringComparison.Ordinal) && header.Key is not "Host");
    }

    private async Task AssertCountedAsync(int fetched, double watched)
    {
        using var api = host.Api();
        JsonElement? report = null;
        await Eventually.IsTrueAsync(async () =>
        {
            report = await Viewer.ReportAsync(api, viewer.Session);
            return report?.GetProperty("segments_fetched").GetInt64() >= fetched;
        }, $"{fetched} segments counted");
        Assert.Equal(fetched, report!.Value.GetProperty("segments_fetched").GetInt64());
        Assert.Equal(watched, report.Value.GetProperty("watch_seconds").GetDouble());
    }
}
