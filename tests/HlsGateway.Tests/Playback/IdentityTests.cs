using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>Whose video a request is of, and that nobody but the origin's playlists decides it.</summary>
public sealed class IdentityTests : IAsyncLifetime
{
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example/" });
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task Segments_of_a_video_below_another_count_for_no_session_of_the_upper_one()
    {
        SampleVideo.AddTo(origin, "nest", segments: 2);
        SampleVideo.AddTo(origin, "nest/a", segments: 20);
        var upper = await Viewer.StartAsync(gateway.Client, "nest");
        var lower = await Viewer.StartAsync(gateway.Client, "nest/a");

        foreach (var segment in lower.Segments)
            await RedirectedAsync(segment.AbsoluteUri.Replace(lower.Session, upper.Session, StringComparison.Ordinal));

        Assert.Equal(0, (await SessionAsync(upper.Session)).GetProperty("watch_seconds").GetDouble());
        await upper.FetchAsync(0);
        Assert.Equal(4, (await SessionAsync(upper.Session)).GetProperty("watch_seconds").GetDouble());
    }

    private async Task RedirectedAsync(string uri)
    {
        using var answer = await gateway.Client.GetAsync(new Uri(uri));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    private async Task<JsonElement> SessionAsync(string session)
    {
        using var api = gateway.Api("analyst");
        return (await Viewer.ReportAsync(api, session)) ?? throw new InvalidOperationException("The ledger does not know the session.");
    }
}
