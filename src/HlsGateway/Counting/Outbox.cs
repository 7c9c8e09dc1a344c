using HlsGateway.Counting.Postgres;
using HlsGateway.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace HlsGateway.Counting;

/// <summary>
/// Playback records here each request that it is about to answer. A true answer means: on disk, whatever happens to this process or machine.
/// False means: the viewer goes on, and what was asked for is recorded late or counted as a loss. Nothing here ever throws into a request.
/// </summary>
internal sealed class Outbox : IHostedService, IDisposable
{
    /// <summary>In the data directory.</summary>
    internal const string LockFile = "ledger.lock";

    private readonly string folder;
    private readonly bool counts;
    private readonly LedgerOptions options;
    private readonly TimeSpan? emptyAge;
    private readonly RollupRules rules;
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<Outbox> log;
    private readonly VideoLengths lengths = new();
    private LedgerLock? held;
    private LossTally? tally;
    private HitQueue? queue;
    private LedgerWriter? writer;
    private readonly long epoch = Random.Shared.NextInt64(1, long.MaxValue);
    private int disposed;

    public Outbox(IOptions<GatewayOptions> gateway, IOptions<LedgerOptions> options, IOptions<AnalyticsOptions> analytics, SessionSpan sessions, IConfiguration configuration, IHostEnvironment environment, GatewayMetrics metrics, TimeProvider time, ILogger<Outbox> log)
        : this(Path.Combine(environment.ContentRootPath, gateway.Value.DataDirectory), options.Value, analytics.Value, metrics, time, log, configuration.GetConnectionString("Ledger"), gateway.Value.Has("gateway"), sessions)
    {
    }

    internal Outbox(string folder, LedgerOptions options, AnalyticsOptions analytics, GatewayMetrics metrics, TimeProvider time, ILogger<Outbox> log, string? postgres = null, bool counts = true, SessionSpan? sessions = null)
    {
        emptyAge = (sessions ?? new SessionSpan(TimeSpan.FromDays(1))).EmptyAge(options);
        this.counts = counts;
        (this.folder, this.options, this.metrics, this.time, this.log) = (folder, options, metrics, time, log);
        rules = analytics.Rules;
        Progress = new LedgerProgress(time);
        LedgerPath = Path.Combine(folder, "ledger.db");
        if (counts && !string.IsNullOrEmpty(postgres))
            Forwarder = new Forwarder(LedgerPath, postgres, options, emptyAge, rules, lengths, Progress, () => queue?.Wake(), epoch, metrics, time, log);
    }

    public LedgerProgress Progress { get; }

    public LiveTail Live { get; } = new();

    /// <summary>Moves what is on disk to PostgreSQL; null where the embedded ledger is all there is.</summary>
    internal Forwarder? Forwarder { get; }

    public string LedgerPath { get; }

    /// <summary>Requests that were answered and not recorded, since the ledger was made.</summary>
    public long Lost => queue?.Lost ?? 0;

    /// <summary>Requests whose viewers were let go before the disk had them: to be recorded or lost, not known yet.</summary>
    public long Undecided => queue?.Undecided ?? 0;

    /// <summary>Requests that wait for the disk.</summary>
    public int Depth => queue?.Held ?? 0;

    /// <summary>Requests that wait for the disk, or on it for PostgreSQL. Those that the embedded ledger has not merged are merged for whoever asks.</summary>
    public long Backlog => Depth + (Forwarder is null ? 0 : Progress.Committed - Progress.Merged);

    internal long LastLossAt => queue?.LastLossAt ?? 0;

    /// <summary>True once the hit is on disk; false once it is lost or <c>Ledger:CommitTimeout</c> is over, whichever comes first: then it stays queued.</summary>
    public ValueTask<bool> RecordAsync(in Hit hit) => RecordAsync(in hit, new HitWaiter(apart: true));

    /// <summary>The same with a waiter of the caller's own, which waits for one hit at a time.</summary>
    public ValueTask<bool> RecordAsync(in Hit hit, HitWaiter waiter)
    {
        var answer = default(ValueTask<bool>);
        queue?.Add(in hit, waiter, out answer);
        return answer;
    }

    /// <summary>Records what nobody waits for (HEAD): the trace shows it, losses do not count it.</summary>
    public void Note(in Hit hit) => queue?.Add(in hit, waiter: null, out _);

    /// <summary>Tells the length of a video's content. Cheap when nothing changed.</summary>
    public void Describe(string video, int durationMs)
    {
        if (durationMs <= 0 || (lengths.TryGet(video, out var known) && durationMs == known))
            return;
        lengths.Set(video, durationMs);
        writer?.Describe(video, durationMs);
        Forwarder?.Wake();
    }

    /// <summary>Whether this process has heard how long the video is.</summary>
    public bool KnowsLength(string video) => lengths.Contains(video);

    /// <summary>Waits, for a bounded time, until everything on disk is in the sessions; returns the time up to which all is counted.</summary>
    public Task<DateTimeOffset> CaughtUpAsync(CancellationToken ct) =>
        Progress.CaughtUpAsync(() => queue?.Wake(), options.ReportTimeout, ct);

    /// <summary>The time up to which a reader would find everything counted. Embedded it has nothing merged for that: each second would be a sweep.</summary>
    public Task<DateTimeOffset> CountedToAsync(CancellationToken ct) =>
        Forwarder is not null ? CaughtUpAsync(ct) : Task.FromResult(Progress.Trouble is null ? time.GetUtcNow() : Progress.MergedAt);

    /// <exception cref="WrongStartException">Another process holds the ledger.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A process without players has nothing to count, and leaves the ledger to the one that has.
        if (!counts)
            return Task.CompletedTask;
        Directory.CreateDirectory(folder);
        held = LedgerLock.Take(Path.Combine(folder, LockFile));
        tally = LossTally.Open(Path.Combine(folder, "ledger.lost"));
        var waiting = new HitQueue(options, tally, metrics);
        writer = new LedgerWriter(LedgerPath, options, emptyAge, waiting, tally, lengths, rules, Progress, Live, Forwarder, epoch, metrics, time, log);
        writer.Start();
        queue = waiting;
        Forwarder?.Start();
        metrics.ObserveOutbox(() => Depth, () => Undecided);
        using var memory = new SqliteConnection("Data Source=:memory:");
        memory.Open();
        log.LedgerOpened(memory.ServerVersion, options.CommitTimeout.TotalMilliseconds);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // The host stops it, and the container disposes of it again.
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        queue?.Close();
        // What waits is committed first, so that the forwarder's last round has all of it; what that cannot move stays on disk.
        if (Forwarder is { } forwarder)
        {
            writer?.Flush();
            forwarder.Dispose();
        }
        writer?.Dispose();
        writer = null;
        queue?.Dispose();
        tally?.Dispose();
        tally = null;
        held?.Dispose();
        held = null;
    }
}
