using System.Threading.Channels;

namespace HlsGateway.Counting;

/// <summary>How far the ledger has come, for readers and for health. Written by the writer's thread, read by any.</summary>
internal sealed class LedgerProgress(TimeProvider time)
{
    /// <summary>Between two <see cref="moments"/>, milliseconds, while there are few.</summary>
    private const long Spacing = 50;

    private const int MostMoments = 1024;

    private readonly Lock gate = new();

    /// <summary>One waiting note is enough for all that came since.</summary>
    private readonly Channel<bool> noted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When how much was on disk, oldest first; what is merged is taken out.</summary>
    private readonly Queue<(long Seq, long At)> moments = new();
    private long committed = 1;
    private long merged = 1;
    private long mergedAt = time.GetUtcNow().ToUnixTimeMilliseconds();
    private long asked;
    private long nextMoment;
    private long spacing = Spacing;
    private string? damage;

    /// <summary>Why the ledger is closed at the moment; null while it works.</summary>
    public string? Trouble { get; private set; }

    /// <summary>File name of a damaged ledger that was put aside since start; a person must look at it.</summary>
    public string? Aside { get; private set; }

    /// <summary>One more than the last sequence number on disk.</summary>
    public long Committed => Volatile.Read(ref committed);

    /// <summary>Every request below it is in its session.</summary>
    public long Merged => Volatile.Read(ref merged);

    /// <summary>Somebody waits, or waited for as long as a reader does, for requests that are not merged yet.</summary>
    internal bool MergeAsked => Volatile.Read(ref asked) > Merged;

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
        lock (gate) asked = Math.Max(asked, target);
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

    /// <summary>Everything that was on disk at this time is merged.</summary>
    public DateTimeOffset MergedAt => DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref mergedAt));

    internal void Publish(long committedSeq, long mergedSeq)
    {
        var movedOn = mergedSeq != Merged;
        Date(committedSeq, mergedSeq);
        Volatile.Write(ref committed, committedSeq);
        Volatile.Write(ref merged, mergedSeq);
        if (!movedOn)
            return;
        TaskCompletionSource done;
        lock (gate) (done, moved) = (moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        done.SetResult();
    }

    private void Date(long committedSeq, long mergedSeq)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var at = committedSeq == mergedSeq ? now : 0;
        while (moments.TryPeek(out var moment) && moment.Seq <= mergedSeq) at = Math.Max(at, moments.Dequeue().At);
        if (at > 0)
            Volatile.Write(ref mergedAt, at);
        if (committedSeq == mergedSeq || now < nextMoment)
            return;
        if (moments.Count == MostMoments)
        {
            // Every second one goes, and from now on they are twice as far apart.
            spacing *= 2;
            for (var i = 0; i < MostMoments; i++)
            {
                var moment = moments.Dequeue();
                if (i % 2 == 0) moments.Enqueue(moment);
            }
        }
        if (moments.Count == 0) spacing = Spacing;
        moments.Enqueue((committedSeq, now));
        nextMoment = now + spacing;
    }

    /// <summary>Completes once the ledger holds a start, a stop or a gap that it did not hold when this was called last. For one reader.</summary>
    internal ValueTask<bool> NotedAsync(CancellationToken ct) => noted.Reader.ReadAsync(ct);

    internal void Noted() => noted.Writer.TryWrite(true);

    internal void Report(string? trouble) => Trouble = trouble;

    internal void PutAside(string file) => Aside = file;

    internal void Damaged(string finding) => Interlocked.Exchange(ref damage, finding);

    internal string? TakeDamage() => damage is null ? null : Interlocked.Exchange(ref damage, null);
}
