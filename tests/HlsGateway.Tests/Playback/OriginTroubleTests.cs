using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>An origin that cannot be reached is told with its reason: to viewers in fixed words, to the operator with what the system said.</summary>
public sealed class OriginTroubleTests
{
    [Theory]
    [InlineData("http://127.0.0.1:1/", "it refuses the connection", "Connection refused")]
    [InlineData("http://no-such-host.invalid/", "its name cannot be resolved (DNS)", "no-such-host.invalid")]
    public async Task A_viewer_reads_why_without_names_and_the_operator_with_them(string address, string words, string detail)
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = address });
        await ToldAsync(host, words, detail, address);
    }

    [Fact]
    public async Task An_origin_that_speaks_no_tls_is_told_so()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        var address = $"https://{origin.Address.Authority}/";
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = address });
        await ToldAsync(host, "no secure connection could be made (TLS)", "TLS", address);
    }

    [Fact]
    public async Task A_status_of_trouble_shows_in_health_until_the_origin_answers_again()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.AnswerEverything(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var host = await GatewayHost.StartAsync(origin);
        Assert.Equal(("degraded", "d1: it answers 503"), await OriginAsync(host));
        origin.Recover();
        origin.Serve("other/playlist.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        using var playlist = await host.Client.GetAsync(new Uri("/watch/other/playlist.m3u8", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, playlist.StatusCode);
        await Eventually.IsTrueAsync(async () => await OriginAsync(host) == ("healthy", ""), "the origin is healthy again");
    }

    [Fact]
    public async Task An_origin_with_one_destination_that_answers_is_healthy_and_the_other_is_named()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["ReverseProxy:Clusters:origin:Destinations:d2:Address"] = "http://127.0.0.1:1/" });
        var (status, detail) = await OriginAsync(host);
        Assert.Equal("healthy", status);
        Assert.StartsWith("d2: it refuses the connection", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trouble_of_a_destination_is_one_line_when_it_begins_and_one_when_it_ends()
    {
        var log = new LogLines();
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.AnswerEverything(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var host = await GatewayHost.StartAsync(origin, configure: log.AddTo);
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.BadGateway, (await PlaylistAsync(host, $"v{i}")).Status);
        Assert.Equal((1, 0), (log.Count(1009), log.Count(1010)));
        Assert.Contains($"Destination d1 of the origin ({origin.Address.Authority}) is down: it answers 503", Assert.Single(log.Troubles, line => line.Id == 1009).Text, StringComparison.Ordinal);

        origin.Recover();
        for (var i = 0; i < 3; i++)
        {
            origin.Serve($"w{i}/playlist.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
            Assert.Equal(HttpStatusCode.OK, (await PlaylistAsync(host, $"w{i}")).Status);
        }

        Assert.Equal((1, 1), (log.Count(1009), log.Count(1010)));
    }

    [Fact]
    public async Task An_origin_that_does_not_answer_in_time_is_told_so()
    {
        var log = new LogLines();
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.AnswerEverything(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var host = await GatewayHost.StartAsync(
            origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Origin:Timeout"] = "00:00:01" }, configure: log.AddTo);
        var (status, problem) = await PlaylistAsync(host, "clip");
        Assert.Equal(HttpStatusCode.GatewayTimeout, status);
        Assert.Contains("The origin did not answer /clip/playlist.m3u8 within 1 s.", problem, StringComparison.Ordinal);
        Assert.Contains("is down: no whole answer within 1 s", Assert.Single(log.Troubles, line => line.Id == 1009).Text, StringComparison.Ordinal);
        // Health keeps what the viewer's request told, or asks itself and waits for less time.
        var (health, detail) = await OriginAsync(host);
        Assert.Equal("degraded", health);
        Assert.StartsWith("d1: no whole answer within ", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poster_of_an_origin_that_is_away_is_refused_with_the_reason_and_no_name()
    {
        await using var host = await GatewayHost.StartAsync(
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = "http://no-such-host.invalid/" });
        using var poster = await host.Client.GetAsync(new Uri("/watch/clip/poster.jpg", UriKind.Relative));
        var problem = await poster.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadGateway, poster.StatusCode);
        Assert.Contains("The origin could not be reached for this file: its name cannot be resolved (DNS).", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("no-such-host", problem, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> PlaylistAsync(GatewayHost host, string video)
    {
        using var answer = await host.Client.GetAsync(new Uri($"/watch/{video}/playlist.m3u8", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task ToldAsync(GatewayHost host, string words, string detail, string address)
    {
        // Before the first viewer.
        var (status, told) = await OriginAsync(host);
        Assert.Equal("degraded", status);
        Assert.StartsWith($"d1: {words}", told, StringComparison.Ordinal);
        Assert.Contains(detail, told, StringComparison.Ordinal);
        using var playlist = await host.Client.GetAsync(new Uri("/watch/clip/playlist.m3u8", UriKind.Relative));
        var problem = await playlist.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadGateway, playlist.StatusCode);
        Assert.Contains($"The origin could not be reached for /clip/playlist.m3u8: {words}.", problem, StringComparison.Ordinal);
        // A stranger learns no name of a machine.
        Assert.DoesNotContain(new Uri(address).Host, problem.Replace(host.Address.AbsoluteUri, "", StringComparison.Ordinal), StringComparison.Ordinal);
        var open = await host.Client.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative));
        Assert.DoesNotContain(new Uri(address).Host, open, StringComparison.Ordinal);
        Assert.Contains("No destination of the origin answers", open, StringComparison.Ordinal);
    }

    private static async Task<(string Status, string Detail)> OriginAsync(GatewayHost host)
    {
        using var api = host.Api("analyst");
        var check = default(JsonElement);
        // The checks run at most once a second, and all of them within some seconds.
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await api.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
            check = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("checks").EnumerateArray().FirstOrDefault(one => one.GetProperty("name").GetString() == "origin");
            return check.ValueKind == JsonValueKind.Object;
        }, "the check of the origin answers");
        return (check.GetProperty("status").GetString()!, check.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data.GetProperty("detail").GetString()! : "");
    }
}
