using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>What EXT-X-DATERANGE leads to is streamed, or rewritten where it is a playlist; it is never taken for a segment, wherever it stands and whatever its name.</summary>
public sealed class AssetTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", SampleVideo.Master);
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("X-ASSET-LIST", "ads/list.json", "v/720p/ads/list.json")]
    [InlineData("X-ASSET-LIST", "ads/list.json?u=%2F1", "v/720p/ads/list.json?u=%2F1")]
    [InlineData("X-ASSET-LIST", "list", "v/720p/list")]
    [InlineData("X-ASSET-LIST", "../../other/list.json", "other/list.json")]
    [InlineData("X-ASSET-LIST", "/root/list.json?a=1", "root/list.json?a=1")]
    [InlineData("X-ASSET-LIST", "list.mp4", "v/720p/list.mp4")]
    [InlineData("X-ASSET-LIST", "list.TS?x", "v/720p/list.TS?x")]
    [InlineData("X-ASSET-LIST", "list%2Emp4", "v/720p/list%2Emp4")]
    [InlineData("X-ASSET-URI", "ad.mp4", "v/720p/ad.mp4")]
    [InlineData("X-ASSET-URI", "ad", "v/720p/ad")]
    [InlineData("X-ASSET-LIST", "list.json?session_id=theirs&duration=4", "v/720p/list.json?session_id=theirs&duration=4")]
    public async Task An_asset_list_is_streamed(string attribute, string uri, string asked)
    {
        var found = new Uri(await MediaAsync($"#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",START-DATE=\"2026-01-01T00:00:00Z\",{attribute}=\"{uri}\"\n"),
            Attribute(attribute));
        origin.Answer(asked.Split('?')[0], context => { context.Response.ContentType = "application/json"; return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "{}"); });
        using var response = await host.Client.GetAsync(found);
        Assert.Equal((HttpStatusCode.OK, "{}"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("/" + asked, Assert.Single(origin.Requests, request => request.PathAndQuery.StartsWith($"/{asked.Split('?')[0]}", StringComparison.Ordinal)).PathAndQuery);
    }

    [Theory]
    [InlineData("key.ts")]
    [InlineData("key.aac")]
    public async Task A_key_that_is_named_like_a_segment_is_streamed(string name)
    {
        origin.Serve($"v/720p/{name}", "0123456789abcdef");
        var playlist = await MediaAsync($"#EXT-X-KEY:METHOD=AES-128,URI=\"{name}\"\n");
        Assert.Equal("0123456789abcdef", await host.Client.GetStringAsync(new Uri(playlist, Attribute("URI"))));
    }

    [Fact]
    public async Task A_playlist_of_an_interstitial_is_rewritten_and_adds_nothing_to_the_video()
    {
        origin.Serve("v/720p/ads/ad.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/ad.m3u8\n");
        origin.Serve("v/720p/ads/low/ad.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nad0.ts\n#EXT-X-ENDLIST\n");
        var playlist = await MediaAsync("#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",START-DATE=\"2026-01-01T00:00:00Z\",X-ASSET-URI=\"ads/ad.m3u8\"\n");
        var session = Viewer.SessionOf(playlist);
        var master = new Uri(playlist, Attribute("X-ASSET-URI"));
        var media = new Uri(master, Viewer.Uris(await host.Client.GetStringAsync(master)).Single());
        var segment = new Uri(media, Viewer.Uris(await host.Client.GetStringAsync(media)).Single());
        Assert.All((Uri[])[master, media, segment], uri => Assert.Equal(session, Viewer.SessionOf(uri)));
        using (var redirect = await host.Client.GetAsync(segment))
            Assert.Equal("https://cdn.example.com/v/720p/ads/low/ad0.ts", redirect.Headers.Location?.OriginalString);
        using (var content = await host.Client.GetAsync(new Uri(playlist, Viewer.Uris(latest).Single())))
            Assert.Equal(HttpStatusCode.Found, content.StatusCode);

        using var api = host.Api();
        JsonElement? report = null;
        await Eventually.IsTrueAsync(async () =>
        {
            report = await Viewer.ReportAsync(api, session);
            return report?.GetProperty("segments_fetched").GetInt64() >= 1;
        }, "the content's segment is counted");
        Assert.Equal((1, 4), (report!.Value.GetProperty("segments_fetched").GetInt64(), report.Value.GetProperty("watch_seconds").GetDouble()));
    }

    private string latest = "";

    /// <summary>Begins a session; the address of its Media Playlist, which has the tags before its one segment.</summary>
    private async Task<Uri> MediaAsync(string tags)
    {
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n{tags}#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        var master = new Uri(host.Address, "watch/v/playlist.m3u8");
        var media = new Uri(master, Viewer.Uris(await host.Client.GetStringAsync(master)).Single());
        latest = await host.Client.GetStringAsync(media);
        return media;
    }

    private string Attribute(string name) => latest.Split($"{name}=\"")[1].Split('"')[0];
}
