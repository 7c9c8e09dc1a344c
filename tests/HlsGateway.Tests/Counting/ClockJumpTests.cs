using System.Collections.Concurrent;
using System.Net;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>Case 14: the machine's clock is set while viewers play. Timers go by another clock, as the kernel's do.</summary>
public sealed class ClockJumpTests
{
    private const int Segments = 5;

    /// <summary>Back by less than two hours, on by less than a day: what a session survives.</summary>
    private static readonly double[] Hours = [0.5, 0, -1, 0, 0.5, 12, 11, 12, 10.5, 22, 21];

    [Fact]
    public async Task Case_14_the_clock_jumps_forth_and_back_under_load_and_each_session_is_counted_as_it_played()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", Segments);
        var clock = new AheadClock();
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/" }, services => services.AddSingleton<TimeProvider>(clock));
        using var api = host.Api();
        var done = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var finished = new int[6];
        var load = Enumerable.Range(0, finished.Length).Select(own => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var viewer = await Viewer.StartAsync(host.Client);
                for (var segment = 0; segment < Segments; segment++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(segment));
                done.Enqueue(viewer.Session);
                Interlocked.Increment(ref finished[own]);
            }
        })).ToArray();
        var jumps = 0;
        for (var round = 0; round < Soak.Of(1, 50); round++)
        {
            foreach (var hours in Hours)
            {
                clock.Ahead = TimeSpan.FromHours((22 * round) + hours);
                jumps++;
                // Whoever played while the clock jumped has ended, so that no session meets two jumps.
                var before = finished.ToArray();
                await Eventually.IsTrueAsync(() => load.Any(one => one.IsFaulted) || finished.Zip(before).All(pair => pair.First >= pair.Second + 2), "two sessions of each viewer");
            }
        }

        // A day on: who was there before plays and is counted apart, who comes now is counted.
        var former = await Viewer.StartAsync(host.Client);
        for (var segment = 0; segment < 2; segment++) Assert.Equal(HttpStatusCode.Found, await former.FetchAsync(segment));
        await stop.CancelAsync();
        await Task.WhenAll(load);
        clock.Ahead += TimeSpan.FromHours(30);
        for (var segment = 2; segment < Segments; segment++) Assert.Equal(HttpStatusCode.Found, await former.FetchAsync(segment));
        var latter = await Viewer.StartAsync(host.Client);
        for (var segment = 0; segment < Segments; segment++) Assert.Equal(HttpStatusCode.Found, await latter.FetchAsync(segment));

        await CountedAsync(latter.Session, Segments);
        await CountedAsync(former.Session, 2);
        var sessions = done.ToArray();
        foreach (var session in sessions) await CountedAsync(session, Segments);
        Assert.Equal(sessions.Length, sessions.Distinct(StringComparer.Ordinal).Count());
        Figures.Say("14", $"{jumps} jumps of the clock of up to an hour and a half back and twelve hours on, under load, {sessions.Length:N0} sessions: each counted as it played; one that a jump of a day and a quarter ended plays on and counts nothing further");

        async Task CountedAsync(string session, int fetched)
        {
            // A report waits for all that was asked for before it.
            var report = await Viewer.ReportAsync(api, session);
            Assert.Equal((session, fetched, fetched * 4.0), (session, report?.GetProperty("segments_fetched").GetInt32(), report?.GetProperty("watch_seconds").GetDouble()));
        }
    }
}
