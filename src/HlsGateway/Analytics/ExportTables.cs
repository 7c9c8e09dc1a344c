using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <param name="Started">When it began, as clocks in the asked zone showed.</param>
internal sealed record SessionLine(SessionReport Session, string Started);

/// <summary>A bucket of one video.</summary>
internal sealed record DayLine(string Video, Bucket Bucket, string Tz);

internal sealed record RetentionLine(string Video, RetentionPoint Point);

/// <summary>What the exports' columns are. Their order is part of the API: new ones come last.</summary>
internal static class ExportTables
{
    public static IReadOnlyList<ExportColumn<SessionLine>> Sessions { get; } =
    [
        ExportColumn<SessionLine>.Text("session_id", line => line.Session.SessionId.ToString()),
        ExportColumn<SessionLine>.Text("video", line => line.Session.Video),
        ExportColumn<SessionLine>.Time("started_at", line => new DateTimeOffset(line.Session.StartedAt)),
        ExportColumn<SessionLine>.Time("first_at", line => line.Session.FirstAt),
        ExportColumn<SessionLine>.Time("last_at", line => line.Session.LastAt),
        ExportColumn<SessionLine>.Whole("segments_fetched", line => line.Session.SegmentsFetched),
        ExportColumn<SessionLine>.Number("seconds_fetched", line => line.Session.SecondsFetched),
        ExportColumn<SessionLine>.Text("basis", line => SessionFilter.NameOf(line.Session.Basis)),
        ExportColumn<SessionLine>.Number("watch_seconds", line => line.Session.WatchSeconds),
        ExportColumn<SessionLine>.Number("watch_seconds_low", line => line.Session.WatchSecondsLow),
        ExportColumn<SessionLine>.Number("trailer_seconds", line => line.Session.TrailerSeconds),
        ExportColumn<SessionLine>.Number("trailer_seconds_low", line => line.Session.TrailerSecondsLow),
        ExportColumn<SessionLine>.Flag("completed", line => line.Session.Completed),
        ExportColumn<SessionLine>.Flag("completed_low", line => line.Session.CompletedLow),
        ExportColumn<SessionLine>.Flag("view", line => line.Session.View),
        ExportColumn<SessionLine>.Flag("view_low", line => line.Session.ViewLow),
        ExportColumn<SessionLine>.Number("content_seconds", line => line.Session.ContentSeconds),
        ExportColumn<SessionLine>.Text("renditions", line => string.Join(' ', line.Session.Renditions)),
        ExportColumn<SessionLine>.Text("captions", line => string.Join(' ', line.Session.Captions)),
        ExportColumn<SessionLine>.Text("trailer_version", line => line.Session.TrailerVersion),
        ExportColumn<SessionLine>.Text("player", line => SessionFilter.NameOf(line.Session.Player)),
        ExportColumn<SessionLine>.Flag("live", line => line.Session.Live),
        ExportColumn<SessionLine>.Text("started_local", line => line.Started),
    ];

    public static IReadOnlyList<ExportColumn<RankedVideo>> Videos { get; } =
    [
        ExportColumn<RankedVideo>.Text("video", line => line.Video),
        .. ExportColumn<RankedVideo>.Figures(line => line),
    ];

    public static IReadOnlyList<ExportColumn<DayLine>> Days { get; } =
    [
        ExportColumn<DayLine>.Text("video", line => line.Video),
        ExportColumn<DayLine>.Time("from", line => line.Bucket.From),
        ExportColumn<DayLine>.Time("to", line => line.Bucket.To),
        ExportColumn<DayLine>.Text("from_local", line => line.Bucket.FromLocal),
        ExportColumn<DayLine>.Text("to_local", line => line.Bucket.ToLocal),
        ExportColumn<DayLine>.Text("tz", line => line.Tz),
        ExportColumn<DayLine>.Flag("final", line => line.Bucket.Final),
        ExportColumn<DayLine>.Time("final_at", line => line.Bucket.FinalAt),
        .. ExportColumn<DayLine>.Figures(line => line.Bucket),
    ];

    public static IReadOnlyList<ExportColumn<RetentionLine>> Retention { get; } =
    [
        ExportColumn<RetentionLine>.Text("video", line => line.Video),
        ExportColumn<RetentionLine>.Whole("second", line => line.Point.Second),
        ExportColumn<RetentionLine>.Whole("sessions", line => line.Point.Sessions),
        ExportColumn<RetentionLine>.Whole("sessions_low", line => line.Point.SessionsLow),
        ExportColumn<RetentionLine>.Whole("plays", line => line.Point.Plays),
        ExportColumn<RetentionLine>.Whole("left", line => line.Point.Left),
        ExportColumn<RetentionLine>.Whole("left_low", line => line.Point.LeftLow),
    ];
}
