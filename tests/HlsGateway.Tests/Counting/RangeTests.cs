using System.Net;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>Rule H2 over HTTP: what requests with a Range count.</summary>
public sealed class RangeTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nvideo0.ts\n#EXTINF:4,\nvideo1.ts\n#EXTINF:4,\nvideo2.ts\n#EXT-X-ENDLIST\n");
        origin.Serve("v/360p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nvideo0.ts\n#EXTINF:4,\nvideo1.ts\n#EXTINF:4,\nvideo2.ts\n#EXT-X-ENDLIST\n");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("bytes=0-", "bytes=0-", "bytes=0-")]
    [InlineData("bytes=0-1", "bytes=2-3", "bytes=4-")]
    [InlineData("bytes=-500", "bytes=0-0,10-11", "bytes=0-18446744073709551615")]
    public async Task H2_a_segment_in_several_ranges_is_fetched_once(params string[] ranges)
    {
        var viewer = await Viewer.StartAsync(host.Client);

        foreach (var range in ranges) await FetchAsync(viewer.Segments[0], range);

        var report = await ReportAsync(viewer.Session);
        AssertFetched(report, segments: 1, seconds: 4, watched: 4);
        Assert.Equal((ranges.Length - 1, 0), (report.GetProperty("ignored").GetProperty("ranges").GetInt32(), report.GetProperty("ignored").GetProperty("repeats").GetInt32()));
        Assert.Equal(["watched", .. Enumerable.Repeat("range", ranges.Length - 1)], report.GetProperty("trace").EnumerateArray().Select(entry => entry.GetProperty("rule").GetString()).Skip(1));
        Assert.Equal(["True", "False", "False"], report.GetProperty("trace").EnumerateArray().Select(entry => entry.GetProperty("counted").GetBoolean().ToString()).Skip(1));
        Assert.Equal("4f8_", report.GetProperty("strip").GetString());
    }

    [Fact]
    public async Task H2_without_a_range_each_request_is_a_fetch()
    {
        var viewer = await Viewer.StartAsync(host.Client);

        await FetchAsync(viewer.Segments[0], null);
        await FetchAsync(viewer.Segments[0], null);
        await FetchAsync(viewer.Segments[1], "bytes=0-");

        AssertFetched(await ReportAsync(viewer.Session), segments: 3, seconds: 12, watched: 8);
    }

    [Fact]
    public async Task H2_each_range_of_a_file_that_is_cut_into_byte_ranges_is_a_segment()
    {
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n" + string.Concat(Enumerable.Range(0, 6).Select(i => $"#EXTINF:4.033333,\n#EXT-X-BYTERANGE:100@{i * 100}\nall.ts\n")) + "#EXT-X-ENDLIST\n");
        var viewer = await Viewer.StartAsync(host.Client);

        for (var i = 0; i < 6; i++) await FetchAsync(viewer.Segments[i], $"bytes={i * 100}-{(i * 100) + 99}");

        var report = await ReportAsync(viewer.Session);
        AssertFetched(report, segments: 6, seconds: 24.2, watched: 24.2);
        Assert.True(report.GetProperty("completed").GetBoolean());
    }

    [Fact]
    public async Task H2_the_same_media_time_in_another_rendition_is_another_segment()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=500\n360p/video.m3u8\n");
        var master = new Uri(host.Address, "watch/v/playlist.m3u8");
        var first = new List<Uri>();
        foreach (var child in Viewer.Uris(await host.Client.GetStringAsync(master)).Select(uri => new Uri(master, uri)))
            first.Add(new Uri(child, Viewer.Uris(await host.Client.GetStringAsync(child)).First()));

        foreach (var uri in (Uri[])[first[0], first[1], first[1], first[0]]) await FetchAsync(uri, "bytes=0-");

        AssertFetched(await ReportAsync(Viewer.SessionOf(first[0])), segments: 2, seconds: 8, watched: 4);
    }

    [Fact]
    public void What_counts_of_ranges_depends_on_no_order()
    {
        var random = new Random(20261130);
        var session = Guid.CreateVersion7();
        // More segments than the set keeps, each up to three times, in two Renditions whose segments do not end at the same times.
        var hits = Enumerable.Range(0, SegmentSet.Most + 500)
            .SelectMany(i => Enumerable.Repeat(
                new Hit(session, "clip", $"{(i % 3 == 0 ? "low" : "high")}/{i}.ts", HitKind.Content, HitRule.Counted, i * (i % 3 == 0 ? 3000 : 2000), i % 3 == 0 ? 3000 : 2000, 1, 0, default) { Ranged = true }, 1 + random.Next(3)))
            .ToArray();
        var figures = new HashSet<(long, long, long, long)>();
        for (var order = 0; order < 4; order++)
        {
            var state = new SessionState { Session = session, Video = "clip" };
            foreach (var hit in hits) state.Apply(in hit);
            figures.Add((state.SegmentsFetched, state.FetchedMs, state.IgnoredRanges, state.Watched.Length));
            Assert.Equal(SegmentSet.Most, state.SegmentsFetched);
            Assert.Equal(state.Ranged.ToBytes(), SegmentSet.FromBytes(state.Ranged.ToBytes()).ToBytes());
            random.Shuffle(hits);
        }
        Assert.Single(figures);
    }

    private async Task FetchAsync(Uri segment, string? range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, segment);
        if (range is not null) request.Headers.TryAddWithoutValidation("Range", range);
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    private async Task<JsonElement> ReportAsync(string session)
    {
        using var api = host.Api("analyst");
        return (await Viewer.ReportAsync(api, session))!.Value;
    }

    private static void AssertFetched(JsonElement report, int segments, double seconds, double watched) => Assert.Equal(
        (segments, seconds, watched),
        (report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("seconds_fetched").GetDouble(), report.GetProperty("watch_seconds").GetDouble()));
}
