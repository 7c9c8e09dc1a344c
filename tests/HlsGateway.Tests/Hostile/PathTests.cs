using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>A redirect leads to the configured base or to a URL that the origin's own playlist named: never where a client chose.</summary>
public class PathTests : IAsyncLifetime
{
    private const string Base = "https://cdn.example.com/hls/";

    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = Base });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("/watch/../secret.ts")]
    [InlineData("/watch/v/../../secret.ts")]
    [InlineData("/watch/v/%2e%2e/%2e%2e/secret.ts")]
    [InlineData("/watch/v/.%2e/secret.ts")]
    [InlineData("/watch/v/%252e%252e/secret.ts")]
    [InlineData("/watch/v/..%2fsecret.ts")]
    [InlineData("/watch/v/..%5csecret.ts")]
    [InlineData("/watch/v/..\\secret.ts")]
    [InlineData("/watch/v/..;/secret.ts")]
    [InlineData("/watch/v/..;x=y/secret.ts")]
    [InlineData("/watch//evil.example/a.ts")]
    [InlineData("/watch///evil.example/a.ts")]
    [InlineData("/watch/v//a.ts")]
    [InlineData("/watch/%2f%2fevil.example/a.ts")]
    [InlineData("/watch/%0d%0aX-Injected:%201/a.ts")]
    [InlineData("/watch/v/a%00.ts")]
    [InlineData("/watch/v/%c0%ae%c0%ae/a.ts")]
    [InlineData("/watch/v/%ff.ts")]
    [InlineData("/watch/v/%zz.ts")]
    [InlineData("/watch/v/a%.ts")]
    [InlineData("/watch/")]
    public async Task I2_a_path_that_servers_read_in_different_ways_is_refused(string target)
    {
        var (status, headers) = await AskAsync(target);
        Assert.True(status is 400 or 404, $"{target}: {status}\n{headers}");
        Assert.DoesNotContain("Location:", headers, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_path_of_more_segments_than_a_token_can_count_is_refused_by_itself()
    {
        foreach (var segments in (int[])[256, 300])
        {
            var (status, headers) = await AskAsync($"/watch/{string.Concat(Enumerable.Repeat("a/", segments - 1))}playlist.m3u8");
            Assert.True(status == 400, $"{segments}: {status}\n{headers}");
        }

        var deepest = string.Concat(Enumerable.Repeat("a/", 254));
        SampleVideo.AddTo(origin, deepest.TrimEnd('/'));
        Assert.Equal(200, (await AskAsync($"/watch/{deepest}playlist.m3u8")).Status);
    }

    [Theory]
    [InlineData("/watch/v/@evil.example/a.ts")]
    [InlineData("/watch/v/http://evil.example/a.ts")]
    [InlineData("/watch/v/a.ts?session_id=x&duration=4&t=0&s=https://evil.example/")]
    [InlineData("/watch/v/a.ts?url=https://evil.example/")]
    [InlineData("/watch/v/~x/cGh0dHA6Ly9ldmlsLmV4YW1wbGUvYS50cw.AAAAAAAAAAAA/a.ts")]
    [InlineData("/watch/v/a.ts?%0d%0aX-Injected:1")]
    [InlineData("/watch/v/a.ts?x=\r\nX-Injected: 1")]
    [InlineData("http://evil.example/watch/v/a.ts")]
    public async Task I2_what_looks_like_another_host_stays_a_path_of_the_base(string target)
    {
        var (status, headers) = await AskAsync(target);
        AssertSafe(target, status, headers);
    }

    [Fact]
    public async Task I2_a_thousand_hostile_paths_never_leave_the_base_nor_add_a_header()
    {
        string[] pieces =
        [
            "..", ".", "%2e", "%2e%2e", "%252e", "%2f", "%252f", "%5c", "\\", "/", "//", "///", ";", ";a=b", "@", ":", "evil.example", "http:", "https://",
            "%0d%0a", "%0D%0ALocation:%20https://evil.example/", "%00", "%0a", "%20", "%09", "%7f", "%c0%ae", "%e2%80%ae", "%ef%bc%8f", "%u002e", "%", "%2", "?", "#",
            "a", "v", "720p", "video0.ts", ".ts", ".m3u8", "~x", "~t", "~r", "subtitles", "en.m3u8", "session_id=", "&duration=4", "\u00e9", "\u0085", "*", "|", "<script>",
            "\"", "'", "{$X}", "[::1]", "127.0.0.1", "!", "$", "^", "`", "+", "=", ",", "(", ")",
        ];
        var random = new Random(20261122);
        var redirects = 0;
        for (var i = 0; i < 1000; i++)
        {
            var target = new StringBuilder("/watch/");
            for (var n = random.Next(1, 9); n > 0; n--)
            {
                target.Append(pieces[random.Next(pieces.Length)]);
                if (random.Next(3) == 0) target.Append('/');
            }
            if (random.Next(2) == 0) target.Append("a.ts");
            var (status, headers) = await AskAsync(target.ToString());
            AssertSafe(target.ToString(), status, headers);
            if (status == 302) redirects++;
        }
        Assert.InRange(redirects, 20, 900);
        // The process lives and plays.
        await Viewer.StartAsync(host.Client);
    }

    [Theory]
    [InlineData("seg\tment.ts")]
    [InlineData("segm\u00e9nt.ts")]
    [InlineData("https://other.example/\u0001.ts")]
    [InlineData("https://other.example/a b.ts")]
    [InlineData("//other.example/a.ts")]
    [InlineData("javascript:alert(1)")]
    [InlineData("https://user:secret@other.example/a.ts")]
    [InlineData("https://other.example:99999/a.ts")]
    [InlineData("http://[::1/a.ts")]
    [InlineData("../../../../a.ts")]
    [InlineData("?only=query")]
    [InlineData("#fragment")]
    [InlineData("a.ts%0d%0aX-Injected:1")]
    public async Task An_odd_uri_in_the_origins_playlist_is_a_clear_answer_and_never_a_500(string uri)
    {
        origin.Serve("odd/playlist.m3u8", SampleVideo.Master);
        origin.Serve("odd/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{uri}\n#EXTINF:4,\nlast.ts\n#EXT-X-ENDLIST\n");
        var master = new Uri(host.Address, "watch/odd/playlist.m3u8");
        var media = new Uri(master, Viewer.Uris(await host.Client.GetStringAsync(master)).Single());
        using var response = await host.Client.GetAsync(media);
        Assert.True((int)response.StatusCode is 200 or 502, $"{response.StatusCode}");
        if ((int)response.StatusCode == 502) return;
        foreach (var line in Viewer.Uris(await response.Content.ReadAsStringAsync()))
        {
            if (!Uri.TryCreate(media, line, out var segment) || segment.Authority != host.Address.Authority) continue;
            var (status, headers) = await AskAsync(segment.PathAndQuery);
            Assert.True(status is 302 or 200 or 400 or 404, $"{line}: {status}");
            Assert.DoesNotContain("\nX-Injected", headers, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static void AssertSafe(string target, int status, string headers)
    {
        Assert.True(status is 200 or 302 or 400 or 404 or 405 or 502, $"{target}: {status}");
        Assert.DoesNotContain("\nX-Injected", headers, StringComparison.OrdinalIgnoreCase);
        var locations = headers.Split("\r\n").Where(line => line.StartsWith("Location:", StringComparison.OrdinalIgnoreCase)).ToArray();
        Assert.Equal(status == 302 ? 1 : 0, locations.Length);
        foreach (var location in locations)
        {
            var to = location["Location:".Length..].Trim();
            Assert.StartsWith(Base, to, StringComparison.Ordinal);
            // A browser, which folds dots and backslashes, ends up below the base as well.
            Assert.StartsWith(Base, new Uri(to.Replace('\\', '/')).AbsoluteUri, StringComparison.Ordinal);
        }
    }

    private async Task<(int Status, string Headers)> AskAsync(string target)
    {
        var (text, _) = await RawHttp.SendAsync(host.Address, $"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && end > 0, $"{target}: no answer: {text}");
        return (int.Parse(text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), text[..end]);
    }
}
