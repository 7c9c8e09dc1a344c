using System.Net;
using HlsGateway.Catalogue;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Transcoding;

/// <summary>The ladder in fMP4, from the upload to the bytes that a player gets.</summary>
public sealed class Fmp4Tests(FfmpegFixture media) : IClassFixture<FfmpegFixture>
{
    [Fact]
    public async Task An_upload_becomes_an_fmp4_ladder_that_begins_at_0_and_plays_through_the_gateway()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Transcode:Container"] = "fmp4",
            ["Transcode:Preset"] = "ultrafast",
            ["Transcode:Ladder:0"] = "90",
            ["Transcode:Ladder:1"] = "180",
            ["Trailers:Folder"] = "",
        });
        using var api = host.Api("uploader");
        var file = await media.MakeAsync("a.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=5", "-f", "lavfi", "-i", "sine=d=5", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac");
        using (var accepted = await api.PutAsync(new Uri("/api/videos/v", UriKind.Relative), new ByteArrayContent(file))) Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("ready", (await UploadTests.EndAsync(api, "v")).GetProperty("status").GetString());

        Assert.True(host.Services.GetRequiredService<PublishedVideos>().TryGet("v", out var published));
        Assert.All(published.Facts, fact => Assert.Equal(("fmp4", 0L, 2), (fact.Shape.Container, fact.FirstVideoPts, fact.Shape.Channels)));
        var store = host.Services.GetRequiredService<BlobStore>();
        using (var text = new StreamReader((await store.OpenAsync(published.KeyPrefix + "playlist.m3u8", CancellationToken.None))!))
            Assert.Contains("#EXT-X-VERSION:7\n", await text.ReadToEndAsync(), StringComparison.Ordinal);

        var master = new Uri(host.Address, "watch/v/playlist.m3u8");
        var lists = Viewer.Uris(await host.Client.GetStringAsync(master)).Select(uri => new Uri(master, uri)).ToList();
        Assert.Equal(2, lists.Count);
        foreach (var list in lists)
        {
            var playlist = await host.Client.GetStringAsync(list);
            var map = playlist.Split('\n').Single(line => line.StartsWith("#EXT-X-MAP:URI=\"", StringComparison.Ordinal))[16..].Split('"')[0];
            var segments = Viewer.Uris(playlist).ToList();
            Assert.Equal(2, segments.Count);
            Assert.All(segments, uri => Assert.Contains(".m4s?", uri, StringComparison.Ordinal));
            // What a player puts together: the initialization section and each segment, in order and without a gap.
            var init = await FollowAsync(host.Client, new Uri(list, map));
            double[] starts = [0, 4];
            for (var i = 0; i < segments.Count; i++)
            {
                var probe = await media.Ffmpeg.ProbeAsync(new MemoryStream([.. init, .. await FollowAsync(host.Client, new Uri(list, segments[i]))]), ProbeAs.Fmp4, CancellationToken.None);
                Assert.Equal((long)(starts[i] * 90_000), probe.Video!.FirstPts);
                Assert.NotNull(probe.Audio);
            }
        }
    }

    /// <summary>Segments come by a redirect; the initialization section may come either way.</summary>
    private static async Task<byte[]> FollowAsync(HttpClient player, Uri uri)
    {
        using var answer = await player.GetAsync(uri);
        if (answer.StatusCode == HttpStatusCode.OK) return await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return await player.GetByteArrayAsync(new Uri(uri, answer.Headers.Location!));
    }
}
