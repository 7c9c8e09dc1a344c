using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>The real program, real requests, real signals.</summary>
public sealed class KillTests
{
    private const int Segments = 20;

    [Fact]
    public async Task Killed_ten_times_under_load_every_302_that_a_client_received_is_counted_exactly_once()
    {
        await using var origin = await OriginAsync();
        var data = Directory.CreateTempSubdirectory("killed-").FullName;
        var told = new ConcurrentDictionary<Guid, Tally>();
        var (kills, cut) = (0, 0);
        var watch = new Stopwatch();
        for (var round = 0; round < 10; round++)
        {
            using var gateway = await ChildGateway.StartAsync(data, origin.Address, "--Ledger:CommitTimeout=00:00:05");
            using var stop = new CancellationTokenSource();
            var before = told.Values.Sum(tally => tally.Received);
            watch.Start();
            var load = Enumerable.Range(0, 32).Select(_ => Task.Run(() => ViewAsync(gateway, told, stop.Token))).ToList();
            // Somewhere within the next few hundred answers, at another place each time.
            var enough = before + 400 + (round * 97);
            await Eventually.IsTrueAsync(() => told.Values.Sum(tally => tally.Received) >= enough, "the load's answers", TimeSpan.FromSeconds(60));
            Assert.Equal(137, gateway.Kill());
            watch.Stop();
            await stop.CancelAsync();
            var broken = await Task.WhenAll(load);
            kills++;
            cut += broken.Sum();
        }
        Assert.Equal(10, kills);
        Assert.True(cut > 0, "no request was under way when the process was killed");

        using var last = await ChildGateway.StartAsync(data, origin.Address);
        var counted = await SessionsAsync(last);
        var received = told.Values.Sum(tally => (long)tally.Received);
        var unanswered = told.Values.Sum(tally => (long)tally.Unanswered);
        Assert.True(received >= 10 * 400);
        foreach (var (session, tally) in told)
        {
            var rows = counted.GetValueOrDefault(session);
            // An answer that was cut off may have been recorded; one that arrived must have been, and once.
            Assert.InRange(rows, tally.Received, tally.Received + tally.Unanswered);
        }
        Assert.InRange(counted.Values.Sum(), received, received + unanswered);
        last.Kill();
        using (var losses = LossTally.Open(Path.Combine(data, "ledger.lost"))) Assert.Equal(0, losses.Lost + losses.Undecided);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Case_16_told_to_stop_under_load_it_loses_nothing_and_ends_within_5_seconds()
    {
        await using var origin = await OriginAsync();
        var data = Directory.CreateTempSubdirectory("stopped-").FullName;
        var told = new ConcurrentDictionary<Guid, Tally>();
        using (var gateway = await ChildGateway.StartAsync(data, origin.Address, "--Ledger:CommitTimeout=00:00:05"))
        {
            using var stop = new CancellationTokenSource();
            var load = Enumerable.Range(0, 16).Select(_ => Task.Run(() => ViewAsync(gateway, told, stop.Token))).ToList();
            await Eventually.IsTrueAsync(() => told.Values.Sum(tally => tally.Received) >= 300, "the load's answers", TimeSpan.FromSeconds(60));
            Assert.InRange(await gateway.TerminateAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }
        using var last = await ChildGateway.StartAsync(data, origin.Address);
        var counted = await SessionsAsync(last);
        Assert.All(told, pair => Assert.InRange(counted.GetValueOrDefault(pair.Key), pair.Value.Received, pair.Value.Received + pair.Value.Unanswered));
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Case_7_a_second_process_on_one_ledger_is_refused_and_told_whose_it_is()
    {
        await using var origin = await OriginAsync();
        var data = Directory.CreateTempSubdirectory("held-").FullName;
        using var first = await ChildGateway.StartAsync(data, origin.Address);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ChildGateway.StartAsync(data, origin.Address));
        Assert.Contains($"process {first.Id}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ledger.lock", refusal.Message, StringComparison.Ordinal);
        first.Kill();
        Directory.Delete(data, recursive: true);
    }

    private sealed class Tally
    {
        public int Received;
        public int Unanswered;
    }

    /// <summary>One viewer after the other, each in a session of its own, until the gateway is gone. Returns the requests that were cut off.</summary>
    private static async Task<int> ViewAsync(ChildGateway gateway, ConcurrentDictionary<Guid, Tally> told, CancellationToken stop)
    {
        using var player = gateway.NewPlayer();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var master = await player.GetStringAsync(new Uri("watch/clip/playlist.m3u8", UriKind.Relative), stop);
                var child = Line(master);
                var media = await player.GetStringAsync(new Uri($"watch/clip/{child}", UriKind.Relative), stop);
                Assert.True(HlsGateway.Analytics.SessionIds.TryParse(child[(child.IndexOf("session_id=", StringComparison.Ordinal) + 11)..][..40], out var session));
                var tally = told.GetOrAdd(session, _ => new Tally());
                foreach (var segment in media.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
                {
                    // Counted as cut off before it is sent, so that a kill in between finds it so.
                    Interlocked.Increment(ref tally.Unanswered);
                    using var answer = await player.GetAsync(new Uri($"watch/clip/720p/{segment}", UriKind.Relative), CancellationToken.None);
                    Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
                    Interlocked.Increment(ref tally.Received);
                    Interlocked.Decrement(ref tally.Unanswered);
                }
            }
            return 0;
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException)
        {
            return 1;
        }
    }

    /// <summary>segments_fetched of each session.</summary>
    private static async Task<Dictionary<Guid, long>> SessionsAsync(ChildGateway gateway)
    {
        using var api = gateway.NewApi();
        var byId = new Dictionary<Guid, long>();
        string? cursor = null;
        do
        {
            var page = JsonDocument.Parse(await api.GetStringAsync(new Uri($"api/sessions?limit=1000{(cursor is null ? "" : $"&cursor={cursor}")}", UriKind.Relative))).RootElement;
            foreach (var session in page.GetProperty("sessions").EnumerateArray())
                byId.Add(session.GetProperty("session_id").GetGuid(), session.GetProperty("segments_fetched").GetInt64());
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        return byId;
    }

    private static string Line(string playlist) => playlist.Split('\n').First(line => line.Length > 0 && line[0] != '#');

    private static async Task<LoopbackOrigin> OriginAsync()
    {
        var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("clip/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=1280x720\n720p/video.m3u8\n");
        var media = new System.Text.StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var i = 0; i < Segments; i++) media.Append(System.Globalization.CultureInfo.InvariantCulture, $"#EXTINF:4.0,\nvideo{i}.ts\n");
        origin.Serve("clip/720p/video.m3u8", media.Append("#EXT-X-ENDLIST\n").ToString());
        return origin;
    }
}
