using System.Data.Common;
using NpgsqlTypes;

namespace HlsGateway.Counting.Postgres;

/// <summary>Sessions as PostgreSQL keeps them: media time as int4multirange.</summary>
internal static class PostgresSession
{
    /// <summary>Columns: id, video, started, first_at, last_at, segments, fetched_ms, content_ms, trailer, player, requests, repeats, three ignored, renditions, captions, three sets, cmcd, playheads.</summary>
    /// <param name="contentColumn">The session's own content_ms, where column 7 is what the video's row says.</param>
    public static SessionState Read(DbDataReader row, int contentColumn = 7) => new()
    {
        Session = row.GetGuid(0),
        Video = row.GetString(1),
        Started = row.GetInt64(2) != 0,
        FirstAt = row.GetInt64(3),
        LastAt = row.GetInt64(4),
        SegmentsFetched = row.GetInt64(5),
        FetchedMs = row.GetInt64(6),
        ContentMs = row.GetInt64(contentColumn),
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
    };

    public static IntervalSet Set(DbDataReader row, int column)
    {
        var set = new IntervalSet();
        foreach (var range in row.GetFieldValue<NpgsqlRange<int>[]>(column)) set.Add(range.LowerBound, range.UpperBound);
        return set;
    }

    public static NpgsqlRange<int>[] Ranges(IntervalSet set) =>
        [.. set.Intervals.Select(interval => new NpgsqlRange<int>(interval.Start, lowerBoundIsInclusive: true, interval.End, upperBoundIsInclusive: false))];
}
