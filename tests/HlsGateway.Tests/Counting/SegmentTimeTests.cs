using System.Globalization;
using System.Text.Json;
using HlsGateway.Playback;
using HlsGateway.Tests.Counting.Judge;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>What is signed of neighbouring segments touches, so that whoever fetched them all has watched the whole.</summary>
public sealed class SegmentTimeTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(
            origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/", ["Analytics:PlayerBuffer"] = "00:00:20" },
            services => services.AddHttpContextAccessor().AddSingleton<TimeProvider, RequestClock>());
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("4", 12, 48.0)]
    [InlineData("4.033333", 12, 48.4)]
    [InlineData("2.0333", 30, 60.999)]
    [InlineData("4.045708", 12, 48.548)]
    [InlineData("4.041667", 12, 48.5)]
    [InlineData("4.037367", 12, 48.448)]
    [InlineData("4.020683", 12, 48.248)]
    [InlineData("1.0005", 40, 40.02)]
    [InlineData("1.333333333333333333333333", 30, 40.0)]
    public async Task Whoever_fetches_every_segment_has_watched_the_whole(string duration, int segments, double seconds)
    {
        ServeVideo("v", Enumerable.Repeat($"#EXTINF:{duration},", segments));
        var at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        host.Client.DefaultRequestHeaders.Add(RequestClock.Header, at.ToString(CultureInfo.InvariantCulture));
        var viewer = await Viewer.StartAsync(host.Client);
        host.Client.DefaultRequestHeaders.Remove(RequestClock.Header);
        foreach (var (segment, index) in viewer.Segments.Select((uri, index) => (uri, index)))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, segment);
            request.Headers.Add(RequestClock.Header, (at + (index * 6100L / (segments - 1))).ToString(CultureInfo.InvariantCulture));
            using var answer = await host.Client.SendAsync(request);
        }

        using var api = host.Api("analyst");
        var report = (await Viewer.ReportAsync(api, viewer.Session))!.Value;
        Assert.Equal(seconds, report.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(seconds, report.GetProperty("seconds_fetched").GetDouble());
        Assert.Equal(seconds, report.GetProperty("content_seconds").GetDouble());
        Assert.True(report.GetProperty("completed").GetBoolean());
        // One unbroken stretch: nothing but the time that passed bounds what was played of it.
        Assert.Equal(6.1, report.GetProperty("watch_seconds_low").GetDouble());
        Assert.Equal(0, report.GetProperty("ignored").GetProperty("repeats").GetInt32());
        Assert.DoesNotContain('_', report.GetProperty("strip").GetString()!);
        using var video = JsonDocument.Parse(await api.GetStringAsync("/api/videos/v/analytics"));
        var retention = video.RootElement.GetProperty("retention").EnumerateArray().ToList();
        Assert.All(retention, point => Assert.Equal(1, point.GetProperty("sessions").GetInt32()));
        Assert.Equal((1, 1), (retention[^1].GetProperty("left").GetInt32(), retention.Sum(point => point.GetProperty("left").GetInt32())));
    }

    [Theory]
    [InlineData("4.033333", 3000)]
    [InlineData("2.033333", 3000)]
    [InlineData("0.0001", 3000)]
    [InlineData("0", 10)]
    [InlineData("0.0005", 100)]
    [InlineData("3.999999999999999999", 500)]
    [InlineData("100000.123456789012345678", 20)]
    public async Task Neighbours_touch_however_long_the_list_and_short_the_segments(string duration, int segments)
    {
        ServeVideo("v", Enumerable.Repeat($"#EXTINF:{duration},", segments));

        var viewer = await Viewer.StartAsync(host.Client);
        var times = Times(viewer);

        AssertTouching(times, segments);
        Assert.Equal(ExactMs(Enumerable.Repeat(duration, segments)), times[^1].End);
        using var api = host.Api("analyst");
        double? expected = times[^1].End == 0 ? null : times[^1].End / 1000.0;
        await Eventually.IsTrueAsync(async () => ContentSeconds((await Viewer.ReportAsync(api, viewer.Session))!.Value) == expected, "the content's length is the last segment's end");
    }

    [Fact]
    public async Task Neighbours_touch_across_discontinuities_gaps_ranges_and_mixed_durations()
    {
        string[] durations = ["4.004004", "0.0004", "4.004004", "2.0333", "0", "0.0004", "3.9999", "4.1005"];
        string[] before = ["", "#EXT-X-DISCONTINUITY\n", "#EXT-X-GAP\n", "#EXT-X-BYTERANGE:100@0\n", "#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n"];
        ServeVideo("v", Enumerable.Range(0, 400).Select(i => $"{before[i % before.Length]}#EXTINF:{durations[i % durations.Length]},"));

        var times = Times(await Viewer.StartAsync(host.Client));

        AssertTouching(times, 400);
        Assert.Equal(ExactMs(Enumerable.Range(0, 400).Select(i => durations[i % durations.Length])), times[^1].End);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("i")]
    [InlineData("s")]
    public async Task Sound_I_frames_and_captions_touch_too(string role)
    {
        ServeVideo("v", Enumerable.Repeat("#EXTINF:4.033333,", 100));
        using var api = host.Api("editor");
        using (var put = await api.PutAsync("api/videos/v/subtitles/en", new StringContent("WEBVTT\n\n00:01.000 --> 00:01.500\nA\n")))
            put.EnsureSuccessStatusCode();
        var session = (await Viewer.StartAsync(host.Client)).Session;
        var address = new Uri(host.Address, role == "s" ? $"watch/v/subtitles/en.m3u8?session_id={session}&p=s" : $"watch/v/720p/video.m3u8?session_id={session}&p={role}");

        var uris = Viewer.Uris(await host.Client.GetStringAsync(address)).Select(uri => new Uri(address, uri)).ToList();

        AssertTouching([.. uris.Select(TimeOf)], 100);
        if (role != "s") return;
        var windows = uris.Select(uri => CaptionPath.TryRead(uri.AbsolutePath.AsSpan("/watch/v/".Length), out var path) ? path : default).ToList();
        Assert.Equal(windows.Select(window => (window.StartMs, window.StartMs + window.DurationMs)), uris.Select(TimeOf));
    }

    [Fact]
    public async Task The_end_stands_in_an_address_only_where_start_and_duration_do_not_tell_it()
    {
        ServeVideo("v", Enumerable.Repeat("#EXTINF:4.033333,", 3));

        var queries = (await Viewer.StartAsync(host.Client)).Segments.Select(uri => uri.Query).ToList();

        Assert.Contains("&duration=4.033333&t=0&s=", queries[0], StringComparison.Ordinal);
        Assert.Contains("&duration=4.033333&t=4033&e=8067&s=", queries[1], StringComparison.Ordinal);
        Assert.Contains("&duration=4.033333&t=8067&s=", queries[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "&e=8067", "&e=80670")]
    [InlineData(1, "&e=8067", "")]
    [InlineData(1, "&e=8067", "&e=")]
    [InlineData(1, "&e=8067", "&e=-1")]
    [InlineData(0, "&t=0", "&t=0&e=48400")]
    public async Task I5_an_end_that_was_changed_added_or_taken_away_plays_and_counts_nothing(int segment, string was, string becomes)
    {
        ServeVideo("v", Enumerable.Repeat("#EXTINF:4.033333,", 12));
        var viewer = await Viewer.StartAsync(host.Client);
        var target = viewer.Segments[segment].PathAndQuery.Replace(was, becomes, StringComparison.Ordinal);
        Assert.NotEqual(viewer.Segments[segment].PathAndQuery, target);

        using var answer = await host.Client.GetAsync(new Uri(host.Address, target));

        Assert.Equal(System.Net.HttpStatusCode.Found, answer.StatusCode);
        using var api = host.Api("analyst");
        var report = (await Viewer.ReportAsync(api, viewer.Session))!.Value;
        Assert.Equal((0, 1), (report.GetProperty("watch_seconds").GetDouble(), report.GetProperty("ignored").GetProperty("forged_duration").GetInt32()));
    }

    private void ServeVideo(string video, IEnumerable<string> tags)
    {
        origin.Serve($"{video}/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n");
        origin.Serve($"{video}/720p/video.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:5\n#EXT-X-PLAYLIST-TYPE:VOD\n" + string.Concat(tags.Select((tag, i) => $"{tag}\nvideo{i}.ts\n")) + "#EXT-X-ENDLIST\n");
    }

    private static double? ContentSeconds(JsonElement report) =>
        report.GetProperty("content_seconds") is { ValueKind: JsonValueKind.Number } seconds ? seconds.GetDouble() : null;

    private List<(int Start, int End)> Times(Viewer viewer) => [.. viewer.Segments.Select(TimeOf)];

    private (int Start, int End) TimeOf(Uri uri)
    {
        Assert.True(SegmentSignature.Verify(host.Services.GetRequiredService<SigningKeys>(), "v", uri.AbsolutePath.AsSpan("/watch/v/".Length), new PlayerQuery(uri.Query[1..]), out var start, out var length));
        return (start, start + length);
    }

    private static void AssertTouching(List<(int Start, int End)> times, int segments)
    {
        Assert.Equal(segments, times.Count);
        Assert.Equal(0, times[0].Start);
        Assert.Equal(times.Skip(1).Select(time => time.Start), times.SkipLast(1).Select(time => time.End));
    }

    private static int ExactMs(IEnumerable<string> durations) =>
        (int)decimal.Round(durations.Sum(text => decimal.Parse(text, CultureInfo.InvariantCulture)) * 1000, MidpointRounding.AwayFromZero);
}
