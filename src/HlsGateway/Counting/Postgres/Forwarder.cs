using System.Diagnostics;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>Where a transaction of the forwarder stands; tests stop it there.</summary>
internal enum ForwardStep
{
    Read,
    Locked,
    Copied,
    Merged,
    Marked,
    Committed,
}

/// <summary>
/// Moves requests from the outbox to PostgreSQL. One transaction holds the events, the sessions, the sums and the mark up to which
/// they go, so after any failure the next connection reads the mark and continues after it. The outbox is trimmed only
/// after that commit was confirmed. Viewers never wait for any of this.
/// </summary>
/// <remarks>
/// Numbers are unique within a run of the process (its epoch), and each run has a mark of its own. A ledger.db restored from a
/// backup, or the copy of a whole machine, therefore counts in a new run and can neither repeat nor skip another's requests.
/// Two processes that are the same gateway at the same time are kept apart by an advisory lock on the connection; the row
/// <c>counting.gateway</c>, which each transaction locks and looks at, still holds if the lock is lost (a connection pooler).
/// </remarks>
internal sealed class Forwarder : IDisposable
{
    /// <summary>Requests per transaction at most, or a commit more: a session that goes on is then written once for many of them, in well under a second.</summary>
    private const int Portion = 40_000;

    /// <summary>How often it looks whether to go on while requests gather.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Requests gather for so long while more and more come: what a transaction costs the gateway and PostgreSQL is its sessions, and
    /// each of them has more requests the longer it waits. Figures that another gateway tells are behind by as much.
    /// </summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private static readonly Backoff Retries = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5)) { Jitter = true };

    /// <summary>How long an idle connection is trusted.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenExpiries = TimeSpan.FromMinutes(10);

    private readonly OutboxReader outbox;
    private readonly EmptySessions emptySessions;
    private readonly LowBackfill lowBackfill;
    private readonly string connectionString;
    private readonly LedgerOptions options;
    private readonly RollupRules rules;
    private readonly VideoLengths lengths;
    private readonly LedgerProgress progress;
    private readonly Action moved;
    private readonly long epoch;
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Guid holder = Guid.NewGuid();
    private readonly SemaphoreSlim work = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource hurry = new();
    private readonly Dictionary<string, int> told = new(StringComparer.Ordinal);
    private int forgetAt = 1024;
    private readonly HashSet<long> days = [];
    private long forwarded;

    /// <summary>The last number of this run whose commit PostgreSQL confirmed; 0 before the first.</summary>
    private long confirmed;
    private int failures;
    private long expiredAt;
    private volatile bool historyIsThere;
    private Task? running;

    public Forwarder(
        string ledgerPath, string connectionString, LedgerOptions options, TimeSpan? emptyAge, RollupRules rules, VideoLengths lengths,
        LedgerProgress progress, Action moved, long epoch, GatewayMetrics metrics, TimeProvider time, ILogger log)
    {
        outbox = new OutboxReader(ledgerPath);
        // Not pooled: the lock lives as long as the connection. A dead peer is noticed within half a minute also in mid-statement.
        this.connectionString = new NpgsqlConnectionStringBuilder(PostgresServers.Of(connectionString).ToString()) { Pooling = false, Timeout = 5, CommandTimeout = 30, KeepAlive = 10, ApplicationName = "hlsgateway-forwarder", Enlist = false }.ToString();
        (this.options, this.rules, this.lengths, this.progress, this.moved, this.epoch) = (options, rules, lengths, progress, moved, epoch);
        (this.metrics, this.time, this.log) = (metrics, time, log);
        emptySessions = new EmptySessions(emptyAge, time);
        History = new EmbeddedHistory(ledgerPath, rules);
        lowBackfill = new LowBackfill(rules);
    }

    /// <summary>Every request of the outbox below it is committed in PostgreSQL.</summary>
    public long Forwarded => Volatile.Read(ref forwarded);

    /// <summary>Why nothing moves at the moment; null while it does.</summary>
    public string? Trouble { get; private set; }

    /// <summary>PostgreSQL holds later requests of a run than this outbox does: it was restored from an older copy.</summary>
    public bool Restored { get; private set; }

    /// <summary>What the gateway counted before it had PostgreSQL, on its way there; nothing else moves meanwhile.</summary>
    public EmbeddedHistory History { get; }

    /// <summary>It is on its way.</summary>
    public bool MovesHistory { get; private set; }

    /// <summary>PostgreSQL has been asked since the start, and has everything that this gateway has counted.</summary>
    public bool HasAll => historyIsThere && progress.Committed <= Math.Max(Forwarded, progress.Merged);

