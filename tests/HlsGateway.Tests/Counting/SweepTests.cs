using System.Collections.Concurrent;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Tests.Counting;

/// <summary>Sessions are written in slices: whatever ends one between two of them, each request is in its session once.</summary>
public sealed class SweepTests
{
    /// <summary>More than two slices hold.</summary>
    private const int Sessions = 250;

    /// <summary>Of one session, more than a slice holds.</summary>
    private const int Busy = 7000;

    private const int Nameless = 40;

    private const int All = Sessions + Busy + Nameless;

    [Fact]
    public async Task Ended_between_any_two_slices_the_next_process_goes_on_where_the_sweep_stood()
    {
        var images = new ConcurrentQueue<string>();
        await using (var ledger = new TestLedger())
        {
            await RecordAllAsync(ledger);
            FaultyDisk.OnChange(ledger.Folder, (change, path, _, _) =>
            {
                if (change == DiskChange.Synced && path.EndsWith("ledger.db-wal", StringComparison.Ordinal)) images.Enqueue(CopyOf(ledger.Outbox.LedgerPath));
            });
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            FaultyDisk.OnChange(ledger.Folder, (_, _, _, _) => { });
            AssertAllOnce(ledger);
        }
        var (within, between) = (0, 0);
        foreach (var image in images)
        {
            await using (var next = new TestLedger(image))
            {
                await next.Outbox.CaughtUpAsync(CancellationToken.None);
                AssertAllOnce(next);
            }
            switch (Place(Path.Combine(image, "before.db")))
            {
                case { IsSweeping: true, Seq: 0 }: between++; break;
                case { IsSweeping: true, Seq: < long.MaxValue }: within++; break;
                default: break;
            }
            Directory.Delete(image, recursive: true);
        }
        Assert.True(between > 0, "no image of a sweep between two sessions");
        Assert.True(within > 0, "no image of a sweep within a session");
    }

    [Fact]
    public async Task A_slice_that_fails_is_done_again_and_no_other()
    {
        await using var ledger = new TestLedger();
        await RecordAllAsync(ledger);
        var syncs = 0;
        FaultyDisk.Use(ledger.Folder, (operation, file) => operation == "sync" && file == "ledger.db-wal" && Interlocked.Increment(ref syncs) == 2 ? FaultyDisk.IoError : 0);
        await Eventually.IsTrueAsync(
            async () =>
            {
                await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
                return ledger.Outbox.Progress is { Trouble: null } progress && progress.Merged == progress.Committed;
            }, "all is merged");
        Assert.InRange(syncs, 3, int.MaxValue);
        AssertAllOnce(ledger);
        Assert.Equal(0, ledger.Outbox.Lost);
    }

