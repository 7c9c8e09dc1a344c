using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Counting;

/// <summary>The real program, real requests, real signals.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>Ten kills; every other round with the default commit timeout, at which viewers may go uncounted and the loss is counted.</summary>
    [Fact]
    public async Task Killed_ten_times_under_load_every_302_that_a_client_received_is_counted_exactly_once()
    {
        await using var origin = await LoadClient.OriginAsync();
        var data = Directory.CreateTempSubdirectory("killed-").FullName;
        var strict = new ConcurrentDictionary<Guid, Tally>();
        var hasty = new ConcurrentDictionary<Guid, Tally>();
        var (kills, cut, lostBefore) = (0, 0, 0L);
        var rates = new List<double>();
        for (var round = 0; round < 10; round++)
        {
            var told = round % 2 == 0 ? strict : hasty;
            using var gateway = await ChildGateway.StartAsync(data, origin.Address, "--Ledger:CommitTimeout=" + (round % 2 == 0 ? "00:00:10" : "00:00:00.050"));
            if (round % 2 == 0) lostBefore -= Losses(data);
            using var stop = new CancellationTokenSource();
            var load = Enumerable.Range(0, 48).Select(_ => Task.Run(() => LoadClient.RunAsync(gateway.Address, told, stop.Token))).ToList();
            var begun = Received(told);
            await Eventually.IsTrueAsync(() => Received(told) >= begun + 500, "the first answers", TimeSpan.FromSeconds(180));
            var (watch, before) = (Stopwatch.StartNew(), Received(told));
            // Somewhere within the next two thousand answers, at another place each time.
            await Eventually.IsTrueAsync(() => Received(told) >= before + 500 + (round * 197), "the load's answers", TimeSpan.FromSeconds(180));
            rates.Add((Received(told) - before) / watch.Elapsed.TotalSeconds);
            Assert.Equal(137, gateway.Kill());
            await stop.CancelAsync();
            cut += (await Task.WhenAll(load)).Sum();
            kills++;
            if (round % 2 == 0) lostBefore += Losses(data);
            output.WriteLine(FormattableString.Invariant($"round {round}: {rates[^1]:0} requests/s, {(round % 2 == 0 ? "10 s" : "50 ms")} to commit, lost so far {Losses(data)}"));
        }
        Assert.Equal(10, kills);
        Assert.True(cut > 0, "no request was under way when the process was killed");
        Assert.InRange(rates.Order().ElementAt(5), SlowestLoad, double.MaxValue);
        Assert.Equal(0, lostBefore);

        using var last = await ChildGateway.StartAsync(data, origin.Address);
        var counted = await SessionsAsync(last);
        // An answer that was cut off may have been recorded; one that arrived must have been, and once.
        Assert.All(strict, pair => Assert.InRange(counted.GetValueOrDefault(pair.Key), pair.Value.Received, pair.Value.Received + pair.Value.Unanswered));
        // Nothing twice, and what is missing is in the losses.
        Assert.All(hasty, pair => Assert.InRange(counted.GetValueOrDefault(pair.Key), 0, pair.Value.Received + pair.Value.Unanswered));
        last.Kill();
        var missing = hasty.Sum(pair => Math.Max(0, pair.Value.Received - counted.GetValueOrDefault(pair.Key)));
        output.WriteLine($"{Received(strict) + Received(hasty)} redirects received, {missing} of them missing in the ledger, {Losses(data)} counted as lost; median {rates.Order().ElementAt(5):0} requests/s");
        Assert.InRange(missing, 0, Losses(data));
        TemporaryFolder.Delete(data);
    }

    /// <summary>Requests per second below which the test proves nothing. A quiet machine makes more than 2,000.</summary>
    private const double SlowestLoad = 100;

    private static int Received(ConcurrentDictionary<Guid, Tally> told) => told.Values.Sum(tally => tally.Received);

    private static long Losses(string data)
    {
        using var losses = LossTally.Open(Path.Combine(data, "ledger.lost"));
        return losses.Lost + losses.Undecided + losses.Late;
    }

    [Fact]
    public async Task Case_16_told_to_stop_under_load_it_loses_nothing_and_ends_within_5_seconds()
    {
        await using var origin = await LoadClient.OriginAsync();
        // A machine that stands still for seconds makes one round too long, and not three.
        var least = TimeSpan.MaxValue;
        for (var round = 0; round < 3 && least > TimeSpan.FromSeconds(5); round++)
        {
            using var data = new TemporaryFolder();
            var told = new ConcurrentDictionary<Guid, Tally>();
            using (var gateway = await ChildGateway.StartAsync(data.Path, origin.Address, "--Ledger:CommitTimeout=00:00:10"))
            {
                using var stop = new CancellationTokenSource();
                var load = Enumerable.Range(0, 16).Select(_ => Task.Run(() => LoadClient.RunAsync(gateway.Address, told, stop.Token))).ToList();
                await Eventually.IsTrueAsync(() => told.Values.Sum(tally => tally.Received) >= 300, "the load's answers", TimeSpan.FromSeconds(180));
                var took = await gateway.TerminateAsync();
                least = took < least ? took : least;
                await stop.CancelAsync();
                await Task.WhenAll(load);
            }
            using var last = await ChildGateway.StartAsync(data.Path, origin.Address);
            var counted = await SessionsAsync(last);
            Assert.All(told, pair => Assert.InRange(counted.GetValueOrDefault(pair.Key), pair.Value.Received, pair.Value.Received + pair.Value.Unanswered));
        }
        Assert.InRange(least, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Case_7_a_second_process_on_one_ledger_is_refused_and_told_whose_it_is()
    {
        await using var origin = await LoadClient.OriginAsync();
        var data = Directory.CreateTempSubdirectory("held-").FullName;
        using var first = await ChildGateway.StartAsync(data, origin.Address);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ChildGateway.StartAsync(data, origin.Address));
        Assert.Contains($"process {first.Id}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ledger.lock", refusal.Message, StringComparison.Ordinal);
        first.Kill();
        TemporaryFolder.Delete(data);
    }

    [Fact]
    public async Task Killed_once_its_event_reports_were_answered_it_has_them_and_one_sent_again_changes_nothing()
    {
        await using var origin = await LoadClient.OriginAsync();
        var data = Directory.CreateTempSubdirectory("reported-").FullName;
        var (session, address) = ("", "");
        const string Lines = "e=ps,pt=0,sta=p,ts=1800000000000\ne=t,pt=4000,sta=p,ts=1800000004000\n";
        using (var gateway = await ChildGateway.StartAsync(data, origin.Address, "--Ledger:CommitTimeout=00:00:10"))
        {
            using var player = gateway.NewPlayer();
            var viewer = await Viewer.StartAsync(player, "clip");
            (session, address) = (viewer.Session, $"watch/clip/~cmcd?session_id={viewer.Session}");
            for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(i));
            await TellAsync(player);
            Assert.Equal(137, gateway.Kill());
        }

        using var next = await ChildGateway.StartAsync(data, origin.Address, "--Ledger:CommitTimeout=00:00:10");
        using var api = next.NewApi();
        var kept = (await Viewer.ReportAsync(api, session))!.Value;
        Assert.Equal(2, Reports(kept));
        using var again = next.NewPlayer();
        await TellAsync(again);
        var both = (await Viewer.ReportAsync(api, session))!.Value;
        Assert.Equal(4, Reports(both));
        // What a report proves is cut to the time that passed here, and that has gone on.
        Assert.InRange(both.GetProperty("watch_seconds_low").GetDouble(), kept.GetProperty("watch_seconds_low").GetDouble(), 4);
        next.Kill();
        TemporaryFolder.Delete(data);

        async Task TellAsync(HttpClient player)
        {
            using var body = new StringContent(Lines);
            using var answer = await player.PostAsync(new Uri(address, UriKind.Relative), body);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }

        static int Reports(JsonElement session) => session.GetProperty("trace").EnumerateArray().Count(entry => entry.GetProperty("rule").GetString() == "report");
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
}