    /// <summary>Requests that PostgreSQL confirmed and does not hold any more, while this process ran: a standby without the last commits became the primary.</summary>
    public long TakenBack { get; private set; }

    /// <summary>For tests: called at each step of a transaction, on the forwarder's own time.</summary>
    public Func<ForwardStep, Task>? Reached { get; set; }

    public void Start()
    {
        metrics.ObserveForwarder(() => progress.Committed - Forwarded, () => Lag.TotalSeconds);
        running = Task.Run(RunAsync);
    }

    /// <summary>How long something has been waiting; zero when nothing waits.</summary>
    public TimeSpan Lag => progress.Committed <= Math.Max(Forwarded, progress.Merged) ? TimeSpan.Zero : time.GetUtcNow() - progress.MergedAt;

    public void Wake()
    {
        try
        {
            work.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    /// <summary>One more try to move everything, two seconds at most; what is left stays in the outbox.</summary>
    public void Dispose()
    {
        if (running is null)
            return;
        stopping.Cancel();
        hurry.CancelAfter(TimeSpan.FromSeconds(2));
        Wake();
        running.GetAwaiter().GetResult();
        running = null;
        stopping.Dispose();
        hurry.Dispose();
        // The semaphore is left to its finalizer: a request may still be on its way to it.
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(hurry.Token);
                var marks = await ClaimAsync(connection);
                if (!await MoveHistoryAsync(connection, marks))
                    return;
                await FollowAsync(connection, marks);
                return;
            }
            catch (OperationCanceledException) when (hurry.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // A fenced one stays stopped: another process counts for this gateway, and only a person can tell which one is right.
                if (failure is FencedException { ForGood: true } && failures == 0)
                    log.ForwarderFenced(failure.Message);
                else if (failures == 0)
                    log.ForwarderFailed(failure);
                failures++;
                Trouble = failure.Message;
                metrics.ForwardFailures.Add(1);
                if (failure is FencedException { ForGood: true } || stopping.IsCancellationRequested)
                    return;
                if (!await PauseAsync())
                    return;
            }
        }
    }

