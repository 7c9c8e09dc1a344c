using System.Net;
using System.Text;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Playback;

/// <summary>How many sessions one network may begin, told apart by what a believed proxy says of its clients.</summary>
public sealed class SessionStartsTests : IAsyncLifetime, IDisposable
{
    private readonly ManualClock clock = new();
    private readonly LogLines log = new();
    private readonly TemporaryFolder data = new();
    private LoopbackOrigin origin = null!;
    private GatewayHost? started;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
    }

    public async Task DisposeAsync()
    {
        if (started is not null) await started.DisposeAsync();
        await origin.DisposeAsync();
    }

    public void Dispose()
    {
        log.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task Beyond_the_bound_of_its_network_a_viewer_plays_uncounted_and_every_other_network_goes_on()
    {
        var host = await StartAsync(most: 3, proxy: "127.0.0.0/8");
        using var bounded = new Meters(host, "hlsgateway.sessions.bounded");
        Assert.Equal(3, await SessionsAsync(host, "192.0.2.77", 7));
        Assert.Equal(4, bounded.Sum);
        Assert.Equal(1, log.Count(1005));
        // A neighbour is another network; so is an IPv6 /64, whichever of its addresses are used.
        Assert.Equal(2, await SessionsAsync(host, "192.0.2.78", 2));
        Assert.Equal(2, await SessionsAsync(host, "2001:db8:1:2::1", 2));
        Assert.Equal(1, await SessionsAsync(host, "2001:db8:1:2:ffff::9", 3));
        Assert.Equal(2, await SessionsAsync(host, "2001:db8:1:3::1", 2));

        using var ranking = JsonDocument.Parse(await host.Api("analyst").GetStringAsync(new Uri("/api/analytics/videos?from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z", UriKind.Relative)));
        Assert.Equal(10, ranking.RootElement.GetProperty("videos").EnumerateArray().Single().GetProperty("impressions").GetInt32());
        // Files are read once nobody holds them.
        await host.DisposeAsync();
        started = null;
        AssertNowhere("192.0.2.77", "2001:db8:1:2");
    }

    [Fact]
    public async Task A_viewer_beyond_the_bound_gets_every_segment()
    {
        var host = await StartAsync(most: 1, proxy: "127.0.0.0/8");
        Assert.Equal(1, await SessionsAsync(host, "192.0.2.1", 1));
        var master = await PlaylistAsync(host, "/watch/v/playlist.m3u8", "192.0.2.1");
        var media = await PlaylistAsync(host, "/watch/v/" + Viewer.Uris(master).Single(), "192.0.2.1");
        var segments = Viewer.Uris(media).ToArray();
        Assert.Equal(5, segments.Length);
        foreach (var segment in segments)
        {
            using var answer = await host.Client.GetAsync(new Uri("/watch/v/720p/" + segment, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_ration_comes_back_with_time_and_what_begins_no_session_takes_nothing_of_it()
    {
        var host = await StartAsync(most: 4, proxy: "127.0.0.0/8");
        foreach (var (method, path) in (IEnumerable<(HttpMethod, string)>)[(HttpMethod.Head, "v/playlist.m3u8"), (HttpMethod.Get, "nobody/playlist.m3u8"), (HttpMethod.Get, "v/720p/video0.ts")])
        {
            for (var i = 0; i < 6; i++)
            {
                using var request = new HttpRequestMessage(method, "/watch/" + path);
                request.Headers.Add("X-Forwarded-For", "192.0.2.5");
                using var answer = await host.Client.SendAsync(request);
            }
        }

        Assert.Equal(4, await SessionsAsync(host, "192.0.2.5", 6));
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(2, await SessionsAsync(host, "192.0.2.5", 6));
        // The next day has a key of its own, and with it fresh rations.
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(4, await SessionsAsync(host, "192.0.2.5", 6));
        // A clock that was set back locks nobody out.
        clock.Advance(TimeSpan.FromHours(-2));
        Assert.Equal(4, await SessionsAsync(host, "192.0.2.6", 6));
    }

    [Theory]
    [InlineData("127.0.0.0/8", null)]
    [InlineData("127.0.0.0/8", "Forwarded")]
    [InlineData("", "X-Forwarded-For")]
    [InlineData("10.0.0.0/8", "X-Forwarded-For")]
    [InlineData("", "Forwarded")]
    [InlineData("", "X-Real-IP")]
    public async Task Loopback_and_viewers_behind_a_proxy_that_is_not_believed_are_not_bounded(string proxy, string? header)
    {
        var host = await StartAsync(most: 1, proxy);
        Assert.Equal(6, await SessionsAsync(host, header == "Forwarded" ? "for=192.0.2.1" : "192.0.2.1", 6, header));
        Assert.Equal(header is null ? 0 : 1, log.Count(8002));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", false)]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", false)]
    [InlineData("127.0.0.2", "127.0.0.2", true)]
    [InlineData("::ffff:127.0.0.2", "127.0.0.2", true)]
    [InlineData("::1", "::", true)]
    public void A_network_is_an_ipv4_address_or_an_ipv6_64_and_this_machine_is_none(string address, string network, bool here)
    {
        Assert.Equal(IPAddress.Parse(network), ClientNetwork.Of(IPAddress.Parse(address)));
        Assert.Equal(here, ClientNetwork.IsThisMachine(IPAddress.Parse(address)));
    }

    [Fact]
    public async Task A_proxy_elsewhere_that_is_not_configured_is_not_taken_for_one_viewer()
    {
        var host = await StartAsync(most: 1, proxy: "", peer: IPAddress.Parse("198.51.100.7"));
        Assert.Equal(6, await SessionsAsync(host, "192.0.2.1", 6));
        // The same address without the sign of a proxy is a viewer's.
        Assert.Equal(1, await SessionsAsync(host, "", 6, header: null));
    }

    [Fact]
    public async Task A_bound_of_nothing_is_no_bound()
    {
        var host = await StartAsync(most: 0, proxy: "127.0.0.0/8");
        Assert.Equal(20, await SessionsAsync(host, "192.0.2.1", 20));
    }

    /// <param name="peer">Who connects, in place of the loopback address that tests connect from.</param>
    private async Task<GatewayHost> StartAsync(int most, string proxy, IPAddress? peer = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Sessions:StartsPerNetwork"] = most.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["Gateway:Sessions:StartsWindow"] = "01:00:00",
        };
        if (proxy.Length > 0) settings["Gateway:KnownProxies:0"] = proxy;
        return started = await GatewayHost.StartAsync(origin, settings, services =>
        {
            services.AddSingleton<TimeProvider>(clock);
            log.AddTo(services);
            if (peer is not null) services.AddSingleton<IStartupFilter>(new From(peer));
        }, data.Path);
    }

    private sealed class From(IPAddress peer) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Connection.RemoteIpAddress = peer;
                return rest(context);
            });
            next(app);
        };
    }

    /// <summary>Asks so many times for the Master Playlist.</summary>
    /// <returns>How many of the answers began a session.</returns>
    private static async Task<int> SessionsAsync(GatewayHost host, string from, int times, string? header = "X-Forwarded-For")
    {
        var began = 0;
        for (var i = 0; i < times; i++)
        {
            var master = await PlaylistAsync(host, "/watch/v/playlist.m3u8", from, header);
            if (!master.Contains("session_id=" + new string('A', 40), StringComparison.Ordinal)) began++;
        }

        return began;
    }

    private static async Task<string> PlaylistAsync(GatewayHost host, string path, string from, string? header = "X-Forwarded-For")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (header is not null) request.Headers.Add(header, from);
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private void AssertNowhere(params string[] addresses)
    {
        var files = Directory.EnumerateFiles(data.Path, "*", SearchOption.AllDirectories).ToList();
        Assert.NotEmpty(files);
        foreach (var address in addresses)
        {
            Assert.DoesNotContain(log.Lines, line => line.Text.Contains(address, StringComparison.Ordinal));
            Assert.All(files, file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.ASCII.GetBytes(address)) < 0, $"{address} in {Path.GetFileName(file)}"));
        }
    }
}
