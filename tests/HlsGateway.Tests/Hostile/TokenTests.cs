using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hostile;

/// <summary>Whatever is done to a session or a signature, it plays, and nothing is added to the session that a forger names.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string OldKey = "an old key of thirty-two bytes or more";
    private const string NewKey = "a new key of thirty-two bytes and more";

    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        SampleVideo.AddTo(origin, "other");
        host = await GatewayHost.StartAsync(origin, Settings());
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task H4_each_single_bit_flip_of_a_token_plays_and_counts_nothing_for_its_session()
    {
        var viewer = await Viewer.StartAsync(host.Client);
        var token = Encoding.ASCII.GetBytes(viewer.Session);
        var answers = new StringBuilder();
        for (var bit = 0; bit < token.Length * 8; bit++)
        {
            var flipped = (byte[])token.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var text = Encoding.Latin1.GetString(flipped);
            var target = viewer.Segments[0].PathAndQuery.Replace(viewer.Session, text, StringComparison.Ordinal);
            var answer = await RawHttp.SendAsync(host.Address, $"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            var status = answer.Text.Split(' ')[1];
            // A byte that may not stand in a request line (a space, a control, beyond ASCII) is refused by the server itself.
            Assert.True(status == "302" || (status == "400" && flipped[bit / 8] is <= 0x20 or >= 0x7f), $"bit {bit}: {answer.Text}");
            answers.Append(status[0]);
        }
        Assert.Equal(320, answers.Length);
        await AssertFetchedAsync(viewer.Session, 0);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(0));
        await AssertFetchedAsync(viewer.Session, 1);
    }

    [Theory]
    [InlineData("truncated by one")]
    [InlineData("truncated to one")]
    [InlineData("empty")]
    [InlineData("padded")]
    [InlineData("longer")]
    [InlineData("other alphabet")]
    [InlineData("escaped")]
    [InlineData("a stranger's last")]
    [InlineData("random")]
    [InlineData("10 KB")]
    [InlineData("another video's")]
    public async Task H4_a_token_that_is_not_the_sessions_own_plays_and_adds_nothing_to_it(string how)
    {
        var viewer = await Viewer.StartAsync(host.Client);
        var other = await Viewer.StartAsync(host.Client, "other");
        var forged = how switch
        {
            "truncated by one" => viewer.Session[..^1],
            "truncated to one" => viewer.Session[..1],
            "empty" => "",
            "padded" => viewer.Session + "==",
            "longer" => viewer.Session + "A",
            "other alphabet" => string.Concat(viewer.Session.Select(c => c switch { '-' => '+', '_' => '/', 'a' => 'b', _ => c })) + "+",
            "escaped" => string.Concat(viewer.Session.Select(c => $"%{(int)c:X2}")),
            // Parameters of ours stand last: what stands before them is the origin's own query.
            "a stranger's last" => viewer.Session + "&session_id=" + new string('A', 40),
            "random" => new string('x', 40),
            "10 KB" => new string('A', 10 * 1024),
            _ => other.Session,
        };
        var target = viewer.Segments[0].PathAndQuery.Replace(viewer.Session, forged, StringComparison.Ordinal);
        // Over a socket: a URI class would write an escaped letter back as the letter.
        var (text, _) = await RawHttp.SendAsync(host.Address, $"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 302 ", text, StringComparison.Ordinal);
        Assert.Contains("Location: https://cdn.example.com/v/720p/video0.ts", text, StringComparison.Ordinal);
        await AssertFetchedAsync(viewer.Session, 0);
        await AssertFetchedAsync(other.Session, 0);
    }

    [Theory]
    [InlineData("duration=4", "duration=400")]
    [InlineData("duration=4", "duration=4.0")]
    [InlineData("duration=4", "duration=-4")]
    [InlineData("duration=4", "duration=NaN")]
    [InlineData("duration=4", "duration=")]
    [InlineData("duration=4", "duration=99999999999999999999999")]
    [InlineData("&t=0", "&t=4000")]
    [InlineData("&t=0", "&t=99999999999")]
    [InlineData("video0.ts", "video1.ts")]
    [InlineData("&s=", "&s=A")]
    public async Task I5_a_changed_duration_start_or_path_plays_and_adds_no_watch_seconds(string was, string becomes)
    {
        var viewer = await Viewer.StartAsync(host.Client);
        var target = viewer.Segments[0].PathAndQuery.Replace(was, becomes, StringComparison.Ordinal);
        Assert.NotEqual(viewer.Segments[0].PathAndQuery, target);
        using var response = await host.Client.GetAsync(new Uri(host.Address, target));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        await AssertFetchedAsync(viewer.Session, 0);
        // The session itself is not spoilt by it.
        await viewer.FetchAsync(2);
        await AssertFetchedAsync(viewer.Session, 1);
    }

    [Fact]
    public async Task H4_a_query_that_was_stripped_on_the_way_plays()
    {
        var viewer = await Viewer.StartAsync(host.Client);
        using var response = await host.Client.GetAsync(new Uri(host.Address, viewer.Segments[0].AbsolutePath));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("https://cdn.example.com/v/720p/video0.ts", response.Headers.Location!.AbsoluteUri);
        await AssertFetchedAsync(viewer.Session, 0);
    }

    [Fact]
    public async Task H4_a_session_past_its_lifetime_and_one_from_the_future_play_and_count_nothing()
    {
        var clock = new SettableClock(DateTimeOffset.UtcNow);
        await using var timed = await GatewayHost.StartAsync(origin, Settings(), services => services.AddSingleton<TimeProvider>(clock));
        using var api = timed.Api();
        var viewer = await Viewer.StartAsync(timed.Client);
        await viewer.FetchAsync(0);
        await AssertFetchedAsync(api, viewer.Session, 1);

        clock.Now += TimeSpan.FromHours(24.1);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(1));
        clock.Now -= TimeSpan.FromHours(24.1 + 3);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(2));
        clock.Now += TimeSpan.FromHours(3);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(3));
        await AssertFetchedAsync(api, viewer.Session, 2);
    }

    [Fact]
    public async Task Keys_are_rotated_without_losing_a_session_and_a_removed_key_verifies_nothing()
    {
        using var data = new TemporaryFolder();
        Viewer viewer;
        await using (var before = await GatewayHost.StartAsync(origin, Settings(OldKey), dataDirectory: data.Path))
        {
            viewer = await Viewer.StartAsync(before.Client);
            Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(0));
        }
        await using (var overlap = await GatewayHost.StartAsync(origin, Settings(NewKey, OldKey), dataDirectory: data.Path))
        {
            using var same = await overlap.Client.GetAsync(viewer.Segments[1].PathAndQuery);
            Assert.Equal(HttpStatusCode.Found, same.StatusCode);
            using var api = overlap.Api();
            await AssertFetchedAsync(api, viewer.Session, 2);
            var newer = await Viewer.StartAsync(overlap.Client);
            Assert.NotEqual(Signature(viewer.Segments[0]), Signature(newer.Segments[0]));
        }
        await using (var after = await GatewayHost.StartAsync(origin, Settings(NewKey), dataDirectory: data.Path))
        {
            using var removed = await after.Client.GetAsync(viewer.Segments[2].PathAndQuery);
            Assert.Equal(HttpStatusCode.Found, removed.StatusCode);
            using var api = after.Api();
            await AssertFetchedAsync(api, viewer.Session, 2);
        }
    }

    private static Dictionary<string, string> Settings(params string[] keys)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" };
        for (var i = 0; i < keys.Length; i++) settings[string.Create(CultureInfo.InvariantCulture, $"Gateway:Sessions:Keys:{i}")] = keys[i];
        return settings;
    }

    private static string Signature(Uri segment) => segment.Query[(segment.Query.LastIndexOf("&s=", StringComparison.Ordinal) + 3)..];

    private async Task AssertFetchedAsync(string session, int segments)
    {
        using var api = host.Api();
        await AssertFetchedAsync(api, session, segments);
    }

    private static async Task AssertFetchedAsync(HttpClient api, string session, int segments)
    {
        JsonElement? report = null;
        try
        {
            // More than expected would be wrong at once; less may still be on its way into the tables.
            await Eventually.IsTrueAsync(async () =>
            {
                report = await Viewer.ReportAsync(api, session);
                return report?.GetProperty("segments_fetched").GetInt64() == segments;
            }, $"{segments} segments counted");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{segments} segments expected, the API tells {report?.GetRawText() ?? "of no such session"}");
        }
        Assert.Equal(segments * 4.0, report!.Value.GetProperty("watch_seconds").GetDouble());
    }

    private sealed class SettableClock(DateTimeOffset start) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
