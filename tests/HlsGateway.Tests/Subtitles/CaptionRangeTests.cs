using System.Globalization;
using HlsGateway.Lint;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;

namespace HlsGateway.Tests.Subtitles;

/// <summary>Content that has discontinuities of its own, as advertisements and joined films have: each range has its own clock.</summary>
public sealed class CaptionRangeTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task W2_Each_range_of_the_content_maps_its_captions_to_its_own_first_pts()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        await workshop.ServeAsync(origin, "show/late", ["-r", "25", "-output_ts_offset", "100"], []);
        origin.Serve("show/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000\nmain.m3u8\n");
        origin.Serve(
            "show/main.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:2,\nv0.ts\n#EXTINF:2,\nv1.ts\n" +
            "#EXT-X-DISCONTINUITY\n#EXTINF:2,\nlate/v0.ts\n#EXTINF:2,\nlate/v1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\nv0.ts\n#EXT-X-ENDLIST\n");
        var (first, late) = (await FirstPtsAsync("show"), await FirstPtsAsync("show/late"));
        Assert.InRange(late - first, 90 * 99_000, 90 * 101_000);

        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
        using var api = host.Api("editor");
        using (var put = await api.PutAsync("api/videos/show/subtitles/en", new StringContent("WEBVTT\n\n00:01.000 --> 00:01.500\nA\n\n00:05.000 --> 00:05.500\nB\n\n00:09.000 --> 00:09.500\nC\n")))
            put.EnsureSuccessStatusCode();

        var captions = new Uri(new Uri(host.Address, "watch/show/playlist.m3u8"),
            (await host.Client.GetStringAsync("watch/show/playlist.m3u8")).Split('"').Single(part => part.StartsWith("subtitles/", StringComparison.Ordinal)));
        string[] maps = [];
        var playlist = "";
        await Eventually.IsTrueAsync(
            async () =>
            {
                playlist = await host.Client.GetStringAsync(captions);
                maps = await Task.WhenAll(Viewer.Uris(playlist).Select(async uri => (await host.Client.GetStringAsync(new Uri(captions, uri))).Split('\n')[1]));
                return maps.All(map => map.Length > 0);
            }, "the content is measured");
        Assert.Equal(2, playlist.Split("#EXT-X-DISCONTINUITY\n").Length - 1);
        Assert.Equal(
            [Map(first, 0), Map(first, 0), Map(late, 4), Map(late, 4), Map(first, 8)],
            maps);

        // The judge reads each segment's own clock.
        using var source = new WebLintSource(new Uri(host.Address, "watch/show/playlist.m3u8").AbsoluteUri);
        var report = await new StreamLint(source).CheckAsync("it", CancellationToken.None);
        Assert.DoesNotContain(report.Findings, finding => finding.Rule == "W2");
        Assert.True(report.Segments >= 10);
    }

    private static string Map(long pts, int seconds) => string.Create(CultureInfo.InvariantCulture, $"X-TIMESTAMP-MAP=MPEGTS:{pts},LOCAL:00:00:{seconds:00}.000");

    private async Task<long> FirstPtsAsync(string content) => (await TrailerWorkshop.ProbeAsync(
        Path.Combine(workshop["content-" + content], "v0.ts"), "-select_streams", "v:0", "-show_entries", "packet=pts")).Select(line => long.Parse(line.TrimEnd(','), CultureInfo.InvariantCulture)).Min();
}
