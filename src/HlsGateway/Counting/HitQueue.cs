using System.Diagnostics;
using HlsGateway.Telemetry;

namespace HlsGateway.Counting;

/// <summary>
/// What waits for the disk, and the clock that lets viewers go when the disk is late. While the ledger is open their hits stay
/// queued and are recorded late; while it fails they are lost. Batches change under one lock, so a hit is
/// recorded or lost and never both: the clock can lose only what no transaction has taken, and of what one has taken the disk
/// alone decides.
/// </summary>
internal sealed class HitQueue : IDisposable
{
    /// <summary>Batches that are kept for use: of a fast disk one is filled while another is written and a third is answered.</summary>
    private const int MostSpare = 8;

    private readonly object gate = new();
    // Older than all that wait: their viewers were let go, and no new hit joins them.
    private readonly Queue<HitBatch> late = new();
    private readonly Queue<HitBatch> waiting = new();
    private readonly List<HitBatch> taken = [];
    private readonly Stack<HitBatch> spare = new(MostSpare);
    private readonly AutoResetEvent work = new(false);
    private readonly LossTally tally;
    private readonly GatewayMetrics metrics;
    private readonly Thread clock;
    private readonly long timeout;
    private readonly long window;
    private readonly int limit;
    private HitBatch? open;
    private long openUntil;
    private int held;
    private long lastLossAt;
    private bool failing;
    private bool closed;
    private bool clockIdle;
    private bool stopped;
    private long lostAtStop;

    public HitQueue(LedgerOptions options, LossTally tally, GatewayMetrics metrics)
    {
        this.tally = tally;
        this.metrics = metrics;
        limit = options.QueueLimit;
        timeout = (long)(options.CommitTimeout.TotalSeconds * Stopwatch.Frequency);
        // A batch takes new hits for a tenth of the timeout: its first hit waits the whole timeout, its last one nine tenths.
        window = timeout / 10;
        // A process that was killed before these requests were recorded has lost them.
        if (tally.Late is > 0 and var orphans)
        {
            tally.LoseLate(orphans);
            CountLoss(orphans);
        }
        clock = new Thread(RunClock) { IsBackground = true, Name = "ledger clock" };
        clock.Start();
    }

    /// <summary>Hits that wait or are in a transaction.</summary>
    public int Held
    {
        get { lock (gate) return held; }
    }

    public long Lost
    {
        get { lock (gate) return stopped ? lostAtStop : tally.Lost; }
    }

    public long Undecided
    {
        get { lock (gate) return stopped ? 0 : tally.Undecided + tally.Late; }
    }

    /// <summary>Stopwatch timestamp of the last loss; 0 = none since start.</summary>
    public long LastLossAt => Volatile.Read(ref lastLossAt);

    /// <summary>The ledger does not open or does not write: a hit that waits too long for it is lost, not late.</summary>
    public bool Failing
    {
        set
        {
            lock (gate)
            {
                if (failing == value)
                    return;
                failing = value;
                while (failing && late.TryDequeue(out var batch)) LetGo(batch);
            }
        }
    }

    /// <summary>True once a hit is durable; false once it is lost, or its viewer is let go before. Never throws.</summary>
    /// <param name="waiter">Waits for this answer alone; null: nobody waits.</param>
    public void Add(in Hit hit, HitWaiter? waiter, out ValueTask<bool> answer)
    {
        answer = default;
        var wake = false;
        lock (gate)
        {
            if (stopped)
                return;
            if (held >= limit || closed)
            {
                if (waiter is not null)
                    Lose(1);
                return;
            }
            var now = Stopwatch.GetTimestamp();
            if (open is null || now > openUntil)
            {
                open = (spare.TryPop(out var used) ? used : new HitBatch(this)).Until(now + timeout);
                openUntil = now + window;
                waiting.Enqueue(open);
                wake = waiting.Count == 1;
                // Deadlines only grow: a clock that already waits for one wakes early enough for this one too.
                if (clockIdle)
                    Monitor.Pulse(gate);
            }
            if (waiter is not null)
                answer = waiter.Begin();
            open.Add(in hit, waiter);
            held++;
        }
        if (wake)
            work.Set();
    }

    /// <summary>Keeps a batch that nobody uses any more.</summary>
    public void Spare(HitBatch batch)
    {
        lock (gate)
        {
            if (spare.Count < MostSpare)
                spare.Push(batch);
        }
    }

    public void Wake() => work.Set();

