namespace HlsGateway.Counting;

/// <summary>What the views for people have in common in both databases. Part of schema steps that ran: never changed, only followed by new steps.</summary>
internal static class SqlViews
{
    /// <summary>The player's family by its stored number.</summary>
    public const string Player = """
        CASE s.player WHEN 1 THEN 'browser' WHEN 2 THEN 'apple_core_media' WHEN 3 THEN 'exo_player' WHEN 4 THEN 'ffmpeg' WHEN 5 THEN 'vlc'
            WHEN 6 THEN 'mpv' WHEN 7 THEN 'g_streamer' WHEN 8 THEN 'tool' ELSE 'unknown' END
        """;

    /// <summary>Behind the other columns of <c>session_watch</c>.</summary>
    public const string IsView = ", s.is_view AS view";

    /// <summary>Behind <see cref="IsView"/>.</summary>
    public const string Live = ", s.live";

    /// <summary>Behind <see cref="Live"/>: the lower bounds, NULL where the session was last merged before there were these columns, and what they rest on.</summary>
    public const string Low = $"""
        , CASE WHEN s.low_given = 1 THEN s.trailer_low_ms / 1000.0 END AS trailer_seconds_low,
            CASE WHEN s.watch_low_ms IS NULL THEN NULL WHEN s.content_ms > 0 AND s.watch_low_ms > 0 AND s.watch_low_ms >= s.content_ms - 1000 THEN 1 ELSE 0 END AS completed_low,
            CASE WHEN s.low_given = 1 THEN s.is_view_low END AS view_low, {Basis} AS basis
        """;

    /// <summary>A session's <see cref="Counting.Basis"/>, as the API names it.</summary>
    public const string Basis = "CASE WHEN length(s.reports) > 0 THEN 'measured' WHEN length(s.playheads) > 0 THEN 'buffered' ELSE 'fetched' END";

    /// <summary>The figures of <c>video_quarter</c> when the sums of longer stretches and of all videos were added.</summary>
    private static readonly string[] Summed =
    [
        "sessions", "impressions", "views", "segments_fetched", "fetched_ms", "watch_ms", "watch_low_ms", "trailer_sessions", "trailer_ms", "completed", "views_low", "completed_low",
        "trailer_sessions_low", "trailer_low_ms", "basis_measured", "basis_buffered",
    ];

    /// <summary>The figures, each made by <paramref name="form"/>.</summary>
    public static string EachSum(Func<string, string> form) => string.Join(", ", Summed.Select(form));

    /// <summary>Behind <see cref="DaySums"/>.</summary>
    public const string DayLow = """
        , CAST(sum(views_low) AS bigint) AS views_low, CAST(sum(trailer_sessions_low) AS bigint) AS trailer_sessions_low,
            sum(trailer_low_ms) / 1000.0 AS trailer_seconds_low, CAST(sum(completed_low) AS bigint) AS completed_low,
            sum(watch_ms) / 1000.0 / nullif(sum(views), 0) AS average_watch_seconds, sum(watch_low_ms) / 1000.0 / nullif(sum(views), 0) AS average_watch_seconds_low,
            1.0 * sum(completed) / nullif(sum(views), 0) AS completion_rate, 1.0 * sum(completed_low) / nullif(sum(views), 0) AS completion_rate_low,
            CAST(sum(basis_measured) AS bigint) AS basis_measured, CAST(sum(basis_buffered) AS bigint) AS basis_buffered,
            CAST(sum(sessions - basis_measured - basis_buffered) AS bigint) AS basis_fetched
        """;

    public const string DaySums = """
        CAST(sum(sessions) AS bigint) AS sessions, CAST(sum(impressions) AS bigint) AS impressions, CAST(sum(views) AS bigint) AS views,
            CAST(sum(segments_fetched) AS bigint) AS segments_fetched, sum(fetched_ms) / 1000.0 AS seconds_fetched, sum(watch_ms) / 1000.0 AS watch_seconds,
            sum(watch_low_ms) / 1000.0 AS watch_seconds_low, CAST(sum(trailer_sessions) AS bigint) AS trailer_sessions,
            sum(trailer_ms) / 1000.0 AS trailer_seconds, CAST(sum(completed) AS bigint) AS completed
        """;

