using HlsGateway.Counting;
using HlsGateway.Tests.Counting.Crash;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Tests.Counting;

/// <summary>The equation under faults of the disk: what was answered is in the ledger or counted as lost, never both, never neither.</summary>
public sealed class DiskFaultTests
{
    private static readonly LedgerOptions Quick = TestLedger.Patient(TimeSpan.FromMilliseconds(50));

    [Fact]
    public async Task Case_5_a_commit_that_finishes_late_is_recorded_and_no_loss()
    {
        await using var ledger = new TestLedger(options: Quick);
        using var held = new Latch();
        var fired = 0;
        FaultyDisk.Use(ledger.Folder, (operation, file) =>
        {
            if (operation != "sync" || file != "ledger.db-wal" || Interlocked.Exchange(ref fired, 1) != 0) return 0;
            held.Wait();
            return 0;
        });
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)).AsTask()));
        Assert.All(answers, Assert.False);
        Assert.Equal(1, fired);
        // Those that no commit had taken yet stay in line: a slow disk alone loses nobody.
        Assert.Equal((20, 0), (ledger.Outbox.Undecided, ledger.Outbox.Lost));
        Assert.Equal(HealthStatus.Degraded, (await new LedgerHealth(ledger.Outbox).CheckHealthAsync(new HealthCheckContext())).Status);

        held.Open();
        await Hosting.Eventually.IsTrueAsync(() => ledger.Outbox.Undecided == 0, "the late commits' end");
        Assert.Equal(0, ledger.Outbox.Lost);
        var sent = 20;
        sent += await UntilRecordedAsync(ledger);
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal((sent, 0), (ledger.Rows(), ledger.Outbox.Lost));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 20, 21)]
    public async Task Case_5_a_late_commit_that_fails_costs_itself_and_who_is_in_line_only_when_the_next_try_fails_too(int tries, int least, int most)
    {
        await using var ledger = new TestLedger(options: Quick);
        using var held = new Latch();
        var fired = 0;
        FaultyDisk.Use(ledger.Folder, (operation, file) =>
        {
            if (operation != "sync" || file != "ledger.db-wal" || Interlocked.Increment(ref fired) > tries) return 0;
            held.Wait();
            return FaultyDisk.IoError;
        });
        var sent = 21;
        Assert.False(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
        Assert.All(await Task.WhenAll(Enumerable.Range(1, 20).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)).AsTask())), Assert.False);
        Assert.Equal((sent, 0), (ledger.Outbox.Undecided, ledger.Outbox.Lost));

        held.Open();
        await Hosting.Eventually.IsTrueAsync(() => ledger.Outbox.Undecided == 0, "all of them are decided");
        Assert.InRange(fired, tries, int.MaxValue);
        Assert.InRange(ledger.Outbox.Lost, least, most);
        sent += await UntilRecordedAsync(ledger);
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(sent, ledger.Rows() + ledger.Outbox.Lost);
        Assert.Equal(ledger.Outbox.Lost, LossRows(ledger));
    }

    [Fact]
    public async Task Case_3_a_commit_that_fails_while_its_viewers_still_wait_costs_each_of_them()
    {
        await using var ledger = new TestLedger(options: TestLedger.Patient());
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
        // The fault is for who waits, not for the sums.
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        var fired = 0;
        FaultyDisk.Use(ledger.Folder, (operation, file) => operation == "write" && file == "ledger.db-wal" && Interlocked.Increment(ref fired) == 1 ? FaultyDisk.IoError : 0);

        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)).AsTask()));

        Assert.NotEqual(0, fired);
        var lost = answers.Count(recorded => !recorded);
        Assert.InRange(lost, 1, 20);
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(lost, ledger.Outbox.Lost);
        Assert.Equal(21 - lost, ledger.Rows());
        await Hosting.Eventually.IsTrueAsync(() => LossRows(ledger) == lost, "the loss is written down");
    }

    [Theory]
    [InlineData("sync", FaultyDisk.IoError)]
    [InlineData("write", FaultyDisk.IoError)]
    [InlineData("write", FaultyDisk.Full)]
    [InlineData("read", FaultyDisk.IoError)]
    public async Task Case_3_and_4_a_failing_call_costs_what_is_counted_and_heals(string operation, int code)
    {
        await using var ledger = new TestLedger(options: Quick);
        var (failing, fired) = (false, 0);
        FaultyDisk.Use(ledger.Folder, (call, _) =>
        {
            if (!Volatile.Read(ref failing) || call != operation) return 0;
            Interlocked.Increment(ref fired);
            return code;
        });
        var sent = await SendAsync(ledger, 50);
        Volatile.Write(ref failing, true);
        sent += await SendAsync(ledger, 50);
        // What is read again and again stays in memory: a read error shows once the file is opened again.
        if (operation == "read")
        {
            FaultyDisk.Use(ledger.Folder, (call, _) => call is "write" or "read" ? FaultAndCount(ref fired, code) : 0);
            sent += await SendAsync(ledger, 50);
        }
        Assert.True(fired > 0);
        Assert.Equal(HealthStatus.Degraded, (await new LedgerHealth(ledger.Outbox).CheckHealthAsync(new HealthCheckContext())).Status);
        var inFault = ledger.Outbox.Lost + ledger.Outbox.Undecided;
        Assert.NotEqual(0, inFault);

        FaultyDisk.Heal(ledger.Folder);
        sent += await UntilRecordedAsync(ledger);
        await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
        Assert.Equal(0, ledger.Outbox.Undecided);
        Assert.Equal(sent, ledger.Rows() + ledger.Outbox.Lost);
        Assert.Equal(ledger.Outbox.Lost, LossRows(ledger));
    }

    [Fact]
    public async Task An_error_at_the_nth_call_on_a_file_for_every_n_keeps_the_equation()
    {
        var failed = new SortedSet<string>(StringComparer.Ordinal);
        var still = 0;
        for (var n = 0; n < 500; n++)
        {
            await using var ledger = new TestLedger(options: Quick);
            var sent = await SendAsync(ledger, 3);
            var gate = new Lock();
            var calls = new List<string>();
            FaultyDisk.Use(ledger.Folder, (operation, _) =>
            {
                lock (gate)
                {
                    calls.Add(operation);
                    return calls.Count == n + 1 ? FaultyDisk.IoError : 0;
                }
            });
            var all = await SendAllAsync(ledger, 3);
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            all &= await SendAllAsync(ledger, 3);
            sent += 6;
            FaultyDisk.Heal(ledger.Folder);
            sent += await UntilRecordedAsync(ledger);
            await ledger.Outbox.CaughtUpAsync(CancellationToken.None);
            Assert.Equal((n, sent), (n, ledger.Rows() + ledger.Outbox.Lost));
            lock (gate)
            {
                if (calls.Count > n)
                {
                    failed.Add(calls[n]);
                    continue;
                }
                // A machine that stood still had the viewers go on and fewer commits to fail: the run says nothing.
                if (!all)
                {
                    Assert.InRange(++still, 1, 20);
                    n--;
                    continue;
                }
                // This run had no call left to fail: each call before has failed once, and each kind of call among them.
                Assert.InRange(calls.Count, 12, n);
                Assert.Superset(calls.ToHashSet(StringComparer.Ordinal), failed.ToHashSet(StringComparer.Ordinal));
                Assert.Superset(new HashSet<string>(["write", "sync"], StringComparer.Ordinal), failed.ToHashSet(StringComparer.Ordinal));
                return;
            }
        }
        Assert.Fail("there is no end of calls");
    }

    [Fact]
    public async Task Losses_that_the_ledger_holds_outlive_a_power_cut_that_takes_the_tally_back()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        long lost;
        await using (var ledger = new TestLedger(folder, Quick))
        {
            FaultyDisk.Use(folder, (operation, _) => operation == "write" ? FaultyDisk.Full : 0);
            await LoseAsync(ledger, 5);
            FaultyDisk.Heal(folder);
            await UntilRecordedAsync(ledger);
            lost = LossRows(ledger);
            Assert.InRange(lost, 5, long.MaxValue);
        }
        File.Delete(Path.Combine(folder, "ledger.lost"));
        await using (var reopened = new TestLedger(folder, Quick))
        {
            Assert.Equal(lost, reopened.Outbox.Lost);
            FaultyDisk.Use(folder, (operation, _) => operation == "write" ? FaultyDisk.Full : 0);
            await LoseAsync(reopened, 1);
            FaultyDisk.Heal(folder);
            await UntilRecordedAsync(reopened);
            Assert.True(LossRows(reopened) > lost, "the loss after the cut has a row of its own");
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Case_3_after_a_failed_fsync_what_the_kernel_forgot_is_written_again()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        var stable = new StableImage(StableImage.FolderOf(folder));
        Assert.True(FaultyDisk.IsReady);
        FaultyDisk.OnChange(folder, (change, path, bytes, offset) => stable.Note(change, path, bytes, offset));
        var answered = 0;
        await using (var ledger = new TestLedger(folder))
        {
            async Task RecordAsync()
            {
                for (var i = 0; i < 5; i++) answered += await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)) ? 1 : 0;
            }
            await RecordAsync();
            var fired = 0;
            FaultyDisk.Use(folder, (operation, file) =>
            {
                if (operation != "sync" || file != "ledger.db-wal" || Interlocked.Exchange(ref fired, 1) != 0) return 0;
                stable.Forget(file);
                return FaultyDisk.IoError;
            });
            await RecordAsync();
            await RecordAsync();
            Assert.Equal(1, fired);
            Assert.InRange(answered, 10, 15);
            // The power goes now.
            FaultyDisk.OnChange(folder, (_, _, _, _) => { });
        }
        await using (var after = new TestLedger(StableImage.FolderOf(folder)))
            Assert.Equal(answered, after.Rows());
        FaultyDisk.Heal(folder);
        Directory.Delete(folder, recursive: true);
        Directory.Delete(StableImage.FolderOf(folder), recursive: true);
    }

    [Fact]
    public async Task Case_2_after_a_power_cut_every_answer_is_there()
    {
        await using var ledger = new TestLedger();
        var stable = Directory.CreateTempSubdirectory("stable-").FullName;
        var syncs = 0;
        var gate = new Lock();
        // What was not synced is gone: the copy is only ever taken right after a sync.
        FaultyDisk.OnChange(ledger.Folder, (change, path, _, _) =>
        {
            if (change != DiskChange.Synced) return;
            lock (gate)
            {
                syncs++;
                File.Copy(path, Path.Combine(stable, Path.GetFileName(path)), overwrite: true);
            }
        });
        FaultyDisk.Use(ledger.Folder, (_, _) => 0);
        File.Copy(ledger.Outbox.LedgerPath, Path.Combine(stable, "ledger.db"));
        if (File.Exists(ledger.Outbox.LedgerPath + "-wal")) File.Copy(ledger.Outbox.LedgerPath + "-wal", Path.Combine(stable, "ledger.db-wal"));
        var answered = 0;
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 5; i++)
                answered += await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)) ? 1 : 0;
            var after = Directory.CreateTempSubdirectory("after-").FullName;
            lock (gate)
            {
                foreach (var file in Directory.GetFiles(stable)) File.Copy(file, Path.Combine(after, Path.GetFileName(file)));
            }
            await using (var reopened = new TestLedger(after))
                Assert.Equal(answered, reopened.Rows());
            Directory.Delete(after, recursive: true);
        }
        Assert.Equal(100, answered);
        Assert.True(syncs >= 100);
        FaultyDisk.OnChange(ledger.Folder, (_, _, _, _) => { });
        Directory.Delete(stable, recursive: true);
    }

    [Fact]
    public async Task Case_6_a_torn_tail_of_the_wal_starts_clean()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        await using (var ledger = new TestLedger())
        {
            for (var i = 0; i < 10; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)));
            foreach (var file in (string[])["ledger.db", "ledger.db-wal"])
                File.Copy(Path.Combine(ledger.Folder, file), Path.Combine(folder, file));
        }
        await using (var wal = new FileStream(Path.Combine(folder, "ledger.db-wal"), FileMode.Append))
        {
            var garbage = new byte[5000];
            new Random(1).NextBytes(garbage);
            wal.Write(garbage);
        }
        await using (var reopened = new TestLedger(folder))
        {
            Assert.Equal(10, reopened.Rows());
            Assert.Null(reopened.Outbox.Progress.Aside);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Case_6_a_flipped_page_is_loud_the_file_is_kept_and_counting_goes_on()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        await using (var ledger = new TestLedger(folder))
        {
            for (var i = 0; i < 50; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)));
        }
        await using (var file = new FileStream(Path.Combine(folder, "ledger.db"), FileMode.Open))
        {
            file.Position = 4096;
            var page = new byte[4096];
            file.ReadExactly(page);
            for (var i = 0; i < page.Length; i++) page[i] ^= 0xff;
            file.Position = 4096;
            file.Write(page);
        }
        await using (var reopened = new TestLedger(folder))
        {
            Assert.NotNull(reopened.Outbox.Progress.Aside);
            Assert.True(File.Exists(Path.Combine(folder, reopened.Outbox.Progress.Aside)));
            Assert.True(await reopened.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
            Assert.Equal(1, reopened.Rows());
            var health = await new LedgerHealth(reopened.Outbox).CheckHealthAsync(new HealthCheckContext());
            Assert.Equal(HealthStatus.Degraded, health.Status);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_full_queue_loses_at_once_and_counts_it()
    {
        await using var ledger = new TestLedger(options: TestLedger.Patient(queueLimit: 10));
        using var held = new Latch();
        FaultyDisk.Use(ledger.Folder, (operation, _) =>
        {
            if (operation == "sync") held.Wait();
            return 0;
        });
        var waiting = Enumerable.Range(0, 25).Select(i => ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)).AsTask()).ToList();
        Assert.Equal(15, ledger.Outbox.Lost);
        Assert.Equal(15, waiting.Count(answer => answer is { IsCompletedSuccessfully: true, Result: false }));
        held.Open();
        Assert.Equal(10, (await Task.WhenAll(waiting)).Count(durable => durable));
    }

    [Fact]
    public async Task What_a_killed_process_left_undecided_is_decided_by_the_ledger_at_the_next_start()
    {
        foreach (var recorded in (bool[])[true, false])
        {
            var folder = Directory.CreateTempSubdirectory("ledger-").FullName;
            await using (var ledger = new TestLedger(folder))
            {
                for (var i = 0; i < 5; i++) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i)));
            }
            using (var tally = LossTally.Open(Path.Combine(folder, "ledger.lost")))
            {
                tally.Begin(recorded ? 5 : 6);
                tally.LeaveUndecided(3);
                // No transaction had taken these.
                tally.LeaveLate(2);
            }
            await using (var reopened = new TestLedger(folder))
            {
                Assert.Equal(recorded ? 2 : 5, reopened.Outbox.Lost);
                Assert.Equal(0, reopened.Outbox.Undecided);
            }
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int FaultAndCount(ref int fired, int code)
    {
        Interlocked.Increment(ref fired);
        return code;
    }

    private static async Task<int> SendAsync(TestLedger ledger, int count)
    {
        await SendAllAsync(ledger, count);
        return count;
    }

    /// <returns>Whether each was recorded while its viewer waited.</returns>
    private static async Task<bool> SendAllAsync(TestLedger ledger, int count)
    {
        var all = true;
        for (var i = 0; i < count; i++)
            all &= await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), i));
        return all;
    }

    /// <summary>Sends until that many are lost: one that comes to the disk late may stay in line.</summary>
    private static async Task LoseAsync(TestLedger ledger, int count)
    {
        var enough = ledger.Outbox.Lost + count;
        await Hosting.Eventually.IsTrueAsync(async () =>
        {
            await SendAsync(ledger, 1);
            return ledger.Outbox.Lost >= enough;
        }, $"{count} losses");
    }

    /// <summary>Sends until one is recorded while its viewer waits.</summary>
    /// <returns>How many that took.</returns>
    private static async Task<int> UntilRecordedAsync(TestLedger ledger)
    {
        var sent = 0;
        await Hosting.Eventually.IsTrueAsync(async () =>
        {
            sent++;
            return await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0));
        }, "a commit in time");
        return sent;
    }

    // A commit that was answered holds every loss before its first hit.
    private static long LossRows(TestLedger ledger) => ledger.Scalar("SELECT coalesce(sum(hits), 0) FROM loss");
}
