using System.Net;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>Under which name the segments of a Media Playlist are counted.</summary>
public sealed class RenditionNameTests : IAsyncLifetime
{
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example/",
        });
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    // Ordinary content: the folder of the segments, or their stem.
    [InlineData("720p/video.m3u8", "720p/video.m3u8", "video{0}.ts", "720p")]
    [InlineData("video.m3u8", "video.m3u8", "low_{0}.ts", "low")]
    [InlineData("video.m3u8", "video.m3u8", "hd/{0}.ts", "hd")]
    [InlineData("720p/v.m3u8", "720p/v.m3u8", "/v/720p/{0}.ts?q={0}", "720p")]
    // The playlist, where its segments have no name in common, or stand elsewhere.
    [InlineData("720p/video.m3u8", "720p/video.m3u8", "https://media.example/x/{0}/a.ts", "720p")]
    [InlineData("high.m3u8", "high.m3u8", "https://media.example/x/{0}.ts", "high")]
    [InlineData("720p/video.m3u8", "720p/video.m3u8", "//media.example/{0}.ts", "720p")]
    [InlineData("720p/video.m3u8", "720p/video.m3u8", "../../elsewhere/{0}.ts", "720p")]
    [InlineData("a%26b%20c/video.m3u8", "a&b%20c/video.m3u8", "https://media.example/{0}.ts", "a&b c")]
    [InlineData("720p/video.m3u8", "720p/video.m3u8", "{0}/segment.ts", "720p")]
    [InlineData("high.m3u8", "high.m3u8", "{0}.ts", "high")]
    [InlineData("../shared/hd/video.m3u8", "../shared/hd/video.m3u8", "{0}.ts", "shared/hd")]
    [InlineData("../shared/hd.m3u8", "../shared/hd.m3u8", "https://media.example/{0}.ts", "shared")]
    public async Task Six_segments_of_one_playlist_are_one_Rendition(string uri, string path, string segment, string name)
    {
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{uri}\n");
        var lines = string.Concat(Enumerable.Range(0, 6).Select(n => $"#EXTINF:4,\n{string.Format(System.Globalization.CultureInfo.InvariantCulture, segment, n)}\n"));
        origin.Serve(path.StartsWith("../", StringComparison.Ordinal) ? path[3..] : $"v/{path}", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{lines}#EXT-X-ENDLIST\n");
        var master = new Uri(gateway.Address, "watch/v/playlist.m3u8");
        var media = new Uri(master, Viewer.Uris(await gateway.Client.GetStringAsync(master)).Single());

        foreach (var written in Viewer.Uris(await gateway.Client.GetStringAsync(media)))
        {
            using var answer = await gateway.Client.GetAsync(new Uri(media, written));
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.DoesNotContain("r=", answer.Headers.Location?.Query ?? "", StringComparison.Ordinal);
        }

        using var api = gateway.Api("analyst");
        var session = await Viewer.ReportAsync(api, Viewer.SessionOf(media));
        Assert.Equal([name], session!.Value.GetProperty("renditions").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal(24, session.Value.GetProperty("watch_seconds").GetDouble());
    }

    [Fact]
    public async Task A_name_that_is_made_up_counts_nothing()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttps://media.example/a.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n");
        var viewer = await Viewer.StartAsync(gateway.Client);

        foreach (var forged in (string[])[viewer.Segments[0].AbsoluteUri.Replace("&r=720p", "&r=made-up", StringComparison.Ordinal), viewer.Segments[1].AbsoluteUri + "&r=made-up"])
        {
            using var answer = await gateway.Client.GetAsync(new Uri(forged));
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }

        using var api = gateway.Api("analyst");
        var session = await Viewer.ReportAsync(api, viewer.Session);
        Assert.Empty(session!.Value.GetProperty("renditions").EnumerateArray());
        Assert.Equal(0, session.Value.GetProperty("watch_seconds").GetDouble());
    }
}
