using System.Collections.Concurrent;
using System.Diagnostics;
using HlsGateway.Counting.Postgres;
using HlsGateway.Telemetry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HlsGateway.Counting;

/// <summary>
/// The thread that owns the ledger. Each turn takes what waits, writes it as one row, commits, and lets the viewers go; requests
/// that arrive while a commit runs form the next batch, so no request waits for others to come, and under load many requests share one fsync.
/// Merging into sessions happens in slices: when nobody waits, when a reader asks, or carried along by commits once it is due (<see cref="SessionMerge"/>).
/// </summary>
internal sealed class LedgerWriter : IDisposable
{
    /// <summary>Hits in one commit at most: 4,096 pack in about a millisecond.</summary>
    private const int CommitLimit = 4096;

    /// <summary>Old rows deleted, or recorded hits read again, in one turn at most, about 5 µs each, so that a new hit never waits long for it.</summary>
    private const int Portion = 500;

    // Copied into the database before the WAL outgrows what a checkpoint can sync within the commit timeout.
    private const int CheckpointPages = 1000;
    private const int IdleCheckpointPages = 100;

    /// <summary>For the longest wait, requests may still be lost after the disk has room again.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200));

    private static readonly TimeSpan IdleBeforeMerge = TimeSpan.FromMilliseconds(50);

    private readonly string path;
    private readonly LedgerOptions options;
    private readonly TimeSpan? emptyAge;
    private readonly HitQueue queue;
    private readonly LossTally tally;
    private readonly VideoLengths lengths;
    private readonly ConcurrentQueue<(string Video, int ContentMs)> described = new();
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Thread thread;
    private readonly ManualResetEvent stopping = new(false);
    private readonly List<HitBatch> inDoubt = [];
    private readonly LedgerProgress progress;
    private readonly LedgerVerification verification;
    private readonly RollupRules rules;
    private readonly LiveTail live;
    private readonly Forwarder? forwarder;
    private readonly long epoch;
    private byte[] packed = new byte[64 * 1024];
    private LedgerFile? file;
    private SessionMerge? merge;
    private Statement? begin;
    private Statement? commit;
    private Statement? insertBatch;
    private RunBook? book;
    private Statement? trim;
    private Statement? first;
    private Statement? mark;
    private Expiry? events;
    private Expiry? traces;
    private Expiry? emptySessions;
    private LowBackfill? lowBackfill;
    private long gateway;
    private long nextSeq = 1;
    private long mergedSeq = 1;
    private int packedLength;
    private long inDoubtFirst;
    private long lossesWritten;
    private long lastCommit;
    private int failures;
    private bool afterIoError;

    public LedgerWriter(
        string path, LedgerOptions options, TimeSpan? emptyAge, HitQueue queue, LossTally tally, VideoLengths lengths,
        RollupRules rules, LedgerProgress progress, LiveTail live, Forwarder? forwarder, long epoch, GatewayMetrics metrics, TimeProvider time, ILogger log)
    {
        (this.path, this.options, this.queue, this.tally, this.lengths) = (path, options, queue, tally, lengths);
        (this.rules, this.live, this.forwarder, this.epoch, this.emptyAge) = (rules, live, forwarder, epoch, emptyAge);
        (this.progress, this.metrics, this.time, this.log) = (progress, metrics, time, log);
        verification = new LedgerVerification(path, Found, log);
        thread = new Thread(Run) { IsBackground = true, Name = "ledger writer" };
    }

    /// <summary>Opens the ledger, puts a damaged one aside, and begins. Trouble that may pass does not stop the start.</summary>
    public void Start()
    {
        if (!verification.IsLong && verification.Run() is { } finding)
            PutAside(finding);
        try
        {
            Open();
            // Before any hit can be lost: later only the queue changes the count.
            tally.NoLessThan(lossesWritten);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or InvalidDataException)
        {
            Fail(failure);
        }
        thread.Start();
        if (verification.IsLong)
            verification.Start();
    }

