using System.Collections.Concurrent;
using System.Net;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Deploy;

/// <summary>
/// Gateways that come and go behind the nginx that ships, while viewers play: nobody is refused and each request is counted once. Three gateways, of which
/// one is restarted; five, each of them restarted, where SOAK=1.
/// </summary>
[Collection("ledger-postgres")]
public sealed class RollingRestartTests(LedgerPostgres postgres, ITestOutputHelper output)
{
    private const int Viewers = 8;
    private const int Segments = 12;

    private readonly ConcurrentDictionary<string, int> told = new(StringComparer.Ordinal);

    [Fact]
    public async Task Gateways_restarted_added_and_removed_under_load_refuse_nobody_and_count_each_request_once()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", Segments);
        using var folder = new TemporaryFolder();
        string DataOf(int number) => Path.Combine(folder.Path, $"{number}");
        Task<ChildGateway> StartAsync(int number, int? port = null) => ChildGateway.StartAtAsync(port, DataOf(number), origin.Address, $"--ConnectionStrings:Ledger={database}",
            "--Gateway:Sessions:Keys:0=a-key-that-all-gateways-share-here", "--Ledger:CommitTimeout=00:00:10", "--Gateway:KnownProxies:0=127.0.0.1", "--Gateway:StopDelay=00:00:00.500");
        var count = Soak.Of(2, 5);
        var gateways = (await Task.WhenAll(Enumerable.Range(0, count).Select(number => StartAsync(number)))).ToList();
        try
        {
            using var balancer = new Balancer(gateways.Select(gateway => gateway.Address));
            await balancer.StartedAsync();
            using var stop = new CancellationTokenSource();
            var viewers = Enumerable.Range(0, Viewers).Select(_ => PlayAsync(balancer, stop.Token)).ToList();
            async Task UnlessRefusedAsync(Task step)
            {
                // A viewer that was refused has ended with the reason.
                var first = await Task.WhenAny([step, .. viewers]);
                await first;
                await step;
            }

            for (var number = 0; number < Soak.Of(1, 5); number++)
            {
                await UnlessRefusedAsync(balancer.AnsweredByAsync(gateways[number].Address));
                await LeaveAsync(gateways[number]);
                gateways[number] = await StartAsync(number, gateways[number].Address.Port);
                await UnlessRefusedAsync(balancer.AnsweredByAsync(gateways[number].Address));
            }

            gateways.Add(await StartAsync(count));
            await balancer.ChangeAsync(gateways.Select(gateway => gateway.Address));
            await UnlessRefusedAsync(balancer.AnsweredByAsync(gateways[^1].Address));

            await balancer.ChangeAsync(gateways.Skip(1).Select(gateway => gateway.Address));
            await LeaveAsync(gateways[0]);
            await UnlessRefusedAsync(balancer.AnsweredByAsync(gateways[^1].Address));

            await stop.CancelAsync();
            await Task.WhenAll(viewers);
            var requests = balancer.Requests;
            Assert.All(requests, request => Assert.True(request.Status is 200 or 302, $"{request.Status} from {string.Join(", ", request.Gateways)}"));
            output.WriteLine($"{told.Count} sessions, {told.Values.Sum()} segments, {requests.Count(request => request.Gateways.Length > 1)} requests that went to a second gateway");
        }
        finally
        {
            foreach (var gateway in gateways) gateway.Dispose();
        }

        // What a gateway could not move to PostgreSQL before its end is in its outbox.
        for (var number = 0; number <= count; number++)
        {
            await using var last = new TestLedger(DataOf(number), postgres: database);
            await Eventually.IsTrueAsync(() => last.Outbox.Progress is { Trouble: null } progress && progress.Merged == progress.Committed && last.Scalar("SELECT count(*) FROM batch") == 0, "the outbox is empty");
            Assert.Equal(0, last.Outbox.Lost);
        }
        Assert.Equal(told.Values.Sum(), await LedgerPostgres.ScalarAsync(database, "SELECT sum(segments_fetched) FROM counting.session"));
        Assert.Equal(told.Count, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM counting.session WHERE started = 1"));
        Assert.Equal(told.Count, await LedgerPostgres.ScalarAsync(database, $"SELECT count(*) FROM counting.session WHERE segments_fetched = {Segments} AND watch_ms = {Segments * 4000}"));
        Assert.Equal(told.Values.Sum() + told.Count, await LedgerPostgres.ScalarAsync(database, "SELECT sum(hits) FROM counting.trace"));
        Assert.Equal(0, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(requests), 0) FROM counting.anonymous"));
        Assert.True(await LedgerPostgres.ScalarAsync(database, "SELECT count(DISTINCT gateway_id) FROM counting.ledger_source") == count + 1, "a gateway counted nothing");
    }

    private static async Task LeaveAsync(ChildGateway gateway)
    {
        await gateway.TerminateAsync();
        Assert.Equal(0, await gateway.EndedAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>One session after the other, each watched to its end.</summary>
    private async Task PlayAsync(Balancer balancer, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var player = balancer.NewPlayer();
            var viewer = await Viewer.StartAsync(player);
            for (var segment = 0; segment < Segments; segment++)
            {
                Assert.Equal(HttpStatusCode.Redirect, await viewer.FetchAsync(segment));
                told.AddOrUpdate(viewer.Session, 1, (_, before) => before + 1);
            }
        }
    }
}
