using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Telemetry;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Cdn;

/// <summary>Where players are sent, through the real host.</summary>
public sealed class CdnPlaybackTests
{
    private const string Secret = "a secret of more than sixteen characters";

    [Fact]
    public async Task Two_gateways_send_a_session_to_the_same_base_and_sessions_to_both()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        var settings = Bases(("east", "https://east.test/hls/"), ("west", "https://west.test/hls/"));
        settings["Gateway:Sessions:Keys:0"] = "a key that both gateways have, of 32 bytes and more";
        await using var one = await GatewayHost.StartAsync(origin, settings);
        await using var other = await GatewayHost.StartAsync(origin, settings);
        var hosts = new HashSet<string>(StringComparer.Ordinal);
        // Of 40 sessions, all on one side once in half a trillion runs.
        for (var i = 0; i < 40; i++)
        {
            var viewer = await Viewer.StartAsync(one.Client);
            var first = await LocationAsync(one, viewer.Segments[0]);
            Assert.EndsWith(".test/hls/v/720p/video0.ts", first.AbsoluteUri, StringComparison.Ordinal);
            Assert.Equal(first.Host, (await LocationAsync(one, viewer.Segments[1])).Host);
            Assert.Equal(first, await LocationAsync(other, new Uri(other.Address, viewer.Segments[0].PathAndQuery)));
            hosts.Add(first.Host);
        }

