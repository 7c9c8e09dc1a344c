using System.Threading.Channels;

namespace HlsGateway.Counting;

/// <summary>How far the ledger has come, for readers and for health. Written by the writer's thread, read by any.</summary>
internal sealed class LedgerProgress(TimeProvider time)
{
    private readonly Lock gate = new();

    /// <summary>One waiting note is enough for all that came since.</summary>
    private readonly Channel<bool> noted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long committed = 1;
    private long merged = 1;
    private long mergedAt = time.GetUtcNow().ToUnixTimeMilliseconds();
    private int asked;
    private string? damage;

    /// <summary>Why the ledger is closed at the moment; null while it works.</summary>
    public string? Trouble { get; private set; }

    /// <summary>File name of a damaged ledger that was put aside since start; a person must look at it.</summary>
    public string? Aside { get; private set; }

    /// <summary>One more than the last sequence number on disk.</summary>
    public long Committed => Volatile.Read(ref committed);

    /// <summary>Every request below it is in its session.</summary>
    public long Merged => Volatile.Read(ref merged);

    internal bool MergeAsked => Volatile.Read(ref asked) > 0;

    /// <summary>
    /// Waits until everything that is on disk now is merged, so that an answer includes what its caller just did. After
    /// <paramref name="atMost"/> the answer is what there is.
    /// </summary>
    /// <returns>The time up to which everything is counted.</returns>
    internal async Task<DateTimeOffset> CaughtUpAsync(Action wake, TimeSpan atMost, CancellationToken ct)
    {
        var target = Committed;
        var now = time.GetUtcNow();
        if (Merged >= target)
            return now;
        // A closed ledger merges nothing, so waiting would not help.
        if (Trouble is not null)
            return MergedAt;
        Interlocked.Increment(ref asked);
        try
        {
            wake();
            var deadline = time.GetTimestamp();
            while (true)
            {
                Task next;
                lock (gate) next = moved.Task;
                if (Merged >= target)
                    return now;
                var left = atMost - time.GetElapsedTime(deadline);
                if (left <= TimeSpan.Zero || await Task.WhenAny(next, Task.Delay(left, time, ct)) != next)
                {
                    ct.ThrowIfCancellationRequested();
                    return MergedAt;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref asked);
        }
    }

    /// <summary>When <see cref="Merged"/> last had caught up with <see cref="Committed"/>.</summary>
    public DateTimeOffset MergedAt => DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref mergedAt));

    internal void Publish(long committedSeq, long mergedSeq)
    {
        if (committedSeq == mergedSeq)
            Volatile.Write(ref mergedAt, time.GetUtcNow().ToUnixTimeMilliseconds());
        var movedOn = mergedSeq != Merged;
        Volatile.Write(ref committed, committedSeq);
        Volatile.Write(ref merged, mergedSeq);
        if (!movedOn)
            return;
        TaskCompletionSource done;
        lock (gate) (done, moved) = (moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        done.SetResult();
    }

    /// <summary>Completes once the ledger holds a start, a stop or a gap that it did not hold when this was called last. For one reader.</summary>
    internal ValueTask<bool> NotedAsync(CancellationToken ct) => noted.Reader.ReadAsync(ct);

    internal void Noted() => noted.Writer.TryWrite(true);

    internal void Report(string? trouble) => Trouble = trouble;

    internal void PutAside(string file) => Aside = file;

    internal void Damaged(string finding) => Interlocked.Exchange(ref damage, finding);

    internal string? TakeDamage() => damage is null ? null : Interlocked.Exchange(ref damage, null);
}
