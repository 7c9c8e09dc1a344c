using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>A problem's title says what its type is, whatever its status; its detail is one or two plain sentences.</summary>
public sealed class WatchProblemTests
{
    [Theory]
    [InlineData("", "The playlist is empty.")]
    [InlineData("<html>", "line 1: The first line is not #EXTM3U.")]
    [InlineData("#EXTM3U\n", "")]
    [InlineData("#EXTM3U\n#EXTINF:x,\na.ts\n", "line 2: ")]
    [InlineData("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\n#EXTINF:4,\na.ts\n", "line 2: ")]
    public async Task What_is_wrong_with_a_playlist_is_said_in_sentences_with_one_full_stop(string playlist, string reason)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", playlist);
        await using var host = await GatewayHost.StartAsync(origin);
        using var response = await host.Client.GetAsync(new Uri("watch/v/playlist.m3u8", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("..", detail, StringComparison.Ordinal);
        Assert.EndsWith(".", detail, StringComparison.Ordinal);
        Assert.Equal("The origin's file is not a usable playlist", problem.GetProperty("title").GetString());
    }
}