    /// <summary>Lengths that wait to be written.</summary>
    private const int MostDescribed = 100_000;

    /// <summary>Nothing more waits than was told while the ledger works: one that fails gets all lengths again when it opens.</summary>
    public void Describe(string video, int contentMs)
    {
        if (described.Count < MostDescribed)
            described.Enqueue((video, contentMs));
    }

    /// <summary>Waits, two seconds at most, until what was handed in before the queue was closed is on disk.</summary>
    public void Flush()
    {
        queue.Wake();
        SpinWait.SpinUntil(() => queue.Held == 0, TimeSpan.FromSeconds(2));
    }

    /// <summary>Commits what waits, merges it, and closes. The queue takes no more hits.</summary>
    public void Dispose()
    {
        stopping.Set();
        verification.Dispose();
        queue.Wake();
        if (thread.IsAlive)
            thread.Join();
        Close();
        stopping.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            try
            {
                var stop = stopping.WaitOne(0);
                if (progress.TakeDamage() is { } finding)
                    PutAside(finding);
                if (file is null)
                {
                    Open();
                }
                else if (!Turn(stop))
                {
                    if (stop)
                        break;
                    queue.WaitForWork(forwarder is null && mergedSeq < nextSeq ? IdleBeforeMerge : TimeSpan.FromSeconds(1));
                }
            }
            catch (Exception failure)
            {
                Fail(failure);
                // A stopping process tries once more; for hits that are undecided then, the ledger decides at the next start.
                if (stopping.WaitOne(Retries.After(failures)) && failures > 1)
                    break;
            }
        }
        if (file is not null)
        {
            Quietly(() =>
            {
                book?.Ended(epoch, time.GetUtcNow().ToUnixTimeMilliseconds());
                file.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            });
        }
    }

    private bool Turn(bool stop)
    {
        var hits = queue.Take(inDoubt, CommitLimit, nextSeq);
        if (hits > 0)
        {
            inDoubtFirst = nextSeq;
            Commit(hits);
            return true;
        }
        var idle = Stopwatch.GetElapsedTime(lastCommit);
        if ((forwarder is null ? mergedSeq < nextSeq && (stop || MergesNow) : forwarder.Forwarded > mergedSeq) || !described.IsEmpty || tally.Lost > lossesWritten || events!.IsDue || traces!.IsDue || emptySessions!.IsDue || lowBackfill!.IsDue)
        {
            Commit(0, stop);
            return true;
        }
        if (PagesWritten(reset: false) >= IdleCheckpointPages && idle >= IdleBeforeMerge)
            Checkpoint();
        return false;
    }

    /// <summary>It is due, somebody asks for it, or nobody came for a while.</summary>
    private bool MergesNow => merge!.IsDue || progress.MergeAsked || Stopwatch.GetElapsedTime(lastCommit) >= IdleBeforeMerge;

    private void Commit(int hits, bool stop = false)
    {
        var started = Stopwatch.GetTimestamp();
        begin!.Run();
        if (hits > 0)
            WriteBatch(hits);
        var lost = tally.Lost;
        if (lost > lossesWritten)
            book!.Lost(lost - lossesWritten, time.GetUtcNow().ToUnixTimeMilliseconds());
        while (described.TryDequeue(out var video))
            merge!.Describe(video.Video, video.ContentMs);
        if (forwarder is null && mergedSeq < nextSeq)
        {
            // What is on disk alone since the start, or since memory was full.
            merge!.Load(nextSeq, Math.Max(Portion, 2 * hits));
            if (stop || MergesNow)
                merge.Run();
        }
        var merged = forwarder is null ? merge!.Merged : Trim(forwarder.Forwarded);
        events!.Run(Math.Max(Portion, 2 * hits));
        traces!.Run(Math.Max(Portion, 2 * hits));
        if (emptySessions!.Run(Math.Max(Portion, 2 * hits)) > 0)
            merge!.Forget();
        lowBackfill!.Run();
        commit!.Run();

        if (lost > lossesWritten)
            progress.Noted();
        (nextSeq, mergedSeq, lossesWritten) = (nextSeq + hits, merged, lost);
        lastCommit = Stopwatch.GetTimestamp();
        // Before any viewer is answered: whoever knows that a request is recorded may read it at once.
        progress.Publish(nextSeq, mergedSeq);
        if (hits > 0)
        {
            queue.Decide(inDoubt, recorded: true);
            live.Publish(inDoubt, nextSeq - hits);
            // Only here: batches of a commit that failed may still be looked at.
            foreach (var batch in inDoubt)
                batch.Leave();
            inDoubt.Clear();
            if (forwarder is null)
                merge!.Take(nextSeq - hits, packed.AsSpan(0, packedLength));
            metrics.CommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            metrics.CommitSize.Record(hits);
        }
        if (failures > 0)
            Recovered();
        forwarder?.Wake();
        if (PagesWritten(reset: false) >= CheckpointPages)
            Checkpoint();
    }

    private void WriteBatch(int hits)
    {
        var length = HitCodec.WriteHeader(ref packed, hits);
        var (video, at) = ("", 0L);
        foreach (var batch in inDoubt)
            length = HitCodec.Write(ref packed, length, batch.Hits, ref video, ref at);
        packedLength = length;
        insertBatch!.Bind(1, nextSeq).Bind(2, hits).Bind(3, time.GetUtcNow().ToUnixTimeMilliseconds()).Bind(4, packed.AsSpan(0, length)).Bind(5, epoch).Run();
    }

    /// <summary>Deletes, a portion at a time, what PostgreSQL has committed. Returns how far the outbox is free of it.</summary>
    private long Trim(long forwarded)
    {
        if (forwarded <= mergedSeq)
            return mergedSeq;
        trim!.Bind(1, forwarded).Run();
        first!.Step();
        var left = first.Int64(0);
        first.Reset();
        var trimmed = left > 0 ? Math.Min(left, forwarded) : forwarded;
        mark!.Bind(1, trimmed).Run();
        return trimmed;
    }

    private void Open()
    {
        var opened = LedgerFile.Open(path, afterIoError);
        file = opened;
        (begin, commit) = (opened.Prepare("BEGIN IMMEDIATE"), opened.Prepare("COMMIT"));
        insertBatch = opened.Prepare("INSERT INTO batch VALUES (?,?,?,?,?)");
        book = new RunBook(opened, epoch, time.GetUtcNow().ToUnixTimeMilliseconds());
        progress.Noted();
        trim = opened.Prepare("DELETE FROM batch WHERE first_seq IN (SELECT first_seq FROM batch WHERE first_seq < ? ORDER BY first_seq LIMIT 128)");
        first = opened.Prepare("SELECT coalesce(min(first_seq), 0) FROM batch");
        mark = opened.Prepare("UPDATE mark SET value = ? WHERE name = 'merged_seq'");
        gateway = opened.Single("SELECT value FROM mark WHERE name = 'gateway'");
        events = new Expiry(opened, Expiry.Events, options.EventRetention, time);
        traces = new Expiry(opened, Expiry.Traces, options.EventRetention, time);
        emptySessions = new Expiry(opened, Expiry.EmptySessions, emptyAge, time);
        lowBackfill = new LowBackfill(opened, rules);
        merge = new SessionMerge(opened, lengths, options.TraceLimit, rules, () => emptyAge is { } age ? (time.GetUtcNow() - age).ToUnixTimeMilliseconds() : 0, time);
        // Half a sweep of the time before PostgreSQL: finished, so that each request is either in the sessions here or moves there.
        while (forwarder is not null && merge.IsSweeping)
        {
            begin.Run();
            merge.Run();
            commit.Run();
        }
        mergedSeq = merge.Merged;
        nextSeq = Math.Max(mergedSeq, opened.Single("SELECT coalesce(max(first_seq + hits), 0) FROM batch WHERE first_seq >= (SELECT max(first_seq) FROM batch)"));
        lossesWritten = opened.Single("SELECT coalesce(sum(hits), 0) FROM loss");
        progress.Publish(nextSeq, mergedSeq);
        if (tally.Undecided > 0 && inDoubt.Count == 0)
            queue.Decide([], nextSeq > tally.UndecidedFirst);
        if (inDoubt.Count > 0)
        {
            // A commit that failed may still be in the file: the file decides, once.
            queue.Decide(inDoubt, nextSeq > inDoubtFirst);
            inDoubt.Clear();
        }
        // The lengths that a failed transaction held are written again.
        if (failures > 0)
        {
            foreach (var (video, length) in lengths.All()) described.Enqueue((video, length));
        }
        afterIoError = false;
        PagesWritten(reset: true);
    }

    private void Fail(Exception failure)
    {
        failures++;
        // One failure concerns only the batch in doubt; queued hits have the next try.
        if (failures > 1)
            queue.Failing = true;
        if (failures == 1)
            log.LedgerFailed(failure, Path.GetFileName(path));
        metrics.LedgerFailures.Add(1);
        progress.Report(failure.Message);
        Close();
        if (failure is SqliteException sqlite)
        {
            afterIoError |= sqlite.SqliteErrorCode == raw.SQLITE_IOERR;
            if (LedgerFile.IsDamage(sqlite))
                PutAside(failure.Message);
        }
        else if (failure is InvalidDataException)
        {
            PutAside(failure.Message);
        }
    }

    private void Recovered()
    {
        log.LedgerRecovered(failures);
        failures = 0;
        queue.Failing = false;
        progress.Report(null);
    }

    private void PutAside(string finding)
    {
        // What it finds, or has found, is of this file and not of the one that takes its place.
        verification.Stop();
        progress.TakeDamage();
        Close();
        Quietly(() =>
        {
            var aside = LedgerFile.PutAside(path, time.GetUtcNow());
            log.LedgerPutAside(Path.GetFileName(path), Path.GetFileName(aside), finding);
            progress.PutAside(Path.GetFileName(aside));
            // The new file goes on where the old one stopped, so that a number is never given twice.
            using var fresh = LedgerFile.Open(path, afterIoError: false);
            fresh.Execute($"UPDATE mark SET value = {nextSeq} WHERE name = 'merged_seq'; INSERT INTO loss(at, hits) SELECT 0, {tally.Lost} WHERE {tally.Lost} > 0");
            if (gateway != 0)
                fresh.Execute($"UPDATE mark SET value = {gateway} WHERE name = 'gateway'");
        });
    }

    private void Found(string finding)
    {
        progress.Damaged(finding);
        queue.Wake();
    }

    private void Checkpoint()
    {
        file!.Checkpoint();
        PagesWritten(reset: true);
    }

    private int PagesWritten(bool reset)
    {
        raw.sqlite3_db_status(file!.Db, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, reset ? 1 : 0);
        return pages;
    }

    private void Close()
    {
        merge?.Dispose();
        events?.Dispose();
        traces?.Dispose();
        emptySessions?.Dispose();
        lowBackfill?.Dispose();
        trim?.Dispose();
        first?.Dispose();
        mark?.Dispose();
        begin?.Dispose();
        commit?.Dispose();
        insertBatch?.Dispose();
        book?.Dispose();
        file?.Dispose();
        (merge, events, traces, emptySessions, lowBackfill, trim, first, mark) = (null, null, null, null, null, null, null, null);
        (begin, commit, insertBatch, book, file) = (null, null, null, null, null);
    }

    private void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            log.LedgerFailed(failure, Path.GetFileName(path));
        }
    }
}
