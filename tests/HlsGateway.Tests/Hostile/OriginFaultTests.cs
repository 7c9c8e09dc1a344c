using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Hostile;

/// <summary>An origin on a bad day: what is known is served, what is not is a clear 502 or 504 in bounded time and memory.</summary>
public sealed class OriginFaultTests : IAsyncLifetime
{
    private static Dictionary<string, string> Impatient(int seconds) => new(StringComparer.Ordinal)
    {
        ["Gateway:Origin:Timeout"] = $"00:00:{seconds:00}",
        ["Gateway:Origin:FreshFor"] = "00:00:00",
        ["Gateway:Origin:RetryAfter"] = "00:00:00",
        ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
    };

    private LoopbackOrigin origin = null!;
    private GatewayHost? started;

    public static TheoryData<string, int> Faulty => new()
    {
        { "500", 502 }, { "503", 502 }, { "403", 502 }, { "hang", 504 }, { "drip", 504 }, { "truncated", 502 }, { "reset", 502 }, { "html", 502 },
        { "empty", 502 }, { "redirect", 502 }, { "nul", 502 }, { "utf-16", 502 }, { "garbled gzip", 502 }, { "unasked encoding", 502 }, { "partial", 502 },
    };

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

    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task D7_H5_an_unknown_playlist_of_a_failing_origin_is_a_problem_within_the_deadline_and_recovers(string fault, int status)
    {
        // Only where the deadline is what ends it does it end soon: elsewhere a machine that stands still would meet it.
        var host = started = await GatewayHost.StartAsync(origin, Impatient(status == 504 ? 2 : 50));
        origin.AnswerEverything(Fault(fault));
        var watch = Stopwatch.StartNew();
        using (var response = await host.Client.GetAsync(Path("v/playlist.m3u8")))
        {
            // The origin has two seconds; what waits for it without a deadline waits a minute, for this client's.
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(status, problem.GetProperty("status").GetInt32());
            Assert.Contains("/v/playlist.m3u8", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            // Neither the origin's address nor what it said.
            Assert.DoesNotContain(origin.Address.Authority, problem.GetRawText(), StringComparison.Ordinal);
        }
        Assert.True(origin.Count("v/playlist.m3u8") > 0, "the fault did not fire");
        origin.Recover();
        await Eventually.IsTrueAsync(async () => (await host.Client.GetAsync(Path("v/playlist.m3u8"))).StatusCode == HttpStatusCode.OK, "the fault left nothing in the cache");
    }

    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task H5_a_known_playlist_outlives_its_origins_faults(string fault, int status)
    {
        var host = started = await GatewayHost.StartAsync(origin, Impatient(2));
        var viewer = await Viewer.StartAsync(host.Client);
        var fired = origin.Requests.Count;
        origin.AnswerEverything(Fault(fault));
        var later = await Viewer.StartAsync(host.Client);
        Assert.Equal(viewer.Segments.Select(uri => uri.AbsolutePath), later.Segments.Select(uri => uri.AbsolutePath));
        Assert.Equal(HttpStatusCode.Found, await later.FetchAsync(0));
        Assert.True(origin.Requests.Count > fired, $"the fault ({status} when cold) did not fire");
    }

    [Fact]
    public async Task H5_a_playlist_that_is_gone_is_a_404_and_not_a_502()
    {
        var host = started = await GatewayHost.StartAsync(origin, Impatient(50));
        using var response = await host.Client.GetAsync(Path("nobody/playlist.m3u8"));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task H5_a_known_playlist_that_the_origin_says_is_gone_is_gone(int status)
    {
        var host = started = await GatewayHost.StartAsync(origin, Impatient(50));
        await Viewer.StartAsync(host.Client);
        origin.AnswerEverything(Faults.Status(status));
        // A viewer who comes while the origin is still being asked gets what is known.
        await Eventually.IsTrueAsync(async () =>
        {
            using var response = await host.Client.GetAsync(Path("v/playlist.m3u8"));
            return response.StatusCode == HttpStatusCode.NotFound;
        }, "it is gone");
        origin.Recover();
        await Eventually.IsTrueAsync(async () => (await host.Client.GetAsync(Path("v/playlist.m3u8"))).StatusCode == HttpStatusCode.OK, "it is back");
    }

    [Theory]
    [InlineData("bomb")]
    [InlineData("endless")]
    [InlineData("declared")]
    [InlineData("one line of 10 MB")]
    [InlineData("a million segments")]
    public async Task D7_what_is_too_large_is_a_502_at_once_and_never_in_memory(string what)
    {
        // The deadline of the other tests would hide what the bound on bytes does.
        var host = started = await GatewayHost.StartAsync(origin, Impatient(50));
        await Viewer.StartAsync(host.Client);
        origin.Answer("big/playlist.m3u8", what switch
        {
            "bomb" => Faults.GzipBomb(1024),
            "endless" => Faults.Infinite,
            "declared" => Declared,
            "one line of 10 MB" => Playlist("#EXTM3U\n#" + new string('x', 10 << 20)),
            _ => Playlist("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXTINF:4,\nsegment.ts\n", 1_000_000))),
        });
        var before = Peak();
        var watch = Stopwatch.StartNew();
        using var response = await host.Client.GetAsync(Path("big/playlist.m3u8"));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        // Well under a second on a quiet machine; the deadline of fifty is what it must not wait for.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(1, origin.Count("big/playlist.m3u8"));
        // 8 MiB are read at most, of a gigabyte and more; this process holds the scripted origin and other tests' hosts as well.
        Assert.InRange(Peak() - before, long.MinValue, 500L << 20);
    }

    private static long Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private static Uri Path(string path) => new($"watch/{path}", UriKind.Relative);

    private static RequestDelegate Playlist(string body) => context =>
    {
        context.Response.ContentType = Faults.Playlist;
        return context.Response.WriteAsync(body, context.RequestAborted);
    };

    private static Task Declared(HttpContext context)
    {
        context.Response.ContentLength = 50 << 20;
        return Faults.Infinite(context);
    }

    private static RequestDelegate Encoded(string encoding) => context =>
    {
        context.Response.Headers.ContentEncoding = encoding;
        return context.Response.WriteAsync(SampleVideo.Master);
    };

    private static RequestDelegate Fault(string name) => name switch
    {
        "hang" => Faults.Hang,
        "drip" => Faults.Drip(Encoding.UTF8.GetBytes(SampleVideo.Media(50)), TimeSpan.FromMilliseconds(100)),
        "truncated" => Faults.Truncated(Encoding.UTF8.GetBytes(SampleVideo.Media(50))),
        "reset" => Faults.Reset,
        "html" => Faults.Html,
        "empty" => Playlist(""),
        "redirect" => Faults.Redirect("http://127.0.0.1:1/elsewhere.m3u8"),
        "nul" => Playlist("#EXTM3U\n#EXT-X-TARGETDURATION:4\n\0\n#EXTINF:4,\na.ts\n"),
        "utf-16" => context => context.Response.Body.WriteAsync(Encoding.Unicode.GetBytes(SampleVideo.Master), context.RequestAborted).AsTask(),
        "garbled gzip" => Encoded("gzip"),
        "unasked encoding" => Encoded("zstd"),
        "partial" => Faults.Status(206, SampleVideo.Master),
        _ => Faults.Status(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
    };
}
