using System.Net;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;

namespace HlsGateway.Tests.Subtitles;

/// <summary>What a viewer who is watching gets of a change of captions.</summary>
public sealed class RunningSessionTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task A_running_session_reads_corrected_text_with_the_next_segment_that_it_fetches_and_keeps_its_list_of_languages()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        origin.Serve("show/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000\nmain.m3u8\n");
        origin.Serve("show/main.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:2,\nv0.ts\n#EXTINF:2,\nv1.ts\n#EXT-X-ENDLIST\n");
        await using var host = await GatewayHost.StartAsync(origin);
        using var editor = host.Api("editor");
        await PutAsync(editor, "en", "Helo");

        // A session as a player has it: the Master Playlist is read once.
        var master = await host.Client.GetStringAsync("watch/show/playlist.m3u8");
        var captions = new Uri(new Uri(host.Address, "watch/show/playlist.m3u8"), master.Split('"').Single(part => part.StartsWith("subtitles/", StringComparison.Ordinal)));
        Uri[] segments = [];
        await Eventually.IsTrueAsync(
            async () =>
            {
                segments = [.. Viewer.Uris(await host.Client.GetStringAsync(captions)).Select(uri => new Uri(captions, uri))];
                return (await host.Client.GetStringAsync(segments[0])).Contains("\nHelo\n", StringComparison.Ordinal);
            }, "the content is measured");

        await PutAsync(editor, "en", "Hello");
        await PutAsync(editor, "fr", "Bonjour");
        Assert.Contains("\nHello\n", await host.Client.GetStringAsync(segments[1]), StringComparison.Ordinal);
        using (var again = await host.Client.GetAsync(segments[0]))
        {
            Assert.Contains("\nHello\n", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            // No cache may keep what changes under one address.
            Assert.True(again.Headers.CacheControl?.NoStore, again.Headers.CacheControl?.ToString());
        }

        Assert.DoesNotContain("LANGUAGE=\"fr\"", master, StringComparison.Ordinal);
        Assert.Contains("LANGUAGE=\"fr\"", await host.Client.GetStringAsync("watch/show/playlist.m3u8"), StringComparison.Ordinal);

        using (var back = await editor.PostAsync(new Uri("api/videos/show/subtitles/en/rollback", UriKind.Relative), null))
            Assert.Equal(HttpStatusCode.OK, back.StatusCode);
        Assert.Contains("\nHelo\n", await host.Client.GetStringAsync(segments[0]), StringComparison.Ordinal);
        using (var deleted = await editor.DeleteAsync(new Uri("api/videos/show/subtitles/en", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.DoesNotContain("-->", await host.Client.GetStringAsync(segments[0]), StringComparison.Ordinal);
    }

    private static async Task PutAsync(HttpClient editor, string language, string word)
    {
        using var put = await editor.PutAsync(
            new Uri($"api/videos/show/subtitles/{language}", UriKind.Relative), new StringContent($"WEBVTT\n\n00:01.000 --> 00:01.500\n{word}\n\n00:03.000 --> 00:03.500\n{word}\n"));
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }
}
