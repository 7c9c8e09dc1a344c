using System.Collections.Immutable;

namespace HlsGateway.Counting;

/// <summary>
/// The columns of a session, once for both databases: reading, writing and merging go through this list. One more is an entry here and
/// a step in each schema (<see cref="LedgerSchema"/>, <see cref="Postgres.PostgresSchema"/>).
/// </summary>
internal static class SessionColumns
{
    public static ImmutableArray<SessionColumn> All { get; } =
    [
        SessionColumn.Flag("started", s => s.Started, (s, value) => s.Started = value),
        SessionColumn.Number("first_at", s => s.FirstAt, (s, value) => s.FirstAt = value),
        SessionColumn.Number("last_at", s => s.LastAt, (s, value) => s.LastAt = value),
        SessionColumn.Number("segments_fetched", s => s.SegmentsFetched, (s, value) => s.SegmentsFetched = value),
        SessionColumn.Number("fetched_ms", s => s.FetchedMs, (s, value) => s.FetchedMs = value),
        SessionColumn.Number("content_ms", s => s.ContentMs, (s, value) => s.ContentMs = value),
        SessionColumn.Number("trailer", s => s.Trailer, (s, value) => s.Trailer = (uint)value),
        SessionColumn.Number("player", s => (long)s.Player, (s, value) => s.Player = (PlayerFamily)value),
        SessionColumn.Number("requests", s => s.Requests, (s, value) => s.Requests = value),
        SessionColumn.Number("repeats", s => s.Repeats, (s, value) => s.Repeats = value),
        SessionColumn.Number("ignored_head", s => s.IgnoredHead, (s, value) => s.IgnoredHead = value),
        SessionColumn.Number("ignored_forged", s => s.IgnoredForged, (s, value) => s.IgnoredForged = value),
        SessionColumn.Number("ignored_expired", s => s.IgnoredExpired, (s, value) => s.IgnoredExpired = value),
        SessionColumn.Number("ignored_ranges", s => s.IgnoredRanges, (s, value) => s.IgnoredRanges = value),
        SessionColumn.Text("renditions", s => s.Renditions.ToText(), (s, value) => s.Renditions = NameSet.FromText(value)),
        SessionColumn.Text("captions", s => s.Captions.ToText(), (s, value) => s.Captions = NameSet.FromText(value)),
        SessionColumn.Set("watched", s => s.Watched, (s, value) => s.Watched = value),
        SessionColumn.Set("again", s => s.Again, (s, value) => s.Again = value),
        SessionColumn.Set("trailer_watched", s => s.TrailerWatched, (s, value) => s.TrailerWatched = value),
        SessionColumn.Bytes("ranged", s => s.Ranged.ToBytes(), (s, value) => s.Ranged = SegmentSet.FromBytes(value)),
        SessionColumn.Flag("live", s => s.Live, (s, value) => s.Live = value),
        SessionColumn.Flag("resumed", s => s.Resumed, (s, value) => s.Resumed = value),
        SessionColumn.Text("cmcd", s => s.Cmcd.ToText(), (s, value) => s.Cmcd = CmcdSummary.FromText(value)),
        SessionColumn.Bytes("playheads", s => s.Playheads.ToBytes(), (s, value) => s.Playheads = Playheads.FromBytes(value)),
        SessionColumn.Bytes("reports", s => s.Reports.ToBytes(), (s, value) => s.Reports = PlayReports.FromBytes(value)),
        SessionColumn.Flag("low_given", s => s.LowGiven, (s, value) => s.LowGiven = value),

        SessionColumn.Number("watch_ms", s => s.Watched.Length),
        SessionColumn.Number("watch_low_ms", s => s.WatchLowMs),
        SessionColumn.Number("trailer_ms", s => s.TrailerWatched.Length),
        SessionColumn.Number("trailer_low_ms", s => s.TrailerLowMs),
        SessionColumn.Flag("is_view", s => s.IsView),
        SessionColumn.Flag("is_view_low", s => s.IsViewLow),
    ];

    /// <summary>Those that a session is read from.</summary>
    public static ImmutableArray<SessionColumn> Read { get; } = [.. All.Where(column => column.Read is not null)];

    /// <param name="first">The column that <see cref="Read"/>'s first one stands in.</param>
    public static void ReadInto(SessionState state, IRowReader row, int first)
    {
        foreach (var column in Read) column.Read?.Invoke(state, row, first++);
    }

    public static void Write(SessionState state, IRowWriter row)
    {
        foreach (var column in All) column.Write(state, row);
    }

    /// <summary>The names, each with this in front of it, as SQL lists them.</summary>
    public static string List(this IEnumerable<SessionColumn> columns, string prefix = "") => string.Join(", ", columns.Select(column => prefix + column.Name));
}