    /// <summary>As <see cref="Retention"/>, and the last stretch goes on to the content's end, where nobody fetched any more.</summary>
    /// <param name="greatest">The database's name for the greater of two numbers.</param>
    public static string RetentionToTheEnd(string table, string videos, string greatest) => $"""
        SELECT video, second, seconds, sessions, sessions_low, plays, left_here FROM (
            SELECT change.video, second, CAST(coalesce(lead(second) OVER along, {greatest}(second + 1, coalesce(ends, 0))) - second AS integer) AS seconds,
                CAST(sum(sessions) OVER along AS bigint) AS sessions, CAST(sum(sessions_low) OVER along AS bigint) AS sessions_low,
                CAST(sum(plays) OVER along AS bigint) AS plays, left_here, ends
            FROM (SELECT video, second, sum(sessions) AS sessions, sum(sessions_low) AS sessions_low, sum(plays) AS plays, CAST(sum(left_here) AS bigint) AS left_here
                FROM {table} GROUP BY video, second) AS change
            LEFT JOIN (SELECT video, (coalesce(nullif(content_ms, 0), longest_end_ms) + 499) / 1000 AS ends FROM {videos}) AS content ON content.video = change.video
            WINDOW along AS (PARTITION BY change.video ORDER BY second)) AS stretch
        WHERE sessions > 0 OR plays > 0 OR left_here > 0 OR second < ends
        """;

    /// <summary>As <see cref="RetentionToTheEnd"/>, with <c>left_low</c> behind the other columns; changes that took each other back begin no stretch.</summary>
    /// <inheritdoc cref="RetentionToTheEnd" path="/param"/>
    public static string RetentionWithLeftLow(string table, string videos, string greatest) => $"""
        SELECT video, second, seconds, sessions, sessions_low, plays, left_here, left_low FROM (
            SELECT change.video, second, CAST(coalesce(lead(second) OVER along, {greatest}(second + 1, coalesce(ends, 0))) - second AS integer) AS seconds,
                CAST(sum(sessions) OVER along AS bigint) AS sessions, CAST(sum(sessions_low) OVER along AS bigint) AS sessions_low,
                CAST(sum(plays) OVER along AS bigint) AS plays, left_here, left_low, ends
            FROM (SELECT video, second, sum(sessions) AS sessions, sum(sessions_low) AS sessions_low, sum(plays) AS plays,
                    CAST(sum(left_here) AS bigint) AS left_here, CAST(sum(left_low) AS bigint) AS left_low
                FROM {table} GROUP BY video, second
                HAVING sum(sessions) <> 0 OR sum(sessions_low) <> 0 OR sum(plays) <> 0 OR sum(left_here) <> 0 OR sum(left_low) <> 0) AS change
            LEFT JOIN (SELECT video, (coalesce(nullif(content_ms, 0), longest_end_ms) + 499) / 1000 AS ends FROM {videos}) AS content ON content.video = change.video
            WINDOW along AS (PARTITION BY change.video ORDER BY second)) AS stretch
        WHERE sessions > 0 OR plays > 0 OR left_here > 0 OR left_low > 0 OR second < ends
        """;

    /// <summary>One row for each stretch of seconds with the same figures: changes summed up, and the next change's second as the end.</summary>
    public static string Retention(string table) => $"""
        SELECT video, second, coalesce(lead(second) OVER along, second + 1) - second AS seconds,
            CAST(sum(sessions) OVER along AS bigint) AS sessions, CAST(sum(sessions_low) OVER along AS bigint) AS sessions_low,
            CAST(sum(plays) OVER along AS bigint) AS plays, left_here
        FROM (SELECT video, second, sum(sessions) AS sessions, sum(sessions_low) AS sessions_low, sum(plays) AS plays, CAST(sum(left_here) AS bigint) AS left_here
            FROM {table} GROUP BY video, second) AS change
        WINDOW along AS (PARTITION BY video ORDER BY second)
        """;
}
