using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Telemetry;

/// <summary>A gateway that was told to stop, and has not stopped yet.</summary>
public sealed class DepartureTests
{
    [Fact]
    public async Task Told_to_stop_it_is_not_ready_and_serves_on_with_each_answer_the_last_of_its_connection()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var host = await GatewayHost.StartAsync(origin);
        await host.ReadyAsync();
        var viewer = await Viewer.StartAsync(host.Client);
        // The second is the fast lane's.
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(0));

        await host.Services.GetRequiredService<Departure>().StoppingAsync(CancellationToken.None);

        using (var ready = await host.Client.GetAsync(new Uri("/healthz/ready", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Equal("stopping", (await ready.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks")[0].GetProperty("name").GetString());
        }
        string[] targets = [viewer.Segments[0].PathAndQuery, "/watch/v/playlist.m3u8", "/healthz/live", "/watch/v/none.m3u8"];
        foreach (var target in targets)
        {
            var (text, closed) = await RawHttp.SendAsync(host.Address, $"GET {target} HTTP/1.1\r\nHost: {host.Address.Authority}\r\n\r\n", TimeSpan.FromSeconds(60));
            Assert.Contains("\r\nConnection: close\r\n", text, StringComparison.Ordinal);
            Assert.True(closed, target);
        }
        using var api = host.Api();
        Assert.Equal(3, (await Viewer.ReportAsync(api, viewer.Session))!.Value.GetProperty("segments_fetched").GetInt32());
    }

    [Fact]
    public async Task A_client_that_listens_to_events_does_not_keep_it_from_ending()
    {
        await using var host = await GatewayHost.StartAsync();
        using var api = host.Api();
        using var events = await api.GetAsync(new Uri("/api/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);
        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());

        await host.Services.GetRequiredService<Departure>().StoppingAsync(CancellationToken.None);

        // To its end, which is one that a browser takes for an end and not for a fault.
        await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }
}
