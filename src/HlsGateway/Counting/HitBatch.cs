namespace HlsGateway.Counting;

/// <summary>
/// Requests of a few milliseconds, recorded or lost together. All fields are guarded by the queue's lock. One that waits can be
/// lost to the clock; once it is in a transaction, the disk decides, however late.
/// </summary>
internal sealed class HitBatch(long deadline)
{
    // One source per batch: its waiters share it, and none of them runs on the writer's thread.
    private readonly TaskCompletionSource<bool> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Hit[] hits = new Hit[16];

    /// <summary>Stopwatch ticks at which its viewers are let go.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>The viewers were let go before the disk had it.</summary>
    public bool Released { get; set; }

    /// <summary>Hits that somebody waits for; notes are not among them.</summary>
    public int Awaited { get; private set; }

    public int Count { get; private set; }

    public ReadOnlySpan<Hit> Hits => hits.AsSpan(0, Count);

    public Task<bool> Answer => answer.Task;

    public void Add(in Hit hit, bool awaited)
    {
        if (Count == hits.Length)
            Array.Resize(ref hits, Count * 4);
        hits[Count++] = hit;
        if (awaited)
            Awaited++;
    }

    /// <summary>Lets the viewers go; later calls change nothing.</summary>
    public void Tell(bool durable) => answer.TrySetResult(durable);
}
