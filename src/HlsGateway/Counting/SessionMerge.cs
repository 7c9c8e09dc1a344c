using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// Turns recorded requests into session rows, inside a transaction of the writer: the batch's row goes and the sessions' rows come
/// in one commit, so a crash repeats nothing and loses nothing.
/// </summary>
internal sealed class SessionMerge : IDisposable
{
    private readonly SessionTable sessions;
    private readonly Rollups rollups;
    private readonly Statement oldest;
    private readonly Statement remove;
    private readonly Statement mark;
    private readonly Statement insertEvent;
    private readonly Statement addAnonymous;
    private readonly Statement addVideo;
    private readonly Statement videoKnown;
    private readonly MergePortion portion;
    private readonly TextPool texts = new();

    public SessionMerge(LedgerFile ledger, VideoLengths lengths, int traceLimit, RollupRules rules, Func<long> expired)
    {
        sessions = new SessionTable(ledger);
        rollups = new Rollups(ledger);
        portion = new MergePortion(rules, traceLimit, lengths, sessions.Read, Known, expired);
        oldest = ledger.Prepare("SELECT first_seq, hits, at, packed FROM batch WHERE first_seq >= ? ORDER BY first_seq LIMIT 1");
        remove = ledger.Prepare("DELETE FROM batch WHERE first_seq = ?");
        mark = ledger.Prepare("UPDATE mark SET value = CASE name WHEN 'merged_seq' THEN ?1 ELSE ?2 END WHERE name IN ('merged_seq', 'merged_at')");
        insertEvent = ledger.Prepare("INSERT INTO event(session_id, seq, at, kind, rule, start_ms, duration_ms, path, player, cmcd, ranged) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
        addAnonymous = ledger.Prepare("""
            INSERT INTO anonymous VALUES (?,?,?,?,?,?)
            ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, fetched_ms = fetched_ms + excluded.fetched_ms
            """);
        addVideo = ledger.Prepare("""
            INSERT INTO video VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET content_ms = CASE WHEN ?2 > 0 THEN ?2 ELSE content_ms END, longest_end_ms = max(longest_end_ms, ?3)
            """);
        videoKnown = ledger.Prepare("SELECT 1 FROM video WHERE video = ?");
    }

    /// <summary>Merges batches from <paramref name="mergedSeq"/> on until about <paramref name="atMost"/> requests are done.</summary>
    /// <returns>The new mark: every request below it is merged once the running transaction commits.</returns>
    public long Run(long mergedSeq, int atMost)
    {
        var done = 0;
        var at = 0L;
        while (done < atMost)
        {
            oldest.Bind(1, mergedSeq);
            if (!oldest.Step())
            {
                oldest.Reset();
                break;
            }
            var first = oldest.Int64(0);
            at = oldest.Int64(2);
            var hits = HitCodec.Read(oldest.Blob(3), texts);
            oldest.Reset();
            for (var i = 0; i < hits.Count; i++)
                Add(first + i, CollectionsMarshal.AsSpan(hits)[i]);
            remove.Bind(1, first).Run();
            mergedSeq = first + hits.Count;
            done += hits.Count;
        }
        if (done == 0)
            return mergedSeq;
        Flush();
        mark.Bind(1, mergedSeq).Bind(2, at).Run();
        return mergedSeq;
    }

    /// <summary>Writes down a length that a playlist told, for videos that nobody has watched yet too.</summary>
    public void Describe(string video, int contentMs) => addVideo.Bind(1, video).Bind(2, contentMs).Bind(3, 0).Run();

    private void Add(long seq, in Hit hit)
    {
        if (!portion.Add(in hit))
            return;
        Span<byte> id = stackalloc byte[16];
        hit.Session.TryWriteBytes(id, bigEndian: true, out _);
        insertEvent.Bind(1, id).Bind(2, seq).Bind(3, hit.AtMs).Bind(4, (long)hit.Kind).Bind(5, (long)hit.Rule)
            .Bind(6, hit.StartMs).Bind(7, hit.DurationMs).Bind(8, hit.Path).Bind(9, (long)hit.Player).Bind(10, hit.Cmcd?.ToString() ?? "").Bind(11, hit.Ranged ? 1 : 0).Run();
    }

    private bool Known(string video)
    {
        var known = videoKnown.Bind(1, video).Step();
        videoKnown.Reset();
        return known;
    }

    private void Flush()
    {
        portion.Close();
        foreach (var state in portion.Sessions) sessions.Write(state);
        foreach (var (key, sum) in portion.Nameless)
            addAnonymous.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, (long)key.Rule).Bind(4, (long)key.Kind).Bind(5, sum.Requests).Bind(6, sum.FetchedMs).Run();
        foreach (var (video, end) in portion.Ends)
            addVideo.Bind(1, video).Bind(2, 0).Bind(3, end).Run();
        rollups.Write(portion.Sums);
        portion.Clear();
    }

    public void Dispose()
    {
        sessions.Dispose();
        rollups.Dispose();
        oldest.Dispose();
        remove.Dispose();
        mark.Dispose();
        insertEvent.Dispose();
        addAnonymous.Dispose();
        addVideo.Dispose();
        videoKnown.Dispose();
    }
}
