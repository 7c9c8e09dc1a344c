using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>What is in the outbox is in PostgreSQL once, whatever breaks on the way. Each test proves that its fault happened.</summary>
[Collection("ledger-postgres")]
public sealed class ForwarderTests(LedgerPostgres postgres)
{
    private const string Counted = "SELECT coalesce((SELECT sum(segments_fetched) FROM counting.session), 0)";

    [Theory]
    [InlineData((int)ForwardStep.Read)]
    [InlineData((int)ForwardStep.Locked)]
    [InlineData((int)ForwardStep.Copied)]
    [InlineData((int)ForwardStep.Merged)]
    [InlineData((int)ForwardStep.Marked)]
    [InlineData((int)ForwardStep.Committed)]
    public async Task Cases_8_and_9_broken_off_at_any_step_or_with_the_commits_answer_lost_it_goes_on_where_the_mark_stands(int at)
    {
        var database = await postgres.NewDatabaseAsync();
        await using var ledger = new TestLedger(postgres: database);
        var fired = 0;
        ledger.Outbox.Forwarder!.Reached = step => step == (ForwardStep)at && Interlocked.Increment(ref fired) <= 3 ? throw new IOException("broken off") : Task.CompletedTask;
        var session = Guid.CreateVersion7();
        for (var i = 0; i < 200; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, i)), $"request {i} was not recorded; the ledger says: {ledger.Outbox.Progress.Trouble}");
        await ArrivedAsync(ledger, 200);
        // After a commit whose answer was lost there may be nothing left to forward, so one fault can be all there is.
        Assert.True(fired >= 1, "the fault never came");
        Assert.Equal(200, await LedgerPostgres.ScalarAsync(database, Counted));
        Assert.Equal(200, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        Assert.Equal(800_000, await LedgerPostgres.ScalarAsync(database, "SELECT watch_ms FROM counting.session"));
        Assert.Equal(200, await LedgerPostgres.ScalarAsync(database, "SELECT sum(segments_fetched) FROM counting.video_quarter"));
        Assert.Equal(1, await LedgerPostgres.ScalarAsync(database, "SELECT max(upper(watched)) - sum(watch_ms) + 1 FROM counting.session"));
        await Eventually.IsTrueAsync(() => ledger.Scalar("SELECT count(*) FROM batch") == 0, "the outbox is trimmed");
        await Eventually.IsTrueAsync(() => ledger.Outbox.Forwarder.Trouble is null, "the trouble is over");
    }

    [Theory]
    [InlineData((int)ForwardStep.Copied)]
    [InlineData((int)ForwardStep.Committed)]
    public async Task The_next_process_goes_on_where_the_mark_stands(int at)
    {
        var database = await postgres.NewDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        var session = Guid.CreateVersion7();
        var fired = 0;
        await using (var first = new TestLedger(folder, postgres: database))
        {
            first.Outbox.Forwarder!.Reached = step => step == (ForwardStep)at ? throw new IOException($"broken off {Interlocked.Increment(ref fired)}") : Task.CompletedTask;
            for (var i = 0; i < 50; i++) Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(session, i)));
            await Eventually.IsTrueAsync(() => Volatile.Read(ref fired) > 0, "the fault");
        }
        await using (var second = new TestLedger(folder, postgres: database))
        {
            Assert.True(await second.Outbox.RecordAsync(TestLedger.Segment(session, 50)));
            await ArrivedAsync(second, 51);
            Assert.Equal(51, await LedgerPostgres.ScalarAsync(database, Counted));
            Assert.Equal(51, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Case_13_PostgreSQL_crashed_in_the_middle_of_COPY_and_away_for_a_while_loses_nothing_and_keeps_no_viewer()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var ledger = new TestLedger(postgres: database);
        var (begun, down) = (0, 0);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ledger.Outbox.Forwarder!.Reached = async step =>
        {
            if (step != ForwardStep.Copied || Interlocked.Increment(ref begun) is var crash && crash > 2) return;
            // The second crash waits until the start is over: a server killed while it starts is a start that failed.
            if (crash == 2) await up.Task;
            await postgres.CrashAsync();
            Interlocked.Increment(ref down);
        };
        var sessions = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToArray();
        async Task PlayAsync(int from) => Assert.All(await Task.WhenAll(sessions.SelectMany(session => Enumerable.Range(from, 50).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(session, i)).AsTask()))), Assert.True);
        try
        {
            await PlayAsync(0);
            await Eventually.IsTrueAsync(() => Volatile.Read(ref down) == 1 && ledger.Outbox.Forwarder.Trouble is not null, "the crash is noticed");
            // Away: every viewer is counted all the same, and the outbox holds it.
            await PlayAsync(50);
            Assert.True(ledger.Scalar("SELECT sum(hits) FROM batch") >= 400);
            await postgres.UpAsync();
            up.TrySetResult();
            await Eventually.IsTrueAsync(() => Volatile.Read(ref down) == 2, "the second crash");
        }
        finally
        {
            await postgres.UpAsync();
        }
        await ArrivedAsync(ledger, 800);
        Assert.Equal(800, await LedgerPostgres.ScalarAsync(database, Counted));
        Assert.Equal(800, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        Assert.Equal(8, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM counting.session WHERE watch_ms = 400000"));
        Assert.Equal(0, ledger.Outbox.Lost);
    }

    [Fact]
    public async Task Five_gateways_start_at_once_on_an_empty_database_and_share_sessions()
    {
        var database = await postgres.NewDatabaseAsync();
        var gateways = Enumerable.Range(0, 5).Select(_ => new TestLedger(postgres: database)).ToArray();
        var sessions = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToArray();
        // Every segment goes through one gateway, its repeat through another.
        await Parallel.ForEachAsync(sessions.SelectMany(session => Enumerable.Range(0, 40).Select(i => (session, i))), async (hit, _) =>
        {
            Assert.True(await gateways[(hit.i + hit.session.GetHashCode()) % 5 is var one && one < 0 ? one + 5 : one].Outbox.RecordAsync(TestLedger.Segment(hit.session, hit.i)));
            Assert.True(await gateways[hit.i % 5].Outbox.RecordAsync(TestLedger.Segment(hit.session, hit.i, "360p")));
        });
        foreach (var gateway in gateways)
            await Eventually.IsTrueAsync(() => gateway.Outbox.Progress.Merged == gateway.Outbox.Progress.Committed, "all is forwarded");
        Assert.Equal(1600, await LedgerPostgres.ScalarAsync(database, Counted));
        Assert.Equal(1600, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        Assert.Equal(20, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM counting.session WHERE watch_ms = 160000 AND segments_fetched = 80 AND again = watched AND renditions = '[\"360p\",\"720p\"]'"));
        Assert.Equal(20 * 160_000, await LedgerPostgres.ScalarAsync(database, "SELECT sum(watch_ms) FROM counting.video_quarter"));
        Assert.Equal(20, await LedgerPostgres.ScalarAsync(database, "SELECT sum(sessions) FROM counting.video_quarter"));
        Assert.Equal(5, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM counting.ledger_source"));
        foreach (var gateway in gateways) await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Case_10_of_two_forwarders_with_one_id_the_second_waits_and_nothing_is_counted_twice_or_skipped()
    {
        var database = await postgres.NewDatabaseAsync();
        var (folder, copy) = (Directory.CreateTempSubdirectory("ledger-").FullName, Directory.CreateTempSubdirectory("ledger-").FullName);
        var (mine, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var made = new TestLedger(folder, postgres: database)) Assert.True(await made.Outbox.RecordAsync(TestLedger.Segment(mine, 0)));
        File.Copy(Path.Combine(folder, "ledger.db"), Path.Combine(copy, "ledger.db"));
        var first = new TestLedger(folder, postgres: database);
        Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(mine, 1)));
        await ArrivedAsync(first, 2);
        await using (var second = new TestLedger(copy, postgres: database))
        {
            for (var i = 0; i < 5; i++) Assert.True(await second.Outbox.RecordAsync(TestLedger.Segment(other, i)));
            await Eventually.IsTrueAsync(() => second.Outbox.Forwarder!.Trouble?.Contains("Another process", StringComparison.Ordinal) == true, "the second is refused");
            Assert.Equal(0, await LedgerPostgres.ScalarAsync(database, $"SELECT count(*) FROM counting.session WHERE session_id = '{other}'"));
            Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(mine, 2)));
            await ArrivedAsync(first, 3);
            await first.DisposeAsync();
            await Eventually.IsTrueAsync(async () => await LedgerPostgres.ScalarAsync(database, Counted) == 8, "what the second counted comes after it");
        }
        Assert.Equal(8, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        Directory.Delete(folder, recursive: true);
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task Case_10_a_forwarder_that_was_taken_over_stops_for_good()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var ledger = new TestLedger(postgres: database);
        var session = Guid.CreateVersion7();
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 0)));
        await ArrivedAsync(ledger, 1);
        await LedgerPostgres.ExecuteAsync(database, "UPDATE counting.gateway SET holder = gen_random_uuid()");
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 1)));
        await Eventually.IsTrueAsync(() => ledger.Outbox.Forwarder!.Trouble?.Contains("taken over", StringComparison.Ordinal) == true, "it stops");
        Assert.Equal(1, await LedgerPostgres.ScalarAsync(database, Counted));
        Assert.Equal(1, ledger.Scalar("SELECT sum(hits) FROM batch"));
    }

    [Fact]
    public async Task Case_11_an_outbox_restored_from_a_backup_is_noticed_and_neither_repeats_nor_skips()
    {
        var database = await postgres.NewDatabaseAsync();
        var (folder, backup) = (Directory.CreateTempSubdirectory("ledger-").FullName, Directory.CreateTempSubdirectory("ledger-").FullName);
        var session = Guid.CreateVersion7();
        await using (var first = new TestLedger(folder, postgres: database))
        {
            var held = true;
            first.Outbox.Forwarder!.Reached = step => step == ForwardStep.Read && Volatile.Read(ref held) ? throw new IOException("not yet") : Task.CompletedTask;
            for (var i = 0; i < 10; i++) Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(session, i)));
            using (var source = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={first.Outbox.LedgerPath};Mode=ReadOnly;Pooling=False"))
            using (var target = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(backup, "ledger.db")};Pooling=False"))
            {
                source.Open();
                source.BackupDatabase(target);
            }
            for (var i = 10; i < 30; i++) Assert.True(await first.Outbox.RecordAsync(TestLedger.Segment(session, i)));
            Volatile.Write(ref held, false);
            await ArrivedAsync(first, 30);
        }
        await using (var restored = new TestLedger(backup, postgres: database))
        {
            // Ten of the numbers it gives now were given before, to other requests.
            for (var i = 30; i < 35; i++) Assert.True(await restored.Outbox.RecordAsync(TestLedger.Segment(session, i)));
            await Eventually.IsTrueAsync(async () => await LedgerPostgres.ScalarAsync(database, Counted) == 35, "the new requests");
            Assert.True(restored.Outbox.Forwarder!.Restored);
            await Eventually.IsTrueAsync(() => restored.Scalar("SELECT count(*) FROM batch") == 0, "the outbox is trimmed");
        }
        Assert.Equal(35, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
        Assert.Equal(140_000, await LedgerPostgres.ScalarAsync(database, "SELECT watch_ms FROM counting.session"));
        Directory.Delete(folder, recursive: true);
        Directory.Delete(backup, recursive: true);
    }

    [Fact]
    public async Task Single_requests_are_kept_by_days_and_dropped_with_them()
    {
        var database = await postgres.NewDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        var options = new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(60), EventRetention = TimeSpan.FromDays(2) };
        // No midnight comes in between.
        var noon = new AheadClock { Ahead = DateTime.UtcNow.Date.AddHours(12) - DateTime.UtcNow };
        var now = noon.GetUtcNow();
        var session = Guid.CreateVersion7(now);
        Hit At(int index, DateTimeOffset at) => TestLedger.Segment(session, index) with { AtMs = at.ToUnixTimeMilliseconds() };
        await using (var first = new TestLedger(folder, options, noon, database))
        {
            Assert.True(await first.Outbox.RecordAsync(At(0, now)));
            Assert.True(await first.Outbox.RecordAsync(At(1, now.AddDays(1))));
            Assert.True(await first.Outbox.RecordAsync(At(2, now.AddDays(-9))));
            await ArrivedAsync(first, 3);
            Assert.Equal(2, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
            Assert.Equal(2, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'counting.trace'::regclass"));
        }
        await using (var later = new TestLedger(folder, options, new AheadClock { Ahead = noon.Ahead + TimeSpan.FromDays(3) }, database))
        {
            await Eventually.IsTrueAsync(async () => await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'counting.trace'::regclass") == 1, "the old day is dropped");
            Assert.Equal(1, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(hits), 0) FROM counting.trace"));
            Assert.Equal(3, await LedgerPostgres.ScalarAsync(database, Counted));
        }
        Directory.Delete(folder, recursive: true);
    }

    private static Task ArrivedAsync(TestLedger ledger, long hits) => Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == hits + 1, $"{hits} requests in PostgreSQL");
}
