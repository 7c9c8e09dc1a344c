using HlsGateway.Database;

namespace HlsGateway.Counting;

/// <summary>The tables of <c>ledger.db</c>. Steps are only ever appended.</summary>
internal static class LedgerSchema
{
    /// <summary>The first 48 bits of a UUIDv7, Unix ms: SQLite reads no hexadecimal number, so each digit is looked up.</summary>
    private static readonly string Began = string.Join(" + ", Enumerable.Range(0, 12).Select(digit => $"((instr('0123456789ABCDEF', substr(hex(s.session_id), {digit + 1}, 1)) - 1) << {44 - (4 * digit)})"));

    /// <param name="more">Columns that later steps put behind the first ones.</param>
    private static string SessionWatch(string more) => $"""
        CREATE VIEW session_watch AS SELECT
            lower(substr(hex(s.session_id), 1, 8) || '-' || substr(hex(s.session_id), 9, 4) || '-' || substr(hex(s.session_id), 13, 4) || '-' || substr(hex(s.session_id), 17, 4) || '-' || substr(hex(s.session_id), 21)) AS session_id,
            s.video, strftime('%Y-%m-%dT%H:%M:%fZ', ({Began}) / 1000.0, 'unixepoch') AS started_at,
            CASE WHEN s.first_at > 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', s.first_at / 1000.0, 'unixepoch') END AS first_at,
            CASE WHEN s.last_at > 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', s.last_at / 1000.0, 'unixepoch') END AS last_at,
            s.started AS impression, s.segments_fetched, s.fetched_ms / 1000.0 AS seconds_fetched, s.watch_ms / 1000.0 AS watch_seconds, s.watch_low_ms / 1000.0 AS watch_seconds_low,
            s.trailer_ms / 1000.0 AS trailer_seconds, nullif(s.content_ms, 0) / 1000.0 AS content_seconds,
            CASE WHEN s.content_ms > 0 AND s.watch_ms > 0 AND s.watch_ms >= s.content_ms - 1000 THEN 1 ELSE 0 END AS completed,
            s.renditions, s.captions, CASE WHEN s.trailer > 0 THEN printf('%08x', s.trailer) END AS trailer_version, {SqlViews.Player} AS player{more}
        FROM session s;
        """;

    /// <summary>A session to which neither content nor a trailer nor captions were handed out. Part of an index: never changed.</summary>
    public const string IsEmpty = "segments_fetched = 0 AND trailer_ms = 0 AND captions = '[]'";

