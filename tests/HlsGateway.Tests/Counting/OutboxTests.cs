using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

public sealed class OutboxTests
{
    [Fact]
    public async Task What_is_answered_true_is_in_the_ledger_when_it_is_opened_again()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        var session = Guid.CreateVersion7();
        await using (var first = new TestLedger(folder))
        {
            for (var i = 0; i < 10; i++)
                Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(session, i)));
        }
        await using (var second = new TestLedger(folder))
        {
            Assert.Equal(10, second.Rows());
            Assert.Equal(10, second.Scalar("SELECT segments_fetched FROM session"));
            Assert.Equal(40_000, second.Scalar("SELECT watch_ms FROM session"));
            Assert.Equal(11, second.Outbox.Progress.Merged);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_process_that_starts_again_goes_on_behind_what_it_merged()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        var session = Guid.CreateVersion7();
        for (var run = 0; run < 3; run++)
        {
            await using var ledger = new TestLedger(folder);
            for (var i = 0; i < 5; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, (run * 5) + i)));
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            // A number is given once: the trace has each.
            Assert.Equal((run + 1) * 5, ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM trace"));
            Assert.Equal((run + 1) * 5, ledger.Scalar("SELECT max(seq + hits - 1) FROM trace"));
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Thousands_at_once_share_commits_and_are_each_counted_once()
    {
        await using var ledger = new TestLedger();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(worker => Task.Run(async () =>
        {
            var durable = 0;
            var session = Guid.CreateVersion7();
            for (var i = 0; i < 200; i++)
                durable += await ledger.Outbox.RecordAsync(TestLedger.Segment(session, i)) ? 1 : 0;
            return durable;
        })));
        Assert.Equal(64 * 200, answers.Sum());
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(64 * 200, ledger.Rows());
        Assert.Equal(64, ledger.Scalar("SELECT count(*) FROM session WHERE segments_fetched = 200 AND watch_ms = 800000"));
        Assert.Equal(0, ledger.Outbox.Lost);
        Assert.Equal(0, ledger.Scalar("SELECT count(*) FROM batch"));
        Assert.Equal(64 * 200, ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM trace"));
    }

    [Fact]
    public async Task A_second_process_is_refused_with_the_pid_and_the_file()
    {
        await using var ledger = new TestLedger();
        var refusal = Assert.Throws<WrongStartException>(() => { _ = new TestLedger(ledger.Folder); });
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ledger.lock", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Single_requests_go_after_their_time_and_sessions_stay()
    {
        var clock = new AheadClock();
        await using var ledger = new TestLedger(options: new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(60), ReportTimeout = TimeSpan.FromSeconds(60), EventRetention = TimeSpan.FromDays(2) }, time: clock);
        var (old, young) = (Guid.CreateVersion7(clock.GetUtcNow()), Guid.CreateVersion7(clock.GetUtcNow().AddDays(1)));
        await Task.WhenAll(Enumerable.Range(0, 2500).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(old, i)).AsTask()));
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(young, 0)));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(2501, ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM trace"));

        clock.Ahead = TimeSpan.FromDays(2) + TimeSpan.FromMinutes(2);
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(young, 1)));
        await Eventually.IsTrueAsync(() => ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM trace") == 2, "only the young session's requests");
        Assert.Equal(2500, ledger.Scalar("SELECT max(segments_fetched) FROM session"));
        Assert.Equal(2502, ledger.Rows());
    }

    [Fact]
    public async Task A_process_that_only_works_leaves_the_ledger_to_the_gateway_beside_it()
    {
        using var data = new TemporaryFolder();
        await using var gateway = await GatewayHost.StartAsync(dataDirectory: data.Path, settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Roles:0"] = "gateway" });
        await using var worker = await GatewayHost.StartAsync(dataDirectory: data.Path, settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Roles:0"] = "worker" });
        using var ready = await worker.Client.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        Assert.True(ready.IsSuccessStatusCode);
        var refusal = await Assert.ThrowsAsync<WrongStartException>(() => GatewayHost.StartAsync(dataDirectory: data.Path));
        Assert.Contains("ledger.lock", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_note_is_in_the_trace_and_adds_nothing()
    {
        await using var ledger = new TestLedger();
        var session = Guid.CreateVersion7();
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 0)));
        ledger.Outbox.Note(TestLedger.Segment(session, 1, rule: HitRule.Head));
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 2)));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(8000, ledger.Scalar("SELECT watch_ms FROM session"));
        Assert.Equal(1, ledger.Scalar("SELECT ignored_head FROM session"));
        Assert.Equal(3, ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM trace"));
    }

    [Fact]
    public async Task Requests_without_a_session_are_counted_apart_and_made_up_videos_make_no_rows()
    {
        await using var ledger = new TestLedger();
        ledger.Outbox.Describe("clip", 20_000);
        for (var i = 0; i < 5; i++)
            Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.Empty, i, rule: HitRule.Anonymous)));
        for (var i = 0; i < 50; i++)
            Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.Empty, 0, video: $"made-up-{i}", rule: HitRule.ForgedSession)));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(0, ledger.Scalar("SELECT count(*) FROM session"));
        Assert.Equal(5, ledger.Scalar("SELECT sum(requests) FROM anonymous WHERE video = 'clip' AND rule = 3"));
        Assert.Equal(50, ledger.Scalar("SELECT sum(requests) FROM anonymous WHERE video = '' AND rule = 5"));
        Assert.Equal(1, ledger.Scalar("SELECT count(DISTINCT video) FROM anonymous WHERE video <> 'clip'"));
    }

    [Fact]
    public async Task A_session_asked_for_under_another_video_gains_nothing()
    {
        await using var ledger = new TestLedger();
        var session = Guid.CreateVersion7();
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 0)));
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 1, video: "other")));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(4000, ledger.Scalar("SELECT watch_ms FROM session"));
        Assert.Equal(1, ledger.Scalar("SELECT sum(requests) FROM anonymous WHERE rule = 5"));
    }
}
