using System.Data.Common;
using Microsoft.Data.Sqlite;
using NpgsqlTypes;

namespace HlsGateway.Counting;

/// <summary>Reads a session from a row of either database: ids and sets of media time are the two things that they keep differently.</summary>
internal static class SessionRow
{
    /// <summary>Of the table <c>session</c>, called <c>s</c>, in the order of <see cref="Read"/>.</summary>
    public const string Columns = """
        s.session_id, s.video, s.started, s.first_at, s.last_at, s.segments_fetched, s.fetched_ms, s.content_ms, s.trailer, s.player, s.requests,
        s.repeats, s.ignored_head, s.ignored_forged, s.ignored_expired, s.renditions, s.captions, s.watched, s.again, s.trailer_watched, s.cmcd,
        s.playheads, s.reports, s.ranged, s.ignored_ranges, s.live, s.resumed
        """;

    /// <summary>How many <see cref="Columns"/> there are: what is asked beside them comes behind.</summary>
    public const int Count = 27;

    public static SessionState Read(DbDataReader row) => new()
    {
        Session = Id(row, 0),
        Video = row.GetString(1),
        Started = row.GetInt64(2) != 0,
        FirstAt = row.GetInt64(3),
        LastAt = row.GetInt64(4),
        SegmentsFetched = row.GetInt64(5),
        FetchedMs = row.GetInt64(6),
        ContentMs = row.GetInt64(7),
        Trailer = (uint)row.GetInt64(8),
        Player = (PlayerFamily)row.GetInt64(9),
        Requests = row.GetInt64(10),
        Repeats = row.GetInt64(11),
        IgnoredHead = row.GetInt64(12),
        IgnoredForged = row.GetInt64(13),
        IgnoredExpired = row.GetInt64(14),
        Renditions = SessionTable.Names(row.GetString(15)),
        Captions = SessionTable.Names(row.GetString(16)),
        Watched = Set(row, 17),
        Again = Set(row, 18),
        TrailerWatched = Set(row, 19),
        Cmcd = CmcdSummary.FromText(row.GetString(20)),
        Playheads = Playheads.FromBytes(row.GetFieldValue<byte[]>(21)),
        Reports = PlayReports.FromBytes(row.GetFieldValue<byte[]>(22)),
        Ranged = SegmentSet.FromBytes(row.GetFieldValue<byte[]>(23)),
        IgnoredRanges = row.GetInt64(24),
        Live = row.GetInt64(25) != 0,
        Resumed = row.GetInt64(26) != 0,
    };

    public static Guid Id(DbDataReader row, int column) => row is SqliteDataReader ? new Guid(row.GetFieldValue<byte[]>(column), bigEndian: true) : row.GetGuid(column);

    private static IntervalSet Set(DbDataReader row, int column)
    {
        if (row is SqliteDataReader) return IntervalSet.FromBytes(row.GetFieldValue<byte[]>(column));
        var set = new IntervalSet();
        foreach (var range in row.GetFieldValue<NpgsqlRange<int>[]>(column)) set.Add(range.LowerBound, range.UpperBound);
        return set;
    }
}