    [Fact]
    public async Task A_session_that_expired_empty_and_goes_on_is_written_again()
    {
        var clock = new AheadClock();
        await using var ledger = new TestLedger(options: new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(60), ReportTimeout = TimeSpan.FromSeconds(60), EmptySessionRetention = TimeSpan.FromDays(2) }, time: clock);
        var session = Guid.CreateVersion7();
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 0, kind: HitKind.SessionStart)));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(1, ledger.Scalar("SELECT count(*) FROM session"));
        clock.Ahead = TimeSpan.FromDays(3);
        ledger.Outbox.Describe("clip", 60_000);
        await Eventually.IsTrueAsync(() => ledger.Scalar("SELECT count(*) FROM session") == 0, "the empty session goes");

        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, 1)));
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(1, ledger.Scalar("SELECT segments_fetched FROM session"));
        Assert.Equal(1, ledger.Scalar("SELECT sum(sessions) FROM video_quarter"));
    }

    [Fact]
    public async Task Who_asks_is_heard_until_what_was_recorded_before_is_merged()
    {
        var progress = new LedgerProgress(TimeProvider.System);
        progress.Publish(5, 1);
        Assert.False(progress.MergeAsked);
        var woken = 0;
        var asks = progress.CaughtUpAsync(() => woken++, TimeSpan.FromMinutes(5), CancellationToken.None);
        Assert.True(progress.MergeAsked);
        Assert.Equal(1, woken);
        progress.Publish(7, 4);
        Assert.True(progress.MergeAsked);
        progress.Publish(7, 5);
        await asks;
        Assert.False(progress.MergeAsked);
    }

    [Fact]
    public async Task Under_full_load_a_reader_finds_what_was_recorded_before_it_asked()
    {
        await using var ledger = new TestLedger();
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var crowd = Enumerable.Range(0, 300).Select(_ => Guid.CreateVersion7()).ToArray();
            var sent = 0;
            for (; !stop.IsCancellationRequested; sent += 50) await Task.WhenAll(Enumerable.Range(sent, 50).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(crowd[i % crowd.Length], i / crowd.Length % 500)).AsTask()));
            return sent;
        })).ToArray();
        var mine = Guid.CreateVersion7();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(mine, i)));
            var before = ledger.Outbox.Progress.Committed;
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            Assert.InRange(ledger.Outbox.Progress.Merged, before, long.MaxValue);
            Assert.Equal(i + 1, ledger.Scalar($"SELECT segments_fetched FROM session WHERE session_id = x'{Convert.ToHexString(mine.ToByteArray(bigEndian: true))}'"));
        }
        await stop.CancelAsync();
        var all = (await Task.WhenAll(load)).Sum() + 20;
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(all, ledger.Scalar("SELECT sum(segments_fetched) FROM session"));
        Assert.Equal(all, ledger.Scalar("SELECT sum(segments_fetched) FROM video_quarter"));
        Assert.Equal(all, ledger.Scalar("SELECT sum(hits) FROM trace"));
    }

    /// <summary>Holds the disk until all of them wait, so that none is merged before the others are recorded.</summary>
    private static async Task RecordAllAsync(TestLedger ledger)
    {
        using var held = new Latch();
        var fired = 0;
        FaultyDisk.Use(ledger.Folder, (operation, file) =>
        {
            if (operation == "sync" && file == "ledger.db-wal" && Interlocked.Exchange(ref fired, 1) == 0) held.Wait();
            return 0;
        });
        var busy = Guid.CreateVersion7();
        var hits = Enumerable.Range(0, Sessions).Select(_ => TestLedger.Segment(Guid.CreateVersion7(), 0))
            .Concat(Enumerable.Range(0, Busy).Select(i => TestLedger.Segment(busy, i)))
            .Concat(Enumerable.Range(0, Nameless).Select(i => TestLedger.Segment(Guid.Empty, i, rule: HitRule.Anonymous)));
        var answers = hits.Select(hit => ledger.Outbox.RecordAsync(hit).AsTask()).ToArray();
        held.Open();
        Assert.All(await Task.WhenAll(answers), Assert.True);
        FaultyDisk.Heal(ledger.Folder);
    }

    private static void AssertAllOnce(TestLedger ledger)
    {
        Assert.Equal(All, ledger.Rows());
        Assert.Equal(0, ledger.Scalar("SELECT count(*) FROM batch"));
        Assert.Equal(Sessions, ledger.Scalar("SELECT count(*) FROM session WHERE requests = 1 AND segments_fetched = 1 AND watch_ms = 4000"));
        Assert.Equal(Busy, ledger.Scalar("SELECT max(segments_fetched) FROM session"));
        Assert.Equal(Sessions + Busy, ledger.Scalar("SELECT sum(segments_fetched) FROM video_quarter"));
        Assert.Equal(Sessions + Busy, ledger.Scalar("SELECT sum(segments_fetched) FROM total_quarter"));
        Assert.Equal(Sessions + 1, ledger.Scalar("SELECT sum(sessions) FROM video_quarter"));
        Assert.Equal(Sessions + Busy, ledger.Scalar("SELECT sum(hits) FROM trace"));
        Assert.Equal(Sessions + 1, ledger.Scalar("SELECT sum(plays) FROM retention_quarter WHERE second = 0"));
        Assert.Equal(Nameless, ledger.Scalar("SELECT sum(requests) FROM anonymous"));
    }

    private static string CopyOf(string ledger)
    {
        var image = Directory.CreateTempSubdirectory("image-").FullName;
        foreach (var suffix in (string[])["", "-wal"])
        {
            File.Copy(ledger + suffix, Path.Combine(image, "ledger.db" + suffix));
            File.Copy(ledger + suffix, Path.Combine(image, "before.db" + suffix));
        }
        return image;
    }

    private static MergeMark Place(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value, until, session_id, seq FROM mark, sweep WHERE name = 'merged_seq'";
        using var row = command.ExecuteReader();
        row.Read();
        return new MergeMark(row.GetInt64(0), row.GetInt64(1), new Guid(row.GetFieldValue<byte[]>(2), bigEndian: true), row.GetInt64(3));
    }
}
