using System.Threading.Channels;

namespace HlsGateway.Counting;

/// <summary>
/// What was made durable last, for clients that follow it live. Written by the ledger's thread, which never waits for a reader: each
/// reader has a bounded queue, and one that does not keep up is cut off.
/// </summary>
internal sealed class LiveTail
{
    /// <summary>Requests that a reader can come back to after a broken connection.</summary>
    internal const int Kept = 8192;

    /// <summary>Requests that may wait for a slow reader: some seconds of a busy gateway.</summary>
    internal const int Backlog = 4096;

    /// <summary>Sessions that are checked when counting those that play.</summary>
    private const int MostWatching = 1_000_000;

    private const long PlayingMs = 30_000;

    private readonly Lock gate = new();
    private readonly (long Seq, Hit Hit)[] ring = new (long, Hit)[Kept];
    private readonly HashSet<Channel<(long Seq, Hit Hit)>> readers = [];
    private readonly Dictionary<Guid, long> lastSeen = [];
    private long next;

    /// <summary>Sessions that are held to tell how many play; none while nobody listens.</summary>
    internal int Seen
    {
        get
        {
            lock (gate) return lastSeen.Count;
        }
    }

    /// <summary>Reads from the first request after <paramref name="after"/>; null begins with the next one.</summary>
    /// <param name="missed">Some of what followed <paramref name="after"/> is no longer kept.</param>
    internal Channel<(long Seq, Hit Hit)> Subscribe(long? after, out bool missed)
    {
        var channel = Channel.CreateBounded<(long, Hit)>(new BoundedChannelOptions(Kept + Backlog) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        missed = false;
        lock (gate)
        {
            if (after is { } last && next > 0)
            {
                var kept = ring.Where(entry => entry.Seq > last).OrderBy(entry => entry.Seq).ToList();
                missed = kept.Count > 0 && kept[0].Seq > last + 1;
                foreach (var entry in kept) channel.Writer.TryWrite(entry);
            }
            // No client was listening: the requests that are kept say who plays.
            if (readers.Count == 0)
            {
                foreach (var (_, hit) in ring) See(in hit);
            }
            readers.Add(channel);
        }
        return channel;
    }

    /// <summary>
    /// Sessions with a counted request within 30 s, as far as the kept requests go back when the first reader came, and all since. Each
    /// reader asks once a second, so no more sessions are held than play.
    /// </summary>
    internal long Watching(long nowMs)
    {
        lock (gate)
        {
            foreach (var (session, at) in lastSeen)
            {
                if (at < nowMs - PlayingMs)
                    lastSeen.Remove(session);
            }
            return lastSeen.Count;
        }
    }

    internal void Unsubscribe(Channel<(long Seq, Hit Hit)> channel)
    {
        lock (gate) Remove(channel);
    }

    /// <summary>The batches are on disk; the first of their requests has the number <paramref name="seq"/>.</summary>
    internal void Publish(List<HitBatch> batches, long seq)
    {
        lock (gate)
        {
            foreach (var batch in batches)
            {
                foreach (ref readonly var hit in batch.Hits)
                {
                    ring[next++ % Kept] = (seq, hit);
                    if (readers.Count > 0)
                    {
                        See(in hit);
                        Send(seq, in hit);
                    }
                    seq++;
                }
            }
        }
    }

    private void See(in Hit hit)
    {
        if (hit.Rule == HitRule.Counted && lastSeen.Count < MostWatching)
            lastSeen[hit.Session] = Math.Max(hit.AtMs, lastSeen.GetValueOrDefault(hit.Session));
    }

    private void Remove(Channel<(long Seq, Hit Hit)> reader)
    {
        readers.Remove(reader);
        if (readers.Count > 0)
            return;
        lastSeen.Clear();
        lastSeen.TrimExcess();
    }

    private void Send(long seq, in Hit hit)
    {
        List<Channel<(long Seq, Hit Hit)>>? slow = null;
        foreach (var reader in readers)
        {
            if (!reader.Writer.TryWrite((seq, hit)))
                (slow ??= []).Add(reader);
        }
        foreach (var reader in slow ?? [])
        {
            reader.Writer.TryComplete();
            Remove(reader);
        }
    }
}