    public void WaitForWork(TimeSpan atMost) => work.WaitOne(atMost);

    /// <summary>Moves waiting batches into a transaction that begins at <paramref name="firstSeq"/>.</summary>
    /// <returns>The number of hits.</returns>
    public int Take(List<HitBatch> into, int atMost, long firstSeq)
    {
        lock (gate)
        {
            var hits = 0;
            var behind = 0;
            while ((late.TryPeek(out var batch) || waiting.TryPeek(out batch)) && (hits == 0 || hits + batch.Count <= atMost))
            {
                if (batch.Released)
                    behind += late.Dequeue().Awaited;
                else
                    waiting.Dequeue();
                if (ReferenceEquals(batch, open))
                    open = null;
                taken.Add(batch);
                into.Add(batch);
                hits += batch.Count;
            }
            if (hits > 0)
                tally.Begin(firstSeq);
            if (behind > 0)
                tally.TakeLate(behind);
            return hits;
        }
    }

    /// <summary>The transaction has ended, in time or not: each of its hits is now recorded or lost.</summary>
    public void Decide(List<HitBatch> batches, bool recorded)
    {
        lock (gate)
        {
            var undecided = tally.Decide(recorded);
            if (undecided > 0)
            {
                if (recorded)
                    metrics.HitsLate.Add(undecided);
                else
                    CountLoss(undecided);
            }
            foreach (var batch in batches)
            {
                taken.Remove(batch);
                held -= batch.Count;
                if (!recorded && !batch.Released)
                    Lose(batch.Awaited);
                if (recorded)
                    metrics.HitsRecorded.Add(batch.Count);
            }
        }
        foreach (var batch in batches)
            batch.Tell(recorded);
    }

    /// <summary>No further hits; what is held is still taken and decided.</summary>
    public void Close()
    {
        lock (gate) closed = true;
        work.Set();
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (stopped)
                return;
            closed = true;
            while (late.TryDequeue(out var batch) || waiting.TryDequeue(out batch)) LetGo(batch);
            foreach (var batch in taken.Where(batch => !batch.Released)) Release(batch);
            (stopped, lostAtStop) = (true, tally.Lost);
            Monitor.PulseAll(gate);
        }
        // The event is left to its finalizer: a request may still be on its way to it.
        clock.Join();
    }

    private void RunClock()
    {
        lock (gate)
        {
            while (!stopped)
            {
                var now = Stopwatch.GetTimestamp();
                var next = long.MaxValue;
                foreach (var batch in taken)
                {
                    if (batch.Released)
                        continue;
                    if (batch.Deadline <= now)
                        Release(batch);
                    else
                        next = Math.Min(next, batch.Deadline);
                }
                while (waiting.TryPeek(out var batch) && batch.Deadline <= now)
                {
                    waiting.Dequeue();
                    if (failing)
                        LetGo(batch);
                    else
                        FallBehind(batch);
                }
                if (waiting.TryPeek(out var oldest))
                    next = Math.Min(next, oldest.Deadline);
                clockIdle = next == long.MaxValue;
                if (clockIdle)
                    Monitor.Wait(gate);
                else
                    Monitor.Wait(gate, TimeSpan.FromSeconds((double)(next - now) / Stopwatch.Frequency) + TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private void Release(HitBatch batch)
    {
        // Before the viewers are let go, so that no 302 is sent that is neither recorded nor counted here.
        batch.Released = true;
        tally.LeaveUndecided(batch.Awaited);
        batch.Tell(false);
    }

    private void FallBehind(HitBatch batch)
    {
        if (ReferenceEquals(batch, open))
            open = null;
        batch.Released = true;
        late.Enqueue(batch);
        tally.LeaveLate(batch.Awaited);
        batch.Tell(false);
    }

    private void LetGo(HitBatch batch)
    {
        if (ReferenceEquals(batch, open))
            open = null;
        held -= batch.Count;
        if (batch.Released)
            tally.LoseLate(batch.Awaited);
        else
            tally.Lose(batch.Awaited);
        CountLoss(batch.Awaited);
        batch.Tell(false);
    }

    private void Lose(int hits)
    {
        tally.Lose(hits);
        CountLoss(hits);
    }

    private void CountLoss(long hits)
    {
        if (hits == 0)
            return;
        metrics.HitsLost.Add(hits);
        Volatile.Write(ref lastLossAt, Stopwatch.GetTimestamp());
    }
}
