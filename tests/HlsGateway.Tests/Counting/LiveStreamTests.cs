using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>A playlist that slides has no timeline: what is fetched counts, and nobody claims that it was watched.</summary>
public sealed class LiveStreamTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("bytes=0-")]
    public async Task Each_segment_of_a_sliding_window_is_fetched_and_none_is_watched(string range)
    {
        Serve(100);
        var viewer = await Viewer.StartAsync(host.Client);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // Ten segments pass by in windows of three; a player asks for each once, whichever window it stands in.
        for (var first = 100; first < 108; first++)
        {
            Serve(first);
            foreach (var uri in await WindowAsync(viewer, first))
            {
                if (seen.Add(uri.AbsoluteUri)) await FetchAsync(uri, range);
            }
        }

        var report = await ReportAsync(viewer);
        Assert.Equal(10, seen.Count);
        Assert.Equal((10, 40, 0, 0), (report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("seconds_fetched").GetDouble(), report.GetProperty("watch_seconds").GetDouble(), report.GetProperty("watch_seconds_low").GetDouble()));
        Assert.Equal((true, false, false), (report.GetProperty("live").GetBoolean(), report.GetProperty("completed").GetBoolean(), report.GetProperty("view").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("content_seconds").ValueKind);
        Assert.Equal(["began", .. Enumerable.Repeat("live", 10)], report.GetProperty("trace").EnumerateArray().Select(entry => entry.GetProperty("rule").GetString()));
        Assert.All(report.GetProperty("trace").EnumerateArray(), entry => Assert.Equal(0, entry.GetProperty("start_seconds").GetDouble()));
        Assert.Equal(["720p"], report.GetProperty("renditions").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task A_live_segment_is_fetched_once_in_ranges_however_far_the_window_has_gone()
    {
        Serve(7, "all.ts", ranges: true);
        var viewer = await Viewer.StartAsync(host.Client);
        foreach (var first in (int[])[7, 8])
        {
            Serve(first, "all.ts", ranges: true);
            foreach (var uri in await WindowAsync(viewer, first)) await FetchAsync(uri, "bytes=0-99");
        }

        var report = await ReportAsync(viewer);
        Assert.Equal((4, 16, 2), (report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("seconds_fetched").GetDouble(), report.GetProperty("ignored").GetProperty("ranges").GetInt32()));
    }

    [Theory]
    [InlineData("#EXT-X-PLAYLIST-TYPE:EVENT\n", "", true)]
    [InlineData("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQUENCE:0\n", "", true)]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:5\n", "#EXT-X-ENDLIST\n", true)]
    [InlineData("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQUENCE:5\n", "", false)]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:0\n", "", false)]
    [InlineData("", "", false)]
    [InlineData("#EXT-X-PLAYLIST-TYPE:VOD\n", "", false)]
    [InlineData("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n", "", false)]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n", "", false)]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:9223372036854775807\n", "", false)]
    public async Task Only_a_timeline_that_begins_with_the_content_can_be_watched(string header, string end, bool watchable)
    {
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n{header}#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n{end}");
        var viewer = await Viewer.StartAsync(host.Client);

        foreach (var uri in viewer.Segments) await FetchAsync(uri, "");

        var report = await ReportAsync(viewer);
        Assert.Equal((2, 8, watchable ? 8 : 0, !watchable), (report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("seconds_fetched").GetDouble(), report.GetProperty("watch_seconds").GetDouble(), report.GetProperty("live").GetBoolean()));
    }

    [Theory]
    [InlineData("&k=l", "")]
    [InlineData("&k=l", "&k=a")]
    [InlineData("&t=100", "&t=0")]
    public async Task I5_nobody_makes_a_live_segment_watched_by_changing_its_address(string was, string becomes)
    {
        Serve(100);
        var viewer = await Viewer.StartAsync(host.Client);
        var target = viewer.Segments[0].AbsoluteUri.Replace(was, becomes, StringComparison.Ordinal);
        Assert.NotEqual(viewer.Segments[0].AbsoluteUri, target);

        await FetchAsync(new Uri(target), "");

        var report = await ReportAsync(viewer);
        Assert.Equal((0, 0, 1), (report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("watch_seconds").GetDouble(), report.GetProperty("ignored").GetProperty("forged_duration").GetInt32()));
    }

    private void Serve(int first, string? file = null, bool ranges = false) => origin.Serve(
        "v/720p/video.m3u8",
        $"#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
        + string.Concat(Enumerable.Range(first, 3).Select(number => $"#EXTINF:4,\n{(ranges ? $"#EXT-X-BYTERANGE:100@{number * 100}\n" : "")}{file ?? $"{number}.ts"}\n")));

    /// <summary>The window once it begins with this segment.</summary>
    private async Task<List<Uri>> WindowAsync(Viewer viewer, int first)
    {
        var address = new Uri(host.Address, $"watch/v/720p/video.m3u8?session_id={viewer.Session}&p=v");
        var text = "";
        await Eventually.IsTrueAsync(async () => (text = await host.Client.GetStringAsync(address)).Contains($"#EXT-X-MEDIA-SEQUENCE:{first}\n", StringComparison.Ordinal), $"the window from {first} on");
        return [.. Viewer.Uris(text).Select(uri => new Uri(address, uri))];
    }

    private async Task FetchAsync(Uri segment, string range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, segment);
        if (range.Length > 0) request.Headers.TryAddWithoutValidation("Range", range);
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    private async Task<JsonElement> ReportAsync(Viewer viewer)
    {
        using var api = host.Api("analyst");
        return (await Viewer.ReportAsync(api, viewer.Session))!.Value;
    }
}
