using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// Turns recorded requests into session rows. What a commit has made durable waits in memory, by session, so that a session is read and
/// written once for all of its requests that came meanwhile. Then a sweep writes the sessions in the order of their ids, a slice in
/// each transaction of the writer, and each slice writes down how far it came: a crash between two of them repeats nothing and loses nothing.
/// </summary>
internal sealed class SessionMerge : IDisposable
{
    /// <summary>How long requests wait for a sweep that nobody asks for: some fifteen of a session that plays segments of 4 s.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of requests in memory, twice at most: those that are swept, and those that come meanwhile. Some 200,000 requests; further ones wait on the disk.</summary>
    internal const long MostHeld = 32L << 20;

    /// <summary>A slice ends after so many sessions, requests or milliseconds of reading and applying; writing takes about as long again. Viewers may wait for it.</summary>
    private const int SliceSessions = 96;
    private const int SliceHits = 3000;
    private static readonly TimeSpan SliceTime = TimeSpan.FromMilliseconds(2);

    /// <summary>Commits whose rows are deleted in one transaction: about a millisecond.</summary>
    private const int SliceBatches = 512;

    private readonly SessionTable sessions;
    private readonly SessionCache cache = new();
    private readonly Rollups rollups;
    private readonly Statement oldest;
    private readonly Statement remove;
    private readonly Statement removed;
    private readonly Statement mark;
    private readonly Statement sweep;
    private readonly Statement insertTrace;
    private readonly Statement addAnonymous;
    private readonly Statement addVideo;
    private readonly Statement videoKnown;
    private readonly MergePortion portion;
    private readonly TimeProvider time;
    private readonly long mostHeld;
    private readonly TextPool texts = new();
    private readonly List<Hit> decoded = [];
    private HeldHits waiting = new();
    private HeldHits swept = new();
    private DateTimeOffset waitingSince;
    private MergeMark done;
    private Guid[] order = [];
    private int place;
    private int next = HeldHits.None;
    private long held;

    public SessionMerge(LedgerFile ledger, VideoLengths lengths, int traceLimit, RollupRules rules, Func<long> expired, TimeProvider time, long mostHeld = MostHeld)
    {
        (this.time, this.mostHeld) = (time, mostHeld);
        sessions = new SessionTable(ledger);
        rollups = new Rollups(ledger);
        portion = new MergePortion(rules, traceLimit, lengths, Read, Known, expired);
        oldest = ledger.Prepare("SELECT first_seq, hits, at, packed FROM batch WHERE first_seq >= ? AND first_seq < ? ORDER BY first_seq LIMIT 1");
        remove = ledger.Prepare($"DELETE FROM batch WHERE first_seq IN (SELECT first_seq FROM batch WHERE first_seq < ? ORDER BY first_seq LIMIT {SliceBatches})");
        removed = ledger.Prepare("SELECT NOT EXISTS (SELECT 1 FROM batch WHERE first_seq < ?)");
        mark = ledger.Prepare("UPDATE mark SET value = CASE name WHEN 'merged_seq' THEN ?1 ELSE ?2 END WHERE name IN ('merged_seq', 'merged_at')");
        sweep = ledger.Prepare("UPDATE sweep SET until = ?, session_id = ?, seq = ?");
        insertTrace = ledger.Prepare("INSERT INTO trace(session_id, seq, hits, packed) VALUES (?,?,?,?)");
        addAnonymous = ledger.Prepare("""
            INSERT INTO anonymous VALUES (?,?,?,?,?,?)
            ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, fetched_ms = fetched_ms + excluded.fetched_ms
            """);
        addVideo = ledger.Prepare("""
            INSERT INTO video VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET content_ms = CASE WHEN ?2 > 0 THEN ?2 ELSE content_ms END, longest_end_ms = max(longest_end_ms, ?3)
            """);
        videoKnown = ledger.Prepare("SELECT 1 FROM video WHERE video = ?");
        done = ReadMark(ledger);
        held = done.From;
        if (done.IsSweeping)
            Resume();
    }

    public bool IsSweeping => done.IsSweeping;

    /// <summary>Every request below it is merged once the running transaction commits.</summary>
    public long Merged => done.From;

    /// <summary>A sweep is under way, or has been waited for long enough, or memory is full.</summary>
    public bool IsDue => done.IsSweeping || waiting.Weight >= mostHeld || (waiting.Count > 0 && time.GetUtcNow() - waitingSince >= Patience);

    /// <summary>Takes over a commit that is on disk now, as it stands there; or leaves it there, when earlier ones are still to be read or memory is full.</summary>
    public void Take(long first, ReadOnlySpan<byte> packed)
    {
        if (held == first && waiting.Weight < mostHeld)
            Hold(waiting, first, packed);
    }

    /// <summary>Reads what is on disk and not in memory, about <paramref name="atMost"/> requests.</summary>
    /// <param name="nextSeq">One more than the last number on disk.</param>
    public void Load(long nextSeq, int atMost)
    {
        var enough = held + atMost;
        while (held < nextSeq && held < enough && waiting.Weight < mostHeld) ReadInto(waiting, nextSeq);
    }

