using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>Common Media Client Data (CTA-5004) over HTTP: who hears of it, who does not, and what comes of a broken or forged one.</summary>
public sealed class CmcdPlaybackTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/";
    private const string Sid = "f9ab7d8e-0ba4-4ef8-b2d6-24cf03d8ff4c";
    private LoopbackOrigin origin = null!;
    private GatewayHost gateway = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", 15);
        origin.Serve("v/poster.jpg", [1, 2, 3], "image/jpeg");
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = Cdn });
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_player_s_data_is_joined_to_its_session_from_query_or_headers(bool headers)
    {
        var master = await SendAsync(new Uri(gateway.Address, "watch/v/playlist.m3u8"), $"sid=\"{Sid}\",su,st=v", headers);
        var viewer = await ViewerAsync(await master.Content.ReadAsStringAsync());
        for (var i = 0; i < 3; i++)
        {
            using var answer = await SendAsync(viewer[i], $"bl={i * 3900},mtp={1000 * (i + 1)},ot=av,sid=\"{Sid}\",st=v{(i == 2 ? ",bs,pr=2" : "")}", headers);
            Assert.Equal($"{Cdn}v/720p/video{i}.ts", answer.Headers.Location?.OriginalString);
        }

        var report = await ReportAsync(viewer[0]);
        Assert.Equal($$"""{"sid":"{{Sid}}","reports":4,"starved":1,"throughput_kbps":2000,"stream_type":"v"}""", report.GetProperty("cmcd").GetRawText());
        Assert.Equal(
            [$"sid=\"{Sid}\",st=v,su", $"bl=0,mtp=1000,sid=\"{Sid}\",st=v", $"bl=3900,mtp=2000,sid=\"{Sid}\",st=v", $"bl=7800,bs,mtp=3000,pr=2,sid=\"{Sid}\",st=v"],
            report.GetProperty("trace").EnumerateArray().Select(entry => entry.GetProperty("cmcd").GetString()));
    }

    [Fact]
    public async Task Neither_the_CDN_nor_the_origin_hears_of_it()
    {
        foreach (var headers in (bool[])[false, true])
        {
            var master = await SendAsync(new Uri(gateway.Address, "watch/v/playlist.m3u8?own=1"), "bl=1000,su", headers);
            var viewer = await ViewerAsync(await master.Content.ReadAsStringAsync(), "CMCD=su");
            using var segment = await SendAsync(viewer[0], "bl=1000", headers);
            Assert.Equal($"{Cdn}v/720p/video0.ts", segment.Headers.Location?.OriginalString);
            using var anonymous = await SendAsync(new Uri(gateway.Address, "watch/v/720p/video0.ts?own=1"), "bl=1000", headers);
            Assert.Equal($"{Cdn}v/720p/video0.ts?own=1", anonymous.Headers.Location?.OriginalString);
            using var poster = await SendAsync(new Uri(gateway.Address, "watch/v/poster.jpg?own=1"), "bl=1000", headers);
            Assert.Equal([1, 2, 3], await poster.Content.ReadAsByteArrayAsync());
        }

        Assert.Contains(origin.Requests, request => request.PathAndQuery.EndsWith("poster.jpg?own=1", StringComparison.Ordinal));
        Assert.All(origin.Requests, request =>
        {
            Assert.DoesNotContain("CMCD", request.PathAndQuery, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(request.Headers.Keys, name => name.StartsWith("CMCD", StringComparison.OrdinalIgnoreCase));
        });
    }

    [Theory]
    [InlineData("%")]
    [InlineData("%00%01")]
    [InlineData("%ff%fe")]
    [InlineData("bl%3D4000%2Csid%3D%22")]
    [InlineData("bl%3D-1%2Cmtp%3Dx")]
    [InlineData("bl=1=2,,,,")]
    [InlineData("((((((((")]
    public async Task A_malformed_one_disturbs_nothing(string raw)
    {
        var viewer = await Viewer.StartAsync(gateway.Client);
        using var answer = await gateway.Client.GetAsync(new Uri(viewer.Segments[0] + "&CMCD=" + raw));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal($"{Cdn}v/720p/video0.ts", answer.Headers.Location?.OriginalString);
        var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
        Assert.Equal(4, report.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(0, report.GetProperty("watch_seconds_low").GetDouble());
    }

    [Fact]
    public async Task A_huge_one_disturbs_nothing()
    {
        var viewer = await Viewer.StartAsync(gateway.Client);
        using var answer = await gateway.Client.GetAsync(new Uri(viewer.Segments[0] + "&CMCD=" + new string('x', 14_000)));
        Assert.Equal($"{Cdn}v/720p/video0.ts", answer.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Case_26_forged_data_and_replays_never_lift_the_lower_bound_above_what_was_handed_out()
    {
        var random = new Random(26);
        for (var forger = 0; forger < 6; forger++)
        {
            var viewer = await Viewer.StartAsync(gateway.Client);
            var own = random.Next(1, 15);
            for (var i = 0; i < 40; i++)
            {
                var cmcd = $"bl={random.Next(1, 60_000)},pr={random.Next(200)}";
                using var answer = await SendAsync(viewer.Segments[random.Next(own)], cmcd, i % 2 == 0);
                Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            }

            var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
            Assert.Equal(160, report.GetProperty("seconds_fetched").GetDouble());
            Assert.InRange(report.GetProperty("watch_seconds").GetDouble(), 4, own * 4);
            Assert.InRange(report.GetProperty("watch_seconds_low").GetDouble(), 0, report.GetProperty("watch_seconds").GetDouble());
        }
    }

    [Fact]
    public async Task A_forged_session_or_duration_has_its_data_thrown_away()
    {
        var viewer = await Viewer.StartAsync(gateway.Client);
        using var forged = await SendAsync(new Uri(viewer.Segments[1].AbsoluteUri.Replace("duration=4", "duration=9", StringComparison.Ordinal)), "bl=1000", headers: false);
        Assert.Equal(HttpStatusCode.Found, forged.StatusCode);
        var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
        Assert.Equal(JsonValueKind.Null, report.GetProperty("cmcd").ValueKind);
    }

    [Fact]
    public async Task H1_a_page_may_send_its_data_in_headers()
    {
        var viewer = await Viewer.StartAsync(gateway.Client);
        using var request = new HttpRequestMessage(HttpMethod.Options, viewer.Segments[0]);
        request.Headers.Add("Origin", "https://player.example");
        request.Headers.Add("Access-Control-Request-Method", "GET");
        request.Headers.Add("Access-Control-Request-Headers", "cmcd-object,cmcd-request,cmcd-session,cmcd-status");
        using var response = await gateway.Client.SendAsync(request);
        // Without credentials the star stands for every header but Authorization (Fetch, CORS protocol).
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    /// <param name="cmcd">Keys as CTA-5004 writes them; with headers, each in the one that is meant for it.</param>
    private async Task<HttpResponseMessage> SendAsync(Uri uri, string cmcd, bool headers)
    {
        if (!headers) return await gateway.Client.GetAsync(new Uri($"{uri}{(uri.Query.Length == 0 ? '?' : '&')}CMCD={Uri.EscapeDataString(cmcd)}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        foreach (var group in cmcd.Split(',').GroupBy(HeaderOf)) request.Headers.TryAddWithoutValidation(group.Key, string.Join(',', group));
        return await gateway.Client.SendAsync(request);
    }

    private static string HeaderOf(string item) => item.Split('=')[0] switch
    {
        "bl" or "mtp" or "su" => "CMCD-Request",
        "sid" or "st" or "pr" => "CMCD-Session",
        "bs" => "CMCD-Status",
        _ => "CMCD-Object",
    };

    /// <summary>The segments of the only Variant Stream, asked for with CMCD of its own.</summary>
    private async Task<IReadOnlyList<Uri>> ViewerAsync(string master, string more = "")
    {
        var media = new Uri(gateway.Address, "watch/v/" + Viewer.Uris(master).Single());
        var text = await gateway.Client.GetStringAsync(more.Length == 0 ? media : new Uri($"{media}&{more}"));
        return [.. Viewer.Uris(text).Select(uri => new Uri(media, uri))];
    }

    private async Task<JsonElement> ReportAsync(Uri segment) => (await Viewer.ReportAsync(gateway.Api(), Viewer.SessionOf(segment)))!.Value;
}
