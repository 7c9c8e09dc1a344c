using System.Net;
using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>However many viewers meet a trouble, and whatever strangers send, the log tells it in a few lines.</summary>
public sealed class LogFloodTests : IAsyncLifetime, IDisposable
{
    private const int Viewers = 120;

    private readonly LogLines log = new();
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Origin:FreshFor"] = "00:00:00",
            ["Gateway:Origin:RetryAfter"] = "00:00:00",
            ["Gateway:Origin:RevalidationPatience"] = "00:00:30",
            ["Gateway:Origin:Timeout"] = "00:01:00",
        }, log.AddTo);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    public void Dispose() => log.Dispose();

    [Theory]
    [InlineData("500")]
    [InlineData("reset")]
    [InlineData("html")]
    public async Task An_origin_that_is_away_is_told_when_that_begins_and_when_it_ends_and_not_to_each_viewer(string fault)
    {
        var viewer = await Viewer.StartAsync(host.Client);
        origin.AnswerEverything(fault switch { "500" => Faults.Status(500), "reset" => Faults.Reset, _ => Faults.Html });
        await EachAsync(_ => GetAsync("/watch/v/playlist.m3u8"), HttpStatusCode.OK);
        // Of the playlist that all ask for; what else is looked at in the background may have a line of its own.
        Assert.Equal(1, Told(1003));
        Assert.InRange(log.Troubles.Count, 1, Viewers / 10);
        origin.Recover();
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/watch/v/playlist.m3u8"));
        Assert.Equal(1, Told(1006));
        Assert.NotEmpty(viewer.Segments);
    }

    [Fact]
    public async Task Made_up_names_and_files_that_pass_through_write_a_line_now_and_then_while_an_origin_is_away()
    {
        origin.AnswerEverything(Faults.Reset);
        await EachAsync(i => GetAsync($"/watch/v/poster{i}.jpg"), HttpStatusCode.BadGateway);
        await EachAsync(i => GetAsync($"/watch/made-up-{i}/playlist.m3u8"), HttpStatusCode.BadGateway);
        // One at once, and one each ten seconds of each kind at most: a slow machine may need minutes for these.
        Assert.InRange(log.Troubles.Count, 2, Viewers / 2);
    }

    [Fact]
    public async Task Bodies_that_no_client_should_send_and_health_that_is_asked_for_often_write_no_line_each()
    {
        var session = (await Viewer.StartAsync(host.Client)).Session;
        var before = log.Troubles.Count;
        for (var i = 0; i < 30; i++)
            await RawHttp.SendAsync(host.Address, $"POST /watch/v/~cmcd?session_id={session} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", TimeSpan.FromSeconds(60));
        using var api = host.Api();
        for (var i = 0; i < 30; i++)
        {
            using var refused = await api.PutAsync(new Uri("/api/trailers/active", UriKind.Relative), new StringContent("{", Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        await EachAsync(_ => GetAsync($"/watch/v/720p/video0.ts?session_id={new string('B', 40)}&duration=4&t=0&s=AAAAAAAAAAA"), HttpStatusCode.Found);
        // Kestrel may have a line of its own on a machine that stands still.
        Assert.InRange(log.Troubles.Count - before, 0, 10);
    }

    private int Told(int id) => log.Lines.Count(line => line.Id == id && line.Text.Contains("/v/playlist.m3u8", StringComparison.Ordinal));

    private async Task EachAsync(Func<int, Task<HttpStatusCode>> ask, HttpStatusCode expected) =>
        Assert.All(await Task.WhenAll(Enumerable.Range(0, Viewers).Select(ask)), status => Assert.Equal(expected, status));

    private async Task<HttpStatusCode> GetAsync(string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }
}