        Assert.Equal(2, hosts.Count);
    }

    [Fact]
    public async Task A_base_that_fails_its_probe_gets_no_viewers_until_it_answers_again_and_everybody_is_told()
    {
        var log = new LogLines();
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var east = await LoopbackOrigin.StartAsync();
        await using var west = await LoopbackOrigin.StartAsync();
        west.Serve("health.txt", "ok");
        var settings = Bases(("east", east.Address.AbsoluteUri), ("west", west.Address.AbsoluteUri));
        settings["Gateway:Cdn:Probe:Path"] = "health.txt";
        settings["Gateway:Cdn:Probe:Interval"] = "00:00:00.020";
        // A busy machine is no base that fails.
        settings["Gateway:Cdn:Probe:Timeout"] = "00:01:00";
        await using var host = await GatewayHost.StartAsync(origin, settings, log.AddTo);
        await Eventually.IsTrueAsync(async () => await HealthAsync(host) == ("degraded", "east: it answered 404"), "the base is down");
        for (var i = 0; i < 10; i++)
            Assert.Equal(west.Address.Authority, (await LocationAsync(host, (await Viewer.StartAsync(host.Client)).Segments[0])).Authority);
        using var analyst = host.Api("analyst");
        var metrics = new PrometheusText(await analyst.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
        Assert.Contains(metrics.Samples, sample => sample.Name.StartsWith("hlsgateway_cdn_up", StringComparison.Ordinal) && sample.Labels.GetValueOrDefault("base") == "east" && sample.Value == 0);
        Assert.Contains(metrics.Samples, sample => sample.Name.StartsWith("hlsgateway_cdn_up", StringComparison.Ordinal) && sample.Labels.GetValueOrDefault("base") == "west" && sample.Value == 1);

        east.Serve("health.txt", "ok");
        await Eventually.IsTrueAsync(async () => (await HealthAsync(host)).Status == "healthy", "the base is up again");
        // The state changes before its line is written.
        await Eventually.IsTrueAsync(() => log.Count(1012) == 1, "the line that it answers again");
        Assert.Equal(1, log.Count(1011));
    }

    [Fact]
    public async Task Signed_urls_end_with_the_session_and_carry_its_id()
    {
        var clock = new ManualClock();
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.test/hls",
            ["Gateway:Cdn:SessionParameter"] = "sid",
            ["Gateway:Cdn:Signing:Scheme"] = "Hmac",
            ["Gateway:Cdn:Signing:Secret"] = Secret,
            ["Gateway:Sessions:Lifetime"] = "02:00:00",
        }, services => services.AddSingleton<TimeProvider>(clock));
        var began = clock.GetUtcNow().ToUnixTimeSeconds();
        var viewer = await Viewer.StartAsync(host.Client);

        async Task<long> UntilAsync(Uri segment)
        {
            var url = await LocationAsync(host, segment);
            var query = QueryHelpers.ParseQuery(url.Query);
            var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{url.AbsolutePath}?{query["expires"]}"));
            Assert.Equal(WebEncoders.Base64UrlEncode(expected), query["signature"]);
            Assert.Matches(clock.GetUtcNow().ToUnixTimeSeconds() < began + 7200 ? "^[0-9a-f]{32}-c$" : "^[0-9a-f]{32}-o$", query["sid"].ToString());
            return long.Parse(query["expires"]!, System.Globalization.CultureInfo.InvariantCulture);
        }

        Assert.InRange(await UntilAsync(viewer.Segments[0]), began + 3200, began + 3600);
        clock.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal(began + 7200, await UntilAsync(viewer.Segments[1]));
        // A session that is over plays on, from one short signature to the next.
        clock.Advance(TimeSpan.FromMinutes(90));
        Assert.InRange(await UntilAsync(viewer.Segments[2]), began + 10800 + 30, began + 10800 + 300);
    }

    [Fact]
    public async Task Objects_of_ours_are_signed_too()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Storage:PublicUrl"] = "https://cdn.test/store",
            ["Gateway:Cdn:Signing:Scheme"] = "Hmac",
            ["Gateway:Cdn:Signing:Secret"] = Secret,
        });
        var url = host.Services.GetRequiredService<HlsGateway.Storage.BlobStore>().PublicUrl("videos/v/r/0.ts", new Microsoft.AspNetCore.Http.DefaultHttpContext().Request);
        Assert.Matches("^https://cdn.test/store/videos/v/r/0.ts\\?expires=[0-9]+&signature=[A-Za-z0-9_-]{43}$", url);
    }

    [Fact]
    public async Task A_player_that_steers_asks_by_another_name_and_is_sent_to_that_base_in_the_same_session()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "a/v");
        origin.Serve("own/playlist.m3u8", SampleVideo.Master.Replace("BANDWIDTH", "PATHWAY-ID=\"x\",BANDWIDTH", StringComparison.Ordinal));
        await using var east = await LoopbackOrigin.StartAsync();
        await using var west = await LoopbackOrigin.StartAsync();
        foreach (var cdn in (LoopbackOrigin[])[east, west]) cdn.Serve("health.txt", "ok");
        var settings = Bases(("east", east.Address.AbsoluteUri), ("west", west.Address.AbsoluteUri), ("plain", "https://plain.test/"));
        (settings["Gateway:Cdn:Bases:0:Host"], settings["Gateway:Cdn:Bases:1:Host"]) = ("east.video.test", "west.video.test");
        settings["Gateway:Cdn:Bases:2:Weight"] = "0";
        await using var host = await GatewayHost.StartAsync(origin, settings);
        Assert.DoesNotContain("STEERING", await host.Client.GetStringAsync(new Uri("/watch/own/playlist.m3u8", UriKind.Relative)), StringComparison.Ordinal);

        var master = new Uri(host.Address, "watch/a/v/playlist.m3u8");
        var text = await host.Client.GetStringAsync(master);
        var tag = text.Split('\n').Single(line => line.StartsWith("#EXT-X-CONTENT-STEERING:", StringComparison.Ordinal));
        Assert.Matches("^#EXT-X-CONTENT-STEERING:SERVER-URI=\"../../~steering.json\\?session_id=[A-Za-z0-9_-]{40}\",PATHWAY-ID=\"\\.\"$", tag);
        using var answer = await host.Client.GetAsync(new Uri(master, tag.Split('"')[1]));
        Assert.Equal("application/vnd.apple.steering-list", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        var manifest = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
        Assert.Equal((1, 300), (manifest.GetProperty("VERSION").GetInt32(), manifest.GetProperty("TTL").GetInt32()));
        var child = new Uri(master, Viewer.Uris(text).Single());
        var segment = new Uri(child, Viewer.Uris(await host.Client.GetStringAsync(child)).First());
        var chosen = (await LocationAsync(host, segment)).Authority == east.Address.Authority ? "east" : "west";
        var other = chosen == "east" ? "west" : "east";
        // First where we choose, then the other, last the same once more.
        Assert.Equal([".", other, chosen], manifest.GetProperty("PATHWAY-PRIORITY").EnumerateArray().Select(one => one.GetString()));
        Assert.All(manifest.GetProperty("PATHWAY-CLONES").EnumerateArray(), clone => Assert.Equal((".", $"{clone.GetProperty("ID").GetString()}.video.test"),
            (clone.GetProperty("BASE-ID").GetString(), clone.GetProperty("URI-REPLACEMENT").GetProperty("HOST").GetString())));
        foreach (var (name, cdn) in new[] { ("east", east), ("west", west) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, segment);
            request.Headers.Host = $"{name}.video.test:{segment.Port}";
            using var redirect = await host.Client.SendAsync(request);
            Assert.Equal(cdn.Address.Authority, redirect.Headers.Location!.Authority);
        }

        using var api = host.Api("analyst");
        var report = await Viewer.ReportAsync(api, Viewer.SessionOf(child));
        Assert.Equal(3, report!.Value.GetProperty("segments_fetched").GetInt32());
        using var nobody = await host.Client.GetAsync(new Uri("/watch/~steering.json?session_id=x", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, nobody.StatusCode);
    }

    private static Dictionary<string, string> Bases(params (string Name, string Url)[] bases)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < bases.Length; i++)
        {
            settings[$"Gateway:Cdn:Bases:{i}:Name"] = bases[i].Name;
            settings[$"Gateway:Cdn:Bases:{i}:Url"] = bases[i].Url;
        }

        return settings;
    }

    private static async Task<Uri> LocationAsync(GatewayHost host, Uri segment)
    {
        using var answer = await host.Client.GetAsync(segment);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!;
    }

    private static async Task<(string Status, string Detail)> HealthAsync(GatewayHost host)
    {
        using var api = host.Api("analyst");
        var check = default(JsonElement);
        // The checks run at most once a second, and all of them within some seconds.
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await api.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
            check = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("checks").EnumerateArray().FirstOrDefault(one => one.GetProperty("name").GetString() == "cdn");
            return check.ValueKind == JsonValueKind.Object;
        }, "the check of the CDN answers");
        return (check.GetProperty("status").GetString()!, check.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data.GetProperty("detail").GetString()! : "");
    }
}
