using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Benchmarks.Load;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Measuring;

/// <summary>The viewers of <c>make load-players</c>, a few of them, who do not wait until a segment has played.</summary>
public sealed class AudienceTests
{
    [Fact]
    public async Task What_each_viewer_received_is_what_its_session_has()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", segments: 40);
        await using var host = await GatewayHost.StartAsync(origin);
        using var api = host.Api("editor");
        using (var captions = await api.PutAsync("api/videos/v/subtitles/en", new StringContent("WEBVTT\n\n00:00:01.000 --> 00:01:02.500\nHello\n")))
            Assert.True(captions.IsSuccessStatusCode, await captions.Content.ReadAsStringAsync());

        var audience = new Audience(host.Address, new(12, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(20), "v", Seed: 3));
        var viewers = await audience.PlayAsync(static () => { }, static () => { });

        Assert.Null(audience.FirstTrouble);
        Assert.Equal((12, 12), (audience.Here, viewers.Select(viewer => viewer.Session).Distinct().Count()));
        Assert.All(viewers, viewer => Assert.InRange(viewer.Segments, 7, int.MaxValue));
        Assert.Contains(viewers, viewer => viewer.Captions > 0);
        using var analyst = host.Api("analyst");
        var segments = viewers.Sum(viewer => (long)viewer.Segments);
        JsonElement[] sessions = [];
        await Eventually.IsTrueAsync(async () =>
        {
            sessions = [.. (await analyst.GetFromJsonAsync<JsonElement>("api/sessions?video=v&limit=100")).GetProperty("sessions").EnumerateArray()];
            return sessions.Sum(session => session.GetProperty("segments_fetched").GetInt64()) >= segments;
        }, "everything is merged");
        Assert.Equal(
            viewers.Select(viewer => (viewer.Session, (long)viewer.Segments)).Order(),
            sessions.Select(session => (session.GetProperty("session_id").GetGuid(), session.GetProperty("segments_fetched").GetInt64())).Order());
        Assert.Equal(viewers.Count(viewer => viewer.Captions > 0), sessions.Count(session => session.GetProperty("captions").GetArrayLength() > 0));
    }
}