    /// <summary>Merges a slice; begins a sweep where there is none.</summary>
    public void Run()
    {
        if (!done.IsSweeping && !Begin())
            return;
        if (place < order.Length)
        {
            Slice();
            done = place < order.Length
                ? done with { Session = order[place], Seq = next == HeldHits.None ? 0 : swept.Seq(next) }
                : done with { Session = Guid.AllBitsSet, Seq = long.MaxValue };
            WriteSweep();
            if (place < order.Length)
                return;
        }
        remove.Bind(1, done.Until).Run();
        removed.Bind(1, done.Until).Step();
        var all = removed.Int64(0) == 1;
        removed.Reset();
        if (!all)
            return;
        done = new MergeMark(done.Until, 0, Guid.Empty, 0);
        WriteSweep();
        mark.Bind(1, done.From).Bind(2, time.GetUtcNow().ToUnixTimeMilliseconds()).Run();
        swept.Clear();
    }

    /// <summary>Rows of sessions were deleted: what is remembered of them is no longer so. (<see cref="LowBackfill"/> changes only rows that were not written since the start.)</summary>
    public void Forget() => cache.Clear();

    /// <summary>Writes down a length that a playlist told, for videos that nobody has watched yet too.</summary>
    public void Describe(string video, int contentMs) => addVideo.Bind(1, video).Bind(2, contentMs).Bind(3, 0).Run();

    private static MergeMark ReadMark(LedgerFile ledger)
    {
        var from = ledger.Single("SELECT value FROM mark WHERE name = 'merged_seq'");
        using var read = ledger.Prepare("SELECT until, session_id, seq FROM sweep");
        read.Step();
        return new MergeMark(from, read.Int64(0), new Guid(read.Blob(1), bigEndian: true), read.Int64(2));
    }

    private bool Begin()
    {
        if (held == done.From)
            return false;
        (waiting, swept) = (swept, waiting);
        done = new MergeMark(done.From, held, Guid.Empty, 0);
        (order, place, next) = (swept.Sessions(), 0, HeldHits.None);
        return true;
    }

    /// <summary>Goes on with the sweep that the ledger holds a part of: as many requests as were in memory when it began.</summary>
    private void Resume()
    {
        while (held < done.Until) ReadInto(swept, done.Until);
        (order, place, next) = (swept.Sessions(), 0, HeldHits.None);
    }

    private void ReadInto(HeldHits into, long before)
    {
        if (oldest.Bind(1, held).Bind(2, before).Step())
        {
            held = oldest.Int64(0);
            Hold(into, held, oldest.Blob(3));
        }
        else
        {
            held = before;
        }
        oldest.Reset();
    }

    private void Hold(HeldHits into, long first, ReadOnlySpan<byte> packed)
    {
        HitCodec.Read(packed, texts, decoded);
        if (into.Count == 0)
            waitingSince = time.GetUtcNow();
        var seq = first;
        foreach (ref readonly var hit in CollectionsMarshal.AsSpan(decoded))
        {
            if (!done.Covers(seq, hit.Session))
                into.Add(seq, in hit);
            seq++;
        }
        held = seq;
    }

    private void Slice()
    {
        var started = Stopwatch.GetTimestamp();
        var (hits, ends) = (0, place + SliceSessions);
        for (; place < order.Length && place < ends && hits < SliceHits && Stopwatch.GetElapsedTime(started) < SliceTime; place++)
        {
            for (next = next == HeldHits.None ? swept.Next(order[place]) : next; next != HeldHits.None && hits < SliceHits; next = swept.Next(order[place], next), hits++)
                portion.Add(swept.Seq(next), in swept.Hit(next));
            if (next != HeldHits.None)
                break;
        }
        Write();
    }

    private void Write()
    {
        portion.Close();
        foreach (var state in portion.Sessions)
        {
            sessions.Write(state);
            cache.Keep(state);
        }
        foreach (var row in portion.Traces.Rows) WriteTrace(row);
        foreach (var (key, sum) in portion.Nameless)
            addAnonymous.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, (long)key.Rule).Bind(4, (long)key.Kind).Bind(5, sum.Requests).Bind(6, sum.FetchedMs).Run();
        foreach (var (video, end) in portion.Ends)
            addVideo.Bind(1, video).Bind(2, 0).Bind(3, end).Run();
        rollups.Write(portion.Sums);
        portion.Clear();
    }

    private void WriteTrace(TraceRow row)
    {
        Span<byte> id = stackalloc byte[16];
        row.Session.TryWriteBytes(id, bigEndian: true, out _);
        insertTrace.Bind(1, id).Bind(2, row.Seq).Bind(3, row.Hits).Bind(4, portion.Traces.Packed(row)).Run();
    }

    private void WriteSweep()
    {
        Span<byte> id = stackalloc byte[16];
        done.Session.TryWriteBytes(id, bigEndian: true, out _);
        sweep.Bind(1, done.Until).Bind(2, id).Bind(3, done.Seq).Run();
    }

    private SessionState? Read(Guid session) => cache.Find(session) ?? sessions.Read(session);

    private bool Known(string video)
    {
        var known = videoKnown.Bind(1, video).Step();
        videoKnown.Reset();
        return known;
    }

    public void Dispose()
    {
        foreach (var statement in (IDisposable[])[sessions, rollups, oldest, remove, removed, mark, sweep, insertTrace, addAnonymous, addVideo, videoKnown]) statement.Dispose();
    }
}
