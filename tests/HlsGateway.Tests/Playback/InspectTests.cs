using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>The origin's playlist beside what viewers are served; looked up and never fetched for whoever asks, and counted for nobody.</summary>
public sealed class InspectTests
{
    private const string Master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\nlow/v.m3u8\n";
    private const string Media = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n0.ts\n#EXT-X-ENDLIST\n";

    [Theory]
    [InlineData("films/one")]
    [InlineData("films/one/")]
    [InlineData("/watch/films/one/playlist.m3u8")]
    [InlineData("{gateway}watch/films/one/playlist.m3u8")]
    [InlineData("{origin}films/one/playlist.m3u8")]
    public async Task A_video_is_found_by_each_of_its_addresses_and_its_children_follow(string url)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("films/one/playlist.m3u8", Master);
        origin.Serve("films/one/low/v.m3u8", Media);
        await using var host = await GatewayHost.StartAsync(origin);
        using var analyst = host.Api("analyst");
        url = url.Replace("{gateway}", host.Address.AbsoluteUri, StringComparison.Ordinal).Replace("{origin}", origin.Address.AbsoluteUri, StringComparison.Ordinal);
        var view = await AskAsync(analyst, url);
        Assert.Equal(("films/one", "master", origin.Address.AbsoluteUri + "films/one/playlist.m3u8"), (view.GetProperty("video").GetString(), view.GetProperty("kind").GetString(), view.GetProperty("origin_url").GetString()));
        var child = Assert.Single(view.GetProperty("children").EnumerateArray());
        var media = await AskAsync(analyst, child.GetProperty("url").GetString()!);
        Assert.Equal("media", media.GetProperty("kind").GetString());
        var segment = media.GetProperty("lines").EnumerateArray().Single(line => line.GetProperty("change").GetString() == "changed");
        Assert.Equal("0.ts", segment.GetProperty("origin").GetString());
        Assert.StartsWith("0.ts?session_id=", segment.GetProperty("served").GetString(), StringComparison.Ordinal);
        Assert.Equal(["I3", "I5"], segment.GetProperty("rules").EnumerateArray().Select(rule => rule.GetString()));
        Assert.Equal(0, (await analyst.GetFromJsonAsync<JsonElement>("api/sessions")).GetProperty("sessions").GetArrayLength());
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/films/one/playlist.m3u8", "bad-inspection")]
    [InlineData("http://169.254.169.254/latest/meta-data", "bad-inspection")]
    [InlineData("file:///etc/passwd", "bad-inspection")]
    [InlineData("/etc/passwd", "bad-inspection")]
    [InlineData("../../etc/passwd", "bad-video")]
    [InlineData("films/none", "unknown-video")]
    [InlineData("films/page", "origin-no-playlist")]
    public async Task What_is_no_playlist_of_this_gateway_is_told_so_and_nothing_else_is_fetched(string url, string problem)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("films/page/playlist.m3u8", "<html>");
        await using var host = await GatewayHost.StartAsync(origin);
        using var editor = host.Api("editor");
        using var answer = await editor.GetAsync($"api/inspect?url={Uri.EscapeDataString(url)}");
        Assert.EndsWith("/" + problem, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("type").GetString(), StringComparison.Ordinal);
        using var uploader = host.Api("uploader");
        Assert.Equal(HttpStatusCode.Forbidden, (await uploader.GetAsync("api/inspect?url=films")).StatusCode);
    }

    private static async Task<JsonElement> AskAsync(HttpClient api, string url)
    {
        using var answer = await api.GetAsync($"api/inspect?url={Uri.EscapeDataString(url)}");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
