using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json;
using HlsGateway.Playback;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Playback;

/// <summary>Event reports of players (CMCD version 2) over HTTP: what is taken, what is not, and that nobody is disturbed by any of it.</summary>
public sealed class ReportTests : IAsyncLifetime, IDisposable
{
    private readonly Dictionary<string, long> outcomes = new(StringComparer.Ordinal);
    private LoopbackOrigin origin = null!;
    private GatewayHost gateway = null!;
    private readonly MeterListener meters = new();

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", 15);
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" });
        var mine = gateway.Services.GetRequiredService<IMeterFactory>();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "hlsgateway.reports" && instrument.Meter.Scope == mine) listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((_, lines, tags, _) =>
        {
            lock (outcomes) outcomes[(string)tags[0].Value!] = outcomes.GetValueOrDefault((string)tags[0].Value!) + lines;
        });
        meters.Start();
    }

    public void Dispose() => meters.Dispose();

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("~cmcd", "application/cmcd")]
    [InlineData("720p/~cmcd", "text/plain;charset=UTF-8")]
    public async Task Reports_are_joined_to_the_session_whose_token_they_carry(string path, string type)
    {
        var viewer = await FetchedAsync();
        await PostAsync(viewer.Session, "cen=\"x-y\",e=ps,pt=0,sid=\"s\",sta=p,ts=1800000000000,v=2\ne=t,mtp=(25000),pt=3000,sid=\"s\",sta=p,ts=1800000003000,v=2\n", path, type);
        await LaterAsync();
        await PostAsync(viewer.Session, "e=ps,pt=3050,sid=\"s\",sta=a,ts=1800000003050,v=2\n", path, type);

        var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
        Assert.InRange(report.GetProperty("watch_seconds_low").GetDouble(), 0.05, 3.05);
        Assert.Equal((12, 3), (report.GetProperty("watch_seconds").GetDouble(), report.GetProperty("segments_fetched").GetInt32()));
        Assert.Equal(
            [("e=ps,pt=0,sid=\"s\",sta=p,ts=1800000000000", 0), ("e=t,pt=3000,sid=\"s\",sta=p,ts=1800000003000", 3), ("e=ps,pt=3050,sid=\"s\",sta=a,ts=1800000003050", 3.05)],
            report.GetProperty("trace").EnumerateArray().Where(entry => entry.GetProperty("rule").GetString() == "report")
                .Select(entry => (entry.GetProperty("cmcd").GetString(), entry.GetProperty("start_seconds").GetDouble())));
        Assert.Equal("s", report.GetProperty("cmcd").GetProperty("sid").GetString());
        Assert.Equal(3, Outcome("kept"));
    }

    [Theory]
    [InlineData(TrailerPlacement.Behind, 7.0)]
    [InlineData(TrailerPlacement.Before, 2.0)]
    [InlineData(TrailerPlacement.InterstitialBehind, 7.0)]
    [InlineData(TrailerPlacement.InterstitialBefore, null)]
    internal async Task A_playhead_is_told_on_the_content_s_own_timeline_wherever_the_trailer_stands(TrailerPlacement placement, double? seconds)
    {
        const uint trailer = 0x0badcafe;
        gateway.Services.GetRequiredService<TrailerLibrary>().Add(new TrailerVersion("intro", trailer, new TrailerSource("sha", 1, 5000, true, DateTimeOffset.UnixEpoch), FrozenDictionary<string, TrailerCopy>.Empty));
        var token = Token(now => SessionToken.Begin("v", trailer, now, placement: placement));
        using var segment = await gateway.Client.GetAsync(new Uri(gateway.Address, $"watch/v/720p/video0.ts?session_id={token}"));
        await PostAsync(token, "e=t,pt=7000,sta=p,ts=1800000007000\n");
        var report = (await Viewer.ReportAsync(gateway.Api(), token))!.Value;
        Assert.Equal(
            seconds is { } told ? [told] : [],
            report.GetProperty("trace").EnumerateArray().Where(entry => entry.GetProperty("rule").GetString() == "report").Select(entry => entry.GetProperty("start_seconds").GetDouble()));
        Assert.Equal(1, Outcome(seconds is null ? "no_playhead" : "kept"));

        // The trailer's length is known by its version alone.
        await PostAsync(Token(now => SessionToken.Begin("v", 0x0badf00d, now, placement: TrailerPlacement.Before)), "e=t,pt=7000,sta=p,ts=1800000007000\n");
        Assert.Equal(seconds is null ? 2 : 1, Outcome("no_playhead"));
    }

    [Fact]
    public async Task What_cannot_be_read_is_counted_and_disturbs_nothing()
    {
        var viewer = await FetchedAsync();
        await PostAsync(viewer.Session, "e=t,pt=1000,sta=p,ts=1800000001000\n\n\"\ne=,pt=1\n\u0000\u0001\nsta=p\ne=ps,sta=p,ts=1800000001000\ne=t,pt=-4,sta=p,ts=1800000001000\n" + new string('x', 5000));
        await PostAsync(viewer.Session, [0xff, 0xfe, 0x00, 0x0a, 0xc3]);
        await PostAsync(viewer.Session, []);
        Assert.Equal((1, 2), (Outcome("kept"), Outcome("no_playhead")));
        Assert.InRange(Outcome("malformed"), 5, 8);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(3));
        var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
        Assert.Equal((16, 1), (report.GetProperty("watch_seconds").GetDouble(), Reports(report)));
    }

    [Fact]
    public async Task H4_a_token_that_is_forged_another_video_s_or_missing_counts_nothing_and_is_no_error()
    {
        var viewer = await FetchedAsync();
        const string body = "e=ps,pt=0,sta=p,ts=1800000000000\ne=ps,pt=9000,sta=a,ts=1800000009000\n";
        var (expired, preview) = (Token(now => SessionToken.Begin("v", 0, now.AddDays(-3))), Token(now => SessionToken.Begin("v", 0, now, preview: true)));
        foreach (var token in (string[])["", new string('x', SessionToken.Length), new string('A', SessionToken.Length), expired, preview, viewer.Session[..39] + (viewer.Session[39] == 'A' ? 'B' : 'A')])
            await PostAsync(token, body);
        Assert.Equal((0, 6), (Outcome("kept"), Outcome("no_session")));
        foreach (var none in (string[])[expired, preview]) Assert.Null(await Viewer.ReportAsync(gateway.Api(), none));
        Assert.Equal(0, Reports((await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value));
    }

    [Fact]
    public async Task A_body_that_is_too_large_gets_a_clear_answer_and_one_with_too_many_lines_is_cut_off()
    {
        var viewer = await FetchedAsync();
        using var answer = await SendAsync(viewer.Session, new ByteArrayContent(new byte[17 * 1024]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var chunked = await SendAsync(viewer.Session, new StreamContent(new MemoryStream(new byte[17 * 1024])) { Headers = { ContentLength = null } });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
        await PostAsync(viewer.Session, string.Concat(Enumerable.Range(0, 100).Select(i => $"e=t,pt={i},sta=p,ts={1_800_000_000_000 + i}\n")));
        Assert.Equal((2, 1, 64), (Outcome("too_large"), Outcome("too_many"), Outcome("kept")));
    }

    [Fact]
    public async Task One_session_cannot_flood_the_ledger_and_others_go_on()
    {
        var (noisy, quiet) = (await FetchedAsync(), await FetchedAsync());
        var body = string.Concat(Enumerable.Range(0, 64).Select(i => $"e=t,pt={i},sta=p,ts={1_800_000_000_000 + i}\n"));
        for (var i = 0; i < 40; i++) await PostAsync(noisy.Session, body);
        await PostAsync(quiet.Session, "e=t,pt=1,sta=p,ts=1800000000000\n");
        Assert.True(Outcome("limited") > 0, "nothing was limited");
        Assert.Equal((40 * 64) + 1, Outcome("limited") + Outcome("kept"));
        Assert.Equal(1, Reports((await Viewer.ReportAsync(gateway.Api(), quiet.Session))!.Value));
        Assert.Equal(HttpStatusCode.Found, await noisy.FetchAsync(4));
    }

    [Fact]
    public async Task Case_26_reports_never_prove_more_than_was_handed_out()
    {
        var random = new Random(26);
        var viewer = await FetchedAsync();
        for (var round = 0; round < 10; round++)
        {
            await PostAsync(viewer.Session, string.Concat(Enumerable.Range(0, 10).Select(_ =>
                $"e=t,pt={random.Next(60_000)},pr={random.Next(9)},sta={"pak"[random.Next(3)]},ts={1_800_000_000_000 + random.Next(100_000)}\n")));
        }
        var report = (await Viewer.ReportAsync(gateway.Api(), viewer.Session))!.Value;
        Assert.Equal(12, report.GetProperty("watch_seconds").GetDouble());
        Assert.InRange(report.GetProperty("watch_seconds_low").GetDouble(), 0, 12);
    }

    [Fact]
    public async Task H1_pages_elsewhere_may_send_and_other_addresses_take_no_POST()
    {
        var viewer = await FetchedAsync();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Address(viewer.Session, "~cmcd"));
        using var allowed = await gateway.Client.SendAsync(preflight);
        Assert.Equal(("*", "POST, OPTIONS", "*"), (One(allowed, "Access-Control-Allow-Origin"), One(allowed, "Access-Control-Allow-Methods"), One(allowed, "Access-Control-Allow-Headers")));
        using var refused = await gateway.Client.PostAsync(viewer.Segments[0], null);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "*"), (refused.StatusCode, One(refused, "Access-Control-Allow-Origin")));
        using var asked = await gateway.Client.GetAsync(new Uri(gateway.Address, "watch/~cmcd.js"));
        Assert.Equal(("text/javascript", "*"), (asked.Content.Headers.ContentType?.MediaType, One(asked, "Access-Control-Allow-Origin")));
        Assert.Contains("export function cmcd(", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string One(HttpResponseMessage answer, string header) => answer.Headers.GetValues(header).Single();

    private static int Reports(JsonElement session) => session.GetProperty("trace").EnumerateArray().Count(entry => entry.GetProperty("kind").GetString() == "report");

    private long Outcome(string name)
    {
        lock (outcomes) return outcomes.GetValueOrDefault(name);
    }

    /// <summary>Three segments, at once.</summary>
    private async Task<Viewer> FetchedAsync()
    {
        var viewer = await Viewer.StartAsync(gateway.Client);
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(i));
        return viewer;
    }

    /// <summary>Waits until the gateway's own clock is 50 ms on: so much a report can prove.</summary>
    private static async Task LaterAsync()
    {
        var begin = DateTimeOffset.UtcNow;
        await Eventually.IsTrueAsync(() => Task.FromResult(DateTimeOffset.UtcNow - begin > TimeSpan.FromMilliseconds(50)), "time to pass");
    }

    private string Token(Func<DateTimeOffset, SessionToken> begin)
    {
        var text = new byte[SessionToken.Length];
        begin(DateTimeOffset.UtcNow).Write(gateway.Services.GetRequiredService<SigningKeys>(), "v", text);
        return Encoding.ASCII.GetString(text);
    }

    private Uri Address(string session, string path) => new(gateway.Address, $"watch/v/{path}{(session.Length == 0 ? "" : $"?session_id={session}")}");

    private Task PostAsync(string session, string body, string path = "~cmcd", string type = "text/plain") => PostAsync(session, Encoding.UTF8.GetBytes(body), path, type);

    private async Task PostAsync(string session, byte[] body, string path = "~cmcd", string type = "text/plain")
    {
        using var content = new ByteArrayContent(body) { Headers = { { "Content-Type", type } } };
        using var answer = await SendAsync(session, content, path);
        Assert.Equal((HttpStatusCode.NoContent, "*", "no-store"), (answer.StatusCode, One(answer, "Access-Control-Allow-Origin"), answer.Headers.CacheControl?.ToString()));
    }

    private async Task<HttpResponseMessage> SendAsync(string session, HttpContent content, string path = "~cmcd")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(session, path)) { Content = content };
        return await gateway.Client.SendAsync(request);
    }
}
