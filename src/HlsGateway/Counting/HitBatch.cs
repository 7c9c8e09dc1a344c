namespace HlsGateway.Counting;

/// <summary>
/// Requests of a few milliseconds, recorded or lost together. All fields are guarded by the queue's lock. One that waits can be
/// lost to the clock; once it is in a transaction, the disk decides, however late. Its viewers are let go a share at a time, by as many work items
/// as there are cores at most: one for each viewer costs more than what the viewer's answer takes.
/// </summary>
internal sealed class HitBatch(HitQueue? queue) : IThreadPoolWorkItem
{
    /// <summary>Viewers that one thread answers before it looks whether another has taken over.</summary>
    private const int Share = 32;

    /// <summary>Hits of one that is kept for use: more come together only while the disk is late.</summary>
    private const int Kept = 4096;

    private Hit[] hits = new Hit[64];
    private HitWaiter[] waiters = new HitWaiter[64];
    private int told;
    private bool answer;
    private int next;

    /// <summary>Work items that run, and the ledger until it has read the hits.</summary>
    private int users = 1;

    /// <summary>Stopwatch ticks at which its viewers are let go.</summary>
    public long Deadline { get; private set; }

    /// <summary>The viewers were let go before the disk had it.</summary>
    public bool Released { get; set; }

    /// <summary>Hits that somebody waits for; notes are not among them.</summary>
    public int Awaited { get; private set; }

    public int Count { get; private set; }

    public ReadOnlySpan<Hit> Hits => hits.AsSpan(0, Count);

    public HitBatch Until(long deadline)
    {
        Deadline = deadline;
        return this;
    }

    /// <param name="waiter">Null: nobody waits.</param>
    public void Add(in Hit hit, HitWaiter? waiter)
    {
        if (Count == hits.Length)
            Array.Resize(ref hits, Count * 4);
        hits[Count++] = hit;
        if (waiter is null)
            return;
        if (Awaited == waiters.Length)
            Array.Resize(ref waiters, Awaited * 4);
        waiters[Awaited++] = waiter;
    }

    /// <summary>Lets the viewers go; later calls change nothing.</summary>
    public void Tell(bool durable)
    {
        if (Interlocked.Exchange(ref told, 1) != 0 || Awaited == 0)
            return;
        answer = durable;
        var items = Math.Min((Awaited + Share - 1) / Share, Environment.ProcessorCount);
        Interlocked.Add(ref users, items);
        for (var i = 0; i < items; i++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        for (int from; (from = Interlocked.Add(ref next, Share) - Share) < Awaited;)
        {
            foreach (var waiter in waiters.AsSpan(from, Math.Min(Share, Awaited - from)))
                waiter.Tell(answer);
        }
        Leave();
    }

    /// <summary>Whoever calls it looks at no field of the batch again: the last one makes it ready for other hits.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref users) != 0 || hits.Length > Kept)
            return;
        Array.Clear(hits, 0, Count);
        Array.Clear(waiters, 0, Awaited);
        (told, next, users, Count, Awaited, Released) = (0, 0, 1, 0, 0, false);
        queue?.Spare(this);
    }
}
