using System.Net;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hostile;

/// <summary>Many ask for what nobody has yet: one fetch for all, and nobody's leaving takes it from the others.</summary>
public sealed class StampedeTests : IAsyncLifetime
{
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        origin.Answer("v/playlist.m3u8", async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(SampleVideo.Master, context.RequestAborted);
        });
        // However long a thousand connections take: what was fetched stays fresh, and what failed is not tried again.
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Origin:Timeout"] = "00:01:00",
            ["Gateway:Origin:FreshFor"] = "01:00:00",
            ["Gateway:Origin:RetryAfter"] = "00:01:00",
        });
    }

    public async Task DisposeAsync()
    {
        release.TrySetResult();
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task Ten_thousand_cold_waiters_cost_the_origin_one_fetch()
    {
        var playlists = host.Services.GetRequiredService<PlaylistOrigin>();
        var waiting = Enumerable.Range(0, 10_000).Select(_ => playlists.GetAsync(new(OriginKind.Cluster, "v/playlist.m3u8"), default).AsTask()).ToArray();
        await Eventually.IsTrueAsync(() => origin.Count("v/playlist.m3u8") == 1, "the one fetch");
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        release.SetResult();
        var answers = await Task.WhenAll(waiting);
        Assert.All(answers, answer => Assert.NotNull(answer.Playlist));
        Assert.Equal(1, origin.Count("v/playlist.m3u8"));
    }

    [Fact]
    public async Task A_thousand_cold_viewers_over_http_cost_the_origin_one_fetch_and_get_a_session_each()
    {
        var waiting = Enumerable.Range(0, 1000).Select(_ => host.Client.GetStringAsync(Master)).ToArray();
        await Eventually.IsTrueAsync(() => origin.Count("v/playlist.m3u8") == 1, "the one fetch");
        release.SetResult();
        var masters = await Task.WhenAll(waiting);
        Assert.Equal(1, origin.Count("v/playlist.m3u8"));
        Assert.Equal(1000, masters.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_fetch_that_fails_does_not_make_the_waiters_queue_for_another_each()
    {
        origin.Answer("broken/playlist.m3u8", async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            context.Response.StatusCode = 500;
        });
        var waiting = Enumerable.Range(0, 200).Select(_ => host.Client.GetAsync(new Uri("watch/broken/playlist.m3u8", UriKind.Relative))).ToArray();
        await Eventually.IsTrueAsync(() => origin.Count("broken/playlist.m3u8") == 1, "the one fetch");
        release.SetResult();
        Assert.All(await Task.WhenAll(waiting), response => Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode));
        Assert.Equal(1, origin.Count("broken/playlist.m3u8"));
    }

    [Fact]
    public async Task The_first_to_ask_may_leave_and_the_others_are_served()
    {
        using var leader = new CancellationTokenSource();
        var first = host.Client.GetAsync(Master, leader.Token);
        await Eventually.IsTrueAsync(() => origin.Count("v/playlist.m3u8") == 1, "the fetch of the first");
        using var other = new CancellationTokenSource();
        var second = host.Client.GetAsync(Master, other.Token);
        var third = host.Client.GetAsync(Master);
        await leader.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await other.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        release.SetResult();
        using var served = await third;
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.Equal(1, origin.Count("v/playlist.m3u8"));
    }

    /// <summary>Over HTTP/2, so that thousands wait at once on fifty connections. 10,000 with SOAK=1.</summary>
    [Fact]
    public async Task Case_18_thousands_of_cold_viewers_at_once_cost_the_origin_one_fetch_of_each_playlist()
    {
        var viewers = Soak.Of(5_000, 10_000);
        var asked = new CountedRequests("/playlist.m3u8");
        await using var two = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Kestrel:EndpointDefaults:Protocols"] = "Http2",
            ["Gateway:Origin:Timeout"] = "00:02:00",
            ["Gateway:Origin:FreshFor"] = "01:00:00",
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
        }, services => services.AddSingleton<IStartupFilter>(asked));
        origin.Serve("v/720p/video.m3u8", SampleVideo.Media(5));
        using var client = Http2Clients.New(two.Address);

        var waiting = Enumerable.Range(0, viewers).Select(_ => client.GetStringAsync(Master)).ToArray();
        await Eventually.IsTrueAsync(() => asked.Begun == viewers, () => $"{asked.Begun} of {viewers} wait", TimeSpan.FromMinutes(3));
        Assert.Equal(1, origin.Count("v/playlist.m3u8"));
        Assert.All(waiting, one => Assert.False(one.IsCompleted));
        release.SetResult();
        var sessions = (await Task.WhenAll(waiting)).Select(master => Viewer.Uris(master).Single()).ToArray();
        Assert.Equal(viewers, sessions.Distinct(StringComparer.Ordinal).Count());
        var children = await Task.WhenAll(sessions.Select(child => client.GetStringAsync(new Uri($"watch/v/{child}", UriKind.Relative))));
        Assert.All(children, child => Assert.Equal(5, Viewer.Uris(child).Count()));
        Assert.Equal((1, 1), (origin.Count("v/playlist.m3u8"), origin.Count("v/720p/video.m3u8")));
        Figures.Say("18", $"{viewers:N0} viewers wait at once for a video that nobody has asked for: {origin.Count("v/playlist.m3u8")} fetch of its Master Playlist, {origin.Count("v/720p/video.m3u8")} of its Media Playlist");
    }

    /// <summary>Requests that have come to the program, answered or not.</summary>
    private sealed class CountedRequests(string ending) : IStartupFilter
    {
        private int begun;

        public int Begun => Volatile.Read(ref begun);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                if (context.Request.Path.Value?.EndsWith(ending, StringComparison.Ordinal) is true) Interlocked.Increment(ref begun);
                return rest(context);
            });
            next(app);
        };
    }

    private static Uri Master { get; } = new("watch/v/playlist.m3u8", UriKind.Relative);
}
