using System.Threading.Channels;

namespace HlsGateway.Counting;

/// <summary>
/// What was made durable last, for those who watch it happen. Written by the ledger's thread, which never waits for a reader: each
/// reader has a bounded queue, and one that does not keep up is cut off.
/// </summary>
public sealed class LiveTail
{
    /// <summary>Requests that a reader can come back to after a broken connection.</summary>
    internal const int Kept = 8192;

    /// <summary>Requests that may wait for a slow reader: some seconds of a busy gateway.</summary>
    internal const int Backlog = 4096;

    /// <summary>Sessions that are looked at when counting those that play.</summary>
    private const int MostWatching = 1_000_000;

    private const long PlayingMs = 30_000;

    private readonly Lock gate = new();
    private readonly (long Seq, Hit Hit)[] ring = new (long, Hit)[Kept];
    private readonly HashSet<Channel<(long Seq, Hit Hit)>> readers = [];
    private readonly Dictionary<Guid, long> lastSeen = [];
    private long next;

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
            readers.Add(channel);
        }
        return channel;
    }

    /// <summary>Sessions with a counted request within 30 s, since this process started.</summary>
    internal long Watching(long nowMs)
    {
        lock (gate)
        {
            foreach (var (session, at) in lastSeen)
            {
                if (at < nowMs - PlayingMs) lastSeen.Remove(session);
            }
            return lastSeen.Count;
        }
    }

    internal void Unsubscribe(Channel<(long Seq, Hit Hit)> channel)
    {
        lock (gate) readers.Remove(channel);
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
                    if (hit.Rule == HitRule.Counted && lastSeen.Count < MostWatching) lastSeen[hit.Session] = hit.AtMs;
                    if (readers.Count > 0) Send(seq, in hit);
                    seq++;
                }
            }
        }
    }

    private void Send(long seq, in Hit hit)
    {
        List<Channel<(long Seq, Hit Hit)>>? slow = null;
        foreach (var reader in readers)
        {
            if (!reader.Writer.TryWrite((seq, hit))) (slow ??= []).Add(reader);
        }
        foreach (var reader in slow ?? [])
        {
            reader.Writer.TryComplete();
            readers.Remove(reader);
        }
    }
}
