using System.Net;
using HlsGateway.Counting;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>Case 13: the primary is killed and its standby promoted. Two nodes take seconds to make, so these run where SOAK=1.</summary>
public sealed class FailoverTests
{
    private const string Counted = "SELECT coalesce((SELECT sum(segments_fetched) FROM counting.session), 0)";
    private const string Traced = "SELECT coalesce((SELECT sum(hits) FROM counting.trace), 0)";

    [SoakFact]
    public async Task Case_13_with_a_synchronous_standby_nothing_is_lost_or_doubled_when_the_primary_is_killed_under_load()
    {
        await using var servers = await PostgresPair.StartAsync(synchronous: true);
        await using var ledger = new TestLedger(options: new LedgerOptions
        {
            CommitTimeout = TimeSpan.FromSeconds(60),
            EventRetention = TimeSpan.FromDays(3650),
            EmptySessionRetention = TimeSpan.Zero,
            TraceLimit = 10_000_000,
        }, postgres: servers.Both);
        var sessions = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToArray();
        using var stop = new CancellationTokenSource();
        var fetched = new int[sessions.Length];
        var viewers = sessions.Select((session, at) => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, fetched[at]++)));
        })).ToList();
        await Eventually.IsTrueAsync(() => ledger.Outbox.Forwarder!.Forwarded > 500, "some requests are in PostgreSQL");

        await servers.KillPrimaryAsync();
        await servers.PromoteAsync();
        var before = ledger.Outbox.Forwarder!.Forwarded;
        await Eventually.IsTrueAsync(() => ledger.Outbox.Forwarder.Forwarded > before + 500, "the other server takes requests");
        await stop.CancelAsync();
        await Task.WhenAll(viewers);

        await ArrivedAsync(ledger, fetched.Sum());
        Assert.Equal(fetched.Sum(), await LedgerPostgres.ScalarAsync(servers.Standby, Counted));
        Assert.Equal(fetched.Sum(), await LedgerPostgres.ScalarAsync(servers.Standby, Traced));
        for (var at = 0; at < sessions.Length; at++)
            Assert.Equal(fetched[at], await LedgerPostgres.ScalarAsync(servers.Standby, $"SELECT segments_fetched FROM counting.session WHERE session_id = '{sessions[at]}'"));
        Assert.Equal(0, ledger.Outbox.Forwarder.TakenBack);
        Assert.Equal(0, ledger.Outbox.Lost);
    }

    [SoakFact]
    public async Task With_an_asynchronous_standby_what_it_had_not_received_is_missing_and_the_gateway_says_how_much()
    {
        await using var servers = await PostgresPair.StartAsync(synchronous: false);
        await using var ledger = new TestLedger(postgres: servers.Both);
        var session = Guid.CreateVersion7();
        await PlayAsync(0, 100);
        await ArrivedAsync(ledger, 100);
        await Eventually.IsTrueAsync(async () => await LedgerPostgres.ScalarAsync(servers.Standby, Counted) == 100, "the standby has it");
        await servers.StandbyDownAsync();
        await PlayAsync(100, 50);
        await ArrivedAsync(ledger, 150);

        await servers.KillPrimaryAsync();
        await servers.StandbyUpAsync();
        await servers.PromoteAsync();
        await PlayAsync(150, 30);
        await Eventually.IsTrueAsync(() => ledger.Outbox.Forwarder!.TakenBack > 0, "the gateway notices");
        Assert.Equal(50, ledger.Outbox.Forwarder!.TakenBack);
        await ArrivedAsync(ledger, 180);
        // What came after is there once, and so is what came before.
        Assert.Equal(130, await LedgerPostgres.ScalarAsync(servers.Standby, Counted));
        Assert.Equal(130, await LedgerPostgres.ScalarAsync(servers.Standby, Traced));

        async Task PlayAsync(int from, int count)
        {
            for (var i = from; i < from + count; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, i)));
        }
    }

    [SoakFact]
    public async Task A_gateway_with_two_servers_in_its_connection_string_goes_on_at_the_other_with_reports_catalogue_and_notices()
    {
        await using var servers = await PostgresPair.StartAsync(synchronous: true);
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = servers.Both });
        await host.ReadyAsync();
        var notices = host.Services.GetRequiredService<ChangeNotices>();
        await Eventually.IsTrueAsync(() => notices.Listening, "the gateway listens");
        var viewer = await Viewer.StartAsync(host.Client);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(0));

        await servers.KillPrimaryAsync();
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(1));
        await servers.PromoteAsync();

        using var api = host.Api();
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await api.GetAsync(new Uri($"api/sessions/{viewer.Session}", UriKind.Relative));
            return answer.IsSuccessStatusCode && (await Viewer.ReportAsync(api, viewer.Session))!.Value.GetProperty("segments_fetched").GetInt32() == 2;
        }, "the report is there");
        await Eventually.IsTrueAsync(async () =>
        {
            using var catalogue = await api.GetAsync(new Uri("api/videos", UriKind.Relative));
            // A connection may be looked for where the standby was.
            if (catalogue.StatusCode != HttpStatusCode.OK) Assert.Contains("database-away", await catalogue.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            return catalogue.StatusCode == HttpStatusCode.OK;
        }, "the catalogue is there");
        var heard = notices.Heard;
        await Eventually.IsTrueAsync(async () =>
        {
            await LedgerPostgres.ExecuteAsync(servers.Standby, "NOTIFY hlsgateway, 'videos'");
            return notices.Heard > heard;
        }, "notices are heard at the other server");
    }

    private static Task ArrivedAsync(TestLedger ledger, long hits) => Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == hits + 1 && ledger.Outbox.Forwarder!.Trouble is null, () => $"{hits} requests in PostgreSQL; {ledger.Outbox.Forwarder!.Trouble}");
}
