using System.Text.Json;

namespace HlsGateway.Counting;

/// <summary>Reads and writes <see cref="SessionState"/> rows on the writing connection, with statements prepared once.</summary>
internal sealed class SessionTable(LedgerFile ledger) : IDisposable
{
    private readonly Statement read = ledger.Prepare("""
        SELECT video, started, first_at, last_at, segments_fetched, fetched_ms, content_ms, trailer, player, requests, repeats,
               ignored_head, ignored_forged, ignored_expired, renditions, captions, watched, again, trailer_watched, cmcd, playheads, reports, ranged,
               ignored_ranges, live, resumed
        FROM session WHERE session_id = ?
        """);

    private readonly Statement write = ledger.Prepare("""
        INSERT OR REPLACE INTO session(video, started, first_at, last_at, segments_fetched, fetched_ms, content_ms, trailer, player, requests, repeats,
               ignored_head, ignored_forged, ignored_expired, renditions, captions, watched, again, trailer_watched, watch_ms, trailer_ms, cmcd, playheads, watch_low_ms, reports, is_view, ranged, ignored_ranges, live, resumed, session_id)
        VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """);

    public SessionState? Read(Guid session)
    {
        Span<byte> id = stackalloc byte[16];
        session.TryWriteBytes(id, bigEndian: true, out _);
        read.Bind(1, id);
        if (!read.Step())
        {
            read.Reset();
            return null;
        }
        var state = new SessionState
        {
            Session = session,
            Video = read.Text(0),
            Started = read.Int64(1) != 0,
            FirstAt = read.Int64(2),
            LastAt = read.Int64(3),
            SegmentsFetched = read.Int64(4),
            FetchedMs = read.Int64(5),
            ContentMs = read.Int64(6),
            Trailer = (uint)read.Int64(7),
            Player = (PlayerFamily)read.Int64(8),
            Requests = read.Int64(9),
            Repeats = read.Int64(10),
            IgnoredHead = read.Int64(11),
            IgnoredForged = read.Int64(12),
            IgnoredExpired = read.Int64(13),
            Renditions = Names(read.Text(14)),
            Captions = Names(read.Text(15)),
            Watched = IntervalSet.FromBytes(read.Blob(16)),
            Again = IntervalSet.FromBytes(read.Blob(17)),
            TrailerWatched = IntervalSet.FromBytes(read.Blob(18)),
            Cmcd = CmcdSummary.FromText(read.Text(19)),
            Playheads = Playheads.FromBytes(read.Blob(20)),
            Reports = PlayReports.FromBytes(read.Blob(21)),
            Ranged = SegmentSet.FromBytes(read.Blob(22)),
            IgnoredRanges = read.Int64(23),
            Live = read.Int64(24) != 0,
            Resumed = read.Int64(25) != 0,
        };
        read.Reset();
        return state;
    }

    public void Write(SessionState state)
    {
        Span<byte> id = stackalloc byte[16];
        state.Session.TryWriteBytes(id, bigEndian: true, out _);
        write.Bind(1, state.Video).Bind(2, state.Started ? 1 : 0).Bind(3, state.FirstAt).Bind(4, state.LastAt)
            .Bind(5, state.SegmentsFetched).Bind(6, state.FetchedMs).Bind(7, state.ContentMs).Bind(8, state.Trailer)
            .Bind(9, (long)state.Player).Bind(10, state.Requests).Bind(11, state.Repeats).Bind(12, state.IgnoredHead)
            .Bind(13, state.IgnoredForged).Bind(14, state.IgnoredExpired).Bind(15, Json(state.Renditions)).Bind(16, Json(state.Captions))
            .Bind(17, state.Watched.ToBytes()).Bind(18, state.Again.ToBytes()).Bind(19, state.TrailerWatched.ToBytes())
            .Bind(20, state.Watched.Length).Bind(21, state.TrailerWatched.Length).Bind(22, state.Cmcd.ToText()).Bind(23, state.Playheads.ToBytes()).Bind(24, state.WatchLowMs)
            .Bind(25, state.Reports.ToBytes()).Bind(26, state.IsView ? 1 : 0)
            .Bind(27, state.Ranged.ToBytes()).Bind(28, state.IgnoredRanges).Bind(29, state.Live ? 1 : 0).Bind(30, state.Resumed ? 1 : 0).Bind(31, id).Run();
    }

    public void Dispose()
    {
        read.Dispose();
        write.Dispose();
    }

    public static string Json(SortedSet<string> names) => names.Count == 0 ? "[]" : JsonSerializer.Serialize(names);

    public static SortedSet<string> Names(string json) =>
        json == "[]" ? new(StringComparer.Ordinal) : new(JsonSerializer.Deserialize<string[]>(json) ?? [], StringComparer.Ordinal);
}