    /// <returns>False: the process stops.</returns>
    private async Task<bool> PauseAsync()
    {
        try
        {
            await Task.Delay(Retries.After(failures), stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<ForwardMarks> ClaimAsync(NpgsqlConnection connection)
    {
        await PostgresSchema.Schema.MigrateAsync(connection, hurry.Token);
        await PostgresMerge.PrepareAsync(connection, hurry.Token);
        var marks = await ForwardMarks.ClaimAsync(connection, outbox.Gateway(), holder, hurry.Token);
        days.Clear();
        told.Clear();
        foreach (var (video, length) in outbox.Lengths())
        {
            if (!lengths.Contains(video))
                lengths.Set(video, length);
        }
        if (marks.LastOf(epoch) is var last && last < confirmed)
        {
            TakenBack += confirmed - last;
            log.LedgerWentBack(confirmed - last);
            // What the outbox still has of it is sent again.
            Volatile.Write(ref forwarded, last + 1);
            confirmed = last;
        }
        if (!Restored && marks.IsAhead(outbox.LastOfEachRun(), epoch))
        {
            Restored = true;
            log.OutboxRestored();
        }
        return marks;
    }

    /// <returns>False: the process stops before all of it is there.</returns>
    private async Task<bool> MoveHistoryAsync(NpgsqlConnection connection, ForwardMarks marks)
    {
        if (!await History.IsPendingAsync(connection, marks.Gateway, hurry.Token))
        {
            if (!History.Left.IsNothing)
                log.HistoryLeft(History.Left.Sessions, History.Left.Segments);
            historyIsThere = true;
            return true;
        }
        MovesHistory = true;
        log.HistoryMoves(History.All - History.Moved);
        // What failed before has been mended: the connection stands.
        Trouble = null;
        if (!await History.MoveAsync(connection, marks.Gateway, OldestDay * PostgresSchema.Day, () => stopping.IsCancellationRequested, hurry.Token))
            return false;
        (MovesHistory, historyIsThere) = (false, true);
        log.HistoryMoved(History.Moved);
        return true;
    }

    private async Task FollowAsync(NpgsqlConnection connection, ForwardMarks marks)
    {
        while (true)
        {
            var moving = await ForwardAsync(connection, marks);
            if (failures > 0)
            {
                log.ForwarderRecovered(failures);
                failures = 0;
            }
            Trouble = null;
            if (!stopping.IsCancellationRequested)
                moving |= await lowBackfill.RunAsync(connection, Merge(connection), hurry.Token);
            if (moving)
            {
                await GatherAsync();
                continue;
            }
            if (stopping.IsCancellationRequested)
                return;
            if (expiredAt == 0 || time.GetElapsedTime(expiredAt) > BetweenExpiries)
            {
                await PostgresSchema.DropDaysAsync(connection, OldestDay, hurry.Token);
                await emptySessions.ExpireAsync(connection, hurry.Token);
                expiredAt = time.GetTimestamp();
            }
            if (!await work.WaitAsync(BetweenLooks))
                await marks.StillMineAsync(connection, hurry.Token);
        }
    }

    /// <summary>Waits until a transaction is worth its while: many requests, a second, a moment without any, or somebody who asks.</summary>
    private async Task GatherAsync()
    {
        var (began, before) = (time.GetTimestamp(), 0L);
        while (!progress.MergeAsked && !stopping.IsCancellationRequested && progress.Committed - Forwarded < Portion && progress.Committed != before && time.GetElapsedTime(began) < Gathering)
        {
            before = progress.Committed;
            await Task.Delay(Breath);
        }
    }

    private long OldestDay => (time.GetUtcNow() - options.EventRetention).ToUnixTimeMilliseconds() / PostgresSchema.Day;

    /// <summary>Moves one portion. False when there is nothing to move.</summary>
    private async Task<bool> ForwardAsync(NpgsqlConnection connection, ForwardMarks marks)
    {
        var portion = outbox.Read(Math.Max(Forwarded, 1), Portion, marks);
        var news = lengths.All().Where(pair => told.GetValueOrDefault(pair.Key) != pair.Value).Take(Portion).ToDictionary(StringComparer.Ordinal);
        if (portion.Hits.Count == 0 && news.Count == 0)
        {
            if (portion.Next > Forwarded)
                Advance(portion.Next);
            return false;
        }
        await AtAsync(ForwardStep.Read);
        var started = Stopwatch.GetTimestamp();
        var oldest = OldestDay;
        var missing = portion.Days.Where(day => day >= oldest && !days.Contains(day)).ToList();
        if (missing.Count > 0)
        {
            await PostgresSchema.AddDaysAsync(connection, missing, hurry.Token);
            days.UnionWith(missing);
        }

        await using var transaction = await connection.BeginTransactionAsync(hurry.Token);
        await marks.LockAsync(connection, hurry.Token);
        var merge = Merge(connection);
        var merged = await merge.MergeAsync(portion.Hits, oldest * PostgresSchema.Day, hurry.Token);
        await AtAsync(ForwardStep.Locked);
        await merge.CopyTracesAsync(merged.Traces, marks.Gateway, portion.Epoch, hurry.Token);
        await AtAsync(ForwardStep.Copied);
        await merge.WriteAsync(merged, news, hurry.Token);
        await AtAsync(ForwardStep.Merged);
        if (portion.Hits.Count > 0)
            await marks.WriteAsync(connection, portion, hurry.Token);
        await AtAsync(ForwardStep.Marked);
        await transaction.CommitAsync(hurry.Token);
        await AtAsync(ForwardStep.Committed);

        marks.Confirm(portion);
        if (portion.Epoch == epoch)
            confirmed = portion.Next - 1;
        foreach (var (video, length) in news) told[video] = length;
        ForgetWhatIsNotKnown();
        metrics.HitsForwarded.Add(portion.Hits.Count);
        metrics.ForwardDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        Advance(portion.Next);
        return true;
    }

    private PostgresMerge Merge(NpgsqlConnection connection) => new(connection, rules, options.TraceLimit, lengths, emptySessions.Before);

    // As the lengths are bounded, so is what was told of them. Each time it has doubled, so that it costs little.
    private void ForgetWhatIsNotKnown()
    {
        if (told.Count < forgetAt)
            return;
        var known = lengths.All().Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in told.Keys.Where(video => !known.Contains(video)).ToList()) told.Remove(gone);
        forgetAt = Math.Max(forgetAt, 2 * told.Count);
    }

    private void Advance(long next)
    {
        Volatile.Write(ref forwarded, next);
        moved();
    }

    private Task AtAsync(ForwardStep step) => Reached is { } reached ? reached(step) : Task.CompletedTask;
}

/// <summary>Another process forwards for this gateway.</summary>
internal sealed class FencedException(string message, bool forGood) : Exception(message)
{
    public bool ForGood => forGood;
}