    private static readonly string[] Steps =
    [
        """
        -- What was made durable and is not merged yet: one row per commit.
        CREATE TABLE batch(first_seq INTEGER PRIMARY KEY, hits INTEGER NOT NULL, at INTEGER NOT NULL, packed BLOB NOT NULL);
        -- merged_seq: every request below it is in the tables that follow. Written with them, in one transaction.
        CREATE TABLE mark(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO mark VALUES ('merged_seq', 1), ('merged_at', 0), ('epoch', abs(random()));
        CREATE TABLE video(video TEXT PRIMARY KEY, content_ms INTEGER NOT NULL, longest_end_ms INTEGER NOT NULL) WITHOUT ROWID;
        -- session_id is a UUIDv7, big endian: its order is the order of the sessions' starts.
        CREATE TABLE session(
            session_id BLOB PRIMARY KEY, video TEXT NOT NULL, started INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
            segments_fetched INTEGER NOT NULL, fetched_ms INTEGER NOT NULL, watch_ms INTEGER NOT NULL, trailer_ms INTEGER NOT NULL,
            content_ms INTEGER NOT NULL, trailer INTEGER NOT NULL, player INTEGER NOT NULL, requests INTEGER NOT NULL,
            repeats INTEGER NOT NULL, ignored_head INTEGER NOT NULL, ignored_forged INTEGER NOT NULL, ignored_expired INTEGER NOT NULL,
            renditions TEXT NOT NULL, captions TEXT NOT NULL, watched BLOB NOT NULL, again BLOB NOT NULL, trailer_watched BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX session_by_video ON session(video, session_id);
        -- One row per request that named a session.
        CREATE TABLE event(
            session_id BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind INTEGER NOT NULL, rule INTEGER NOT NULL,
            start_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL, path TEXT NOT NULL, player INTEGER NOT NULL,
            PRIMARY KEY (session_id, seq)) WITHOUT ROWID;
        -- Requests without a session of ours, by quarter of an hour (Unix ms of its start).
        CREATE TABLE anonymous(
            video TEXT NOT NULL, quarter INTEGER NOT NULL, rule INTEGER NOT NULL, kind INTEGER NOT NULL,
            requests INTEGER NOT NULL, fetched_ms INTEGER NOT NULL, PRIMARY KEY (video, quarter, rule, kind)) WITHOUT ROWID;
        -- Requests that were answered and not recorded.
        CREATE TABLE loss(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, hits INTEGER NOT NULL);
        """,
        """
        -- Sums over the sessions that began in a quarter of an hour (Unix ms of its start), kept as requests are merged.
        CREATE TABLE video_quarter(
            video TEXT NOT NULL, quarter INTEGER NOT NULL, sessions INTEGER NOT NULL, impressions INTEGER NOT NULL, views INTEGER NOT NULL,
            segments_fetched INTEGER NOT NULL, fetched_ms INTEGER NOT NULL, watch_ms INTEGER NOT NULL, watch_low_ms INTEGER NOT NULL,
            trailer_sessions INTEGER NOT NULL, trailer_ms INTEGER NOT NULL, completed INTEGER NOT NULL, PRIMARY KEY (video, quarter)) WITHOUT ROWID;
        CREATE INDEX video_quarter_by_time ON video_quarter(quarter);
        -- Changes at the start of a second: the running sum up to a second is the figure of that second. left_here is no running sum.
        CREATE TABLE retention_quarter(
            video TEXT NOT NULL, quarter INTEGER NOT NULL, second INTEGER NOT NULL, sessions INTEGER NOT NULL, sessions_low INTEGER NOT NULL,
            plays INTEGER NOT NULL, left_here INTEGER NOT NULL, PRIMARY KEY (video, quarter, second)) WITHOUT ROWID;
        -- dimension: 1 rendition, 2 captions, 3 player, 4 trailer.
        CREATE TABLE share_quarter(
            video TEXT NOT NULL, quarter INTEGER NOT NULL, dimension INTEGER NOT NULL, name TEXT NOT NULL, sessions INTEGER NOT NULL,
            watch_ms INTEGER NOT NULL, PRIMARY KEY (video, quarter, dimension, name)) WITHOUT ROWID;
        """,
        """
        -- Which run of the process wrote the commit: a number is given once per run, also after a backup was restored. gateway: who
        -- this ledger is where several share one.
        ALTER TABLE batch ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
        INSERT INTO mark VALUES ('gateway', abs(random()));
        """,
        """
        -- What players say of themselves (CTA-5004). session.cmcd: JSON of what adds up, empty when nothing was told; playheads: see
        -- Playheads.ToBytes. event.cmcd: the kept keys of one request as CTA-5004 writes them.
        ALTER TABLE session ADD COLUMN cmcd TEXT NOT NULL DEFAULT '';
        ALTER TABLE session ADD COLUMN playheads BLOB NOT NULL DEFAULT x'';
        ALTER TABLE event ADD COLUMN cmcd TEXT NOT NULL DEFAULT '';
        """,
        """
        -- A gap in the counting: requests lost from at to last_at, never more than a minute apart. at 0: of a ledger put aside.
        ALTER TABLE loss ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
        -- A process that counted, from and to; ended is NULL while it runs and where it was killed.
        CREATE TABLE run(epoch INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER);
        """,
        $"""
        -- The lower bound as the session gave it when it was last merged; NULL where that was before there was this column.
        ALTER TABLE session ADD COLUMN watch_low_ms INTEGER;
        -- For people who ask in SQL; docs/metrics.md describes them. The same names and figures as in PostgreSQL. Times are UTC.
        {SessionWatch("")}
        CREATE VIEW video_day AS SELECT video, date(quarter / 1000, 'unixepoch') AS day, {SqlViews.DaySums}
        FROM video_quarter GROUP BY video, date(quarter / 1000, 'unixepoch');
        CREATE VIEW video_retention AS {SqlViews.Retention("retention_quarter")};
        """,
        $"""
        -- Event reports of players: see PlayReports.ToBytes. is_view: as the session was when it was last merged; NULL where that was
        -- before there was this column.
        ALTER TABLE session ADD COLUMN reports BLOB NOT NULL DEFAULT x'';
        ALTER TABLE session ADD COLUMN is_view INTEGER;
        DROP VIEW session_watch;
        {SessionWatch(SqlViews.IsView)}
        """,
        $"""
        DROP VIEW video_retention;
        CREATE VIEW video_retention AS {SqlViews.RetentionToTheEnd("retention_quarter", "video", "max")};
        """,
        $"""
        -- ranged: segments asked for with a Range, see SegmentSet.ToBytes; ignored_ranges: further ranges of them. live: 1 where a
        -- segment was of a playlist that slides. event.ranged: 1 for a request with a Range.
        ALTER TABLE session ADD COLUMN ranged BLOB NOT NULL DEFAULT x'';
        ALTER TABLE session ADD COLUMN ignored_ranges INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE session ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE event ADD COLUMN ranged INTEGER NOT NULL DEFAULT 0;
        DROP VIEW session_watch;
        {SessionWatch(SqlViews.IsView + SqlViews.Live)}
        """,
        $"""
        -- resumed: 1 where the session began so long ago that it may have been here, empty, and have gone.
        ALTER TABLE session ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX session_empty ON session(session_id) WHERE {IsEmpty};
        """,
        $"""
        -- The lower bounds of all figures. low_given: 1 where the sums hold them of the session. trailer_low_ms, is_view_low: as the session
        -- was when it was last merged; NULL while low_given is 0. backfill: sessions behind after are still to be looked at (LowBackfill).
        ALTER TABLE session ADD COLUMN low_given INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE session ADD COLUMN trailer_low_ms INTEGER;
        ALTER TABLE session ADD COLUMN is_view_low INTEGER;
        ALTER TABLE video_quarter ADD COLUMN views_low INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE video_quarter ADD COLUMN completed_low INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE video_quarter ADD COLUMN trailer_sessions_low INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE video_quarter ADD COLUMN trailer_low_ms INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE video_quarter ADD COLUMN basis_measured INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE video_quarter ADD COLUMN basis_buffered INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE retention_quarter ADD COLUMN left_low INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE share_quarter ADD COLUMN watch_low_ms INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE backfill(name TEXT PRIMARY KEY, after BLOB NOT NULL) WITHOUT ROWID;
        INSERT INTO backfill SELECT 'low', x'' WHERE EXISTS (SELECT 1 FROM session);
        DROP VIEW session_watch;
        {SessionWatch(SqlViews.IsView + SqlViews.Live + SqlViews.Low)}
        DROP VIEW video_day;
        CREATE VIEW video_day AS SELECT video, date(quarter / 1000, 'unixepoch') AS day, {SqlViews.DaySums}{SqlViews.DayLow}
        FROM video_quarter GROUP BY video, date(quarter / 1000, 'unixepoch');
        DROP VIEW video_retention;
        CREATE VIEW video_retention AS {SqlViews.RetentionWithLeftLow("retention_quarter", "video", "max")};
        """,
        $"""
        -- video_quarter by days of UTC (Unix ms of their start), and of all videos together: what a report of many videos or much time adds
        -- up. Written with video_quarter and share_quarter, in one transaction.
        CREATE TABLE video_date(video TEXT NOT NULL, day INTEGER NOT NULL, {SqlViews.EachSum(figure => $"{figure} INTEGER NOT NULL")}, PRIMARY KEY (video, day)) WITHOUT ROWID;
        CREATE TABLE total_quarter(quarter INTEGER PRIMARY KEY, {SqlViews.EachSum(figure => $"{figure} INTEGER NOT NULL")});
        CREATE TABLE total_share(
            quarter INTEGER NOT NULL, dimension INTEGER NOT NULL, name TEXT NOT NULL, sessions INTEGER NOT NULL, watch_ms INTEGER NOT NULL,
            watch_low_ms INTEGER NOT NULL, PRIMARY KEY (quarter, dimension, name)) WITHOUT ROWID;
        INSERT INTO video_date(video, day, {SqlViews.EachSum(figure => figure)})
        SELECT video, quarter / 86400000 * 86400000, {SqlViews.EachSum(figure => $"sum({figure})")} FROM video_quarter GROUP BY 1, 2;
        INSERT INTO total_quarter(quarter, {SqlViews.EachSum(figure => figure)}) SELECT quarter, {SqlViews.EachSum(figure => $"sum({figure})")} FROM video_quarter GROUP BY 1;
        INSERT INTO total_share SELECT quarter, dimension, name, sum(sessions), sum(watch_ms), sum(watch_low_ms) FROM share_quarter GROUP BY 1, 2, 3;
        -- player 8 is a tool.
        CREATE INDEX session_tool ON session(session_id) WHERE player = 8;
        """,
        """
        -- Requests that named a session, packed: a row for those that one merge added to a session (TraceRows). seq is the first one's number.
        -- What older versions recorded stays in event.
        CREATE TABLE trace(id INTEGER PRIMARY KEY, session_id BLOB NOT NULL, seq INTEGER NOT NULL, hits INTEGER NOT NULL, packed BLOB NOT NULL);
        CREATE UNIQUE INDEX trace_of_session ON trace(session_id, seq);
        -- One row: how far the sessions are swept for the requests from merged_seq on and below until. Those of sessions before session_id
        -- are merged, and of session_id itself those below seq. Written with them, in one transaction. until 0: nothing is half done.
        CREATE TABLE sweep(until INTEGER NOT NULL, session_id BLOB NOT NULL, seq INTEGER NOT NULL);
        INSERT INTO sweep VALUES (0, zeroblob(16), 0);
        """,
    ];

    /// <summary><c>user_version</c> counts the steps that are done.</summary>
    public static Schema Schema { get; } = new()
    {
        Steps = Schema.Numbered(Steps),
        Done = "WITH RECURSIVE step(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM step, pragma_user_version WHERE n < min(user_version, 9999)) SELECT CAST(n AS TEXT) FROM step, pragma_user_version WHERE n <= user_version",
        Note = step => $"PRAGMA user_version={step.Name}",
        Newer = "The ledger was written by a newer version. Run that version, or restore an older ledger.",
    };
}
