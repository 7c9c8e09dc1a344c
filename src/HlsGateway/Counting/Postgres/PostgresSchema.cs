using HlsGateway.Database;
using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// The tables of the ledger in PostgreSQL, in the schema <c>counting</c>: a schema that is named as a user is comes first in that
/// user's search path, and <c>video</c> is a table of the catalogue too. Steps are only ever appended. Every primary key begins with
/// the column by which the table could be distributed: a session or a video.
/// </summary>
internal static class PostgresSchema
{
    /// <summary>Key of the advisory lock that lets one process at a time change the schema.</summary>
    private const long Lock = 0x6c6564676572;

    /// <param name="more">Columns that later steps put behind the first ones.</param>
    private static string SessionWatch(string more) => $"""
        CREATE OR REPLACE VIEW counting.session_watch AS SELECT s.session_id, s.video,
            to_timestamp(('x' || substr(replace(s.session_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AS started_at,
            CASE WHEN s.first_at > 0 THEN to_timestamp(s.first_at / 1000.0) END AS first_at, CASE WHEN s.last_at > 0 THEN to_timestamp(s.last_at / 1000.0) END AS last_at,
            s.started AS impression, s.segments_fetched, s.fetched_ms / 1000.0 AS seconds_fetched, s.watch_ms / 1000.0 AS watch_seconds, s.watch_low_ms / 1000.0 AS watch_seconds_low,
            s.trailer_ms / 1000.0 AS trailer_seconds, nullif(s.content_ms, 0) / 1000.0 AS content_seconds,
            CASE WHEN s.content_ms > 0 AND s.watch_ms > 0 AND s.watch_ms >= s.content_ms - 1000 THEN 1 ELSE 0 END AS completed,
            s.renditions, s.captions, CASE WHEN s.trailer > 0 THEN lpad(to_hex(s.trailer), 8, '0') END AS trailer_version, {SqlViews.Player} AS player{more}
        FROM counting.session s;
        """;

    /// <summary>Part of a step: never changed. The rows are taken in the order of their keys.</summary>
    private static string AddTotals(string from) => $"""
        INSERT INTO counting.total_quarter AS t (quarter, part, {SqlViews.EachSum(figure => figure)})
        SELECT quarter, pg_backend_pid() % 16, {SqlViews.EachSum(figure => $"sum({figure})")} FROM {from} GROUP BY quarter ORDER BY quarter
        ON CONFLICT (quarter, part) DO UPDATE SET {SqlViews.EachSum(figure => $"{figure} = t.{figure} + excluded.{figure}")};
        INSERT INTO counting.video_date AS t (video, day, {SqlViews.EachSum(figure => figure)})
        SELECT video, quarter / 86400000 * 86400000, {SqlViews.EachSum(figure => $"sum({figure})")} FROM {from} GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (video, day) DO UPDATE SET {SqlViews.EachSum(figure => $"{figure} = t.{figure} + excluded.{figure}")};
        """;

    /// <inheritdoc cref="AddTotals"/>
    private static string AddTotalShares(string from) => $"""
        INSERT INTO counting.total_share AS t (quarter, dimension, name, part, sessions, watch_ms, watch_low_ms)
        SELECT quarter, dimension, name, pg_backend_pid() % 16, sum(sessions), sum(watch_ms), sum(watch_low_ms) FROM {from} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (quarter, dimension, name, part) DO UPDATE SET sessions = t.sessions + excluded.sessions, watch_ms = t.watch_ms + excluded.watch_ms,
            watch_low_ms = t.watch_low_ms + excluded.watch_low_ms;
        """;

    private static readonly string[] Steps =
    [
        """
        -- One row per gateway. Holder is the process that forwards for it: each of its transactions locks the row and looks.
        CREATE TABLE counting.gateway(gateway_id bigint PRIMARY KEY, holder uuid NOT NULL, claimed_at timestamptz NOT NULL);
        -- One row per run of a gateway's process (its epoch): every request up to last_seq is in the tables that follow. Written with
        -- them, in one transaction. last_hash is that of the commit that ends there.
        CREATE TABLE counting.ledger_source(
            gateway_id bigint NOT NULL, epoch bigint NOT NULL, last_seq bigint NOT NULL, last_hash bigint NOT NULL,
            changed_at timestamptz NOT NULL, PRIMARY KEY (gateway_id, epoch));
        CREATE TABLE counting.video(video text COLLATE "C" PRIMARY KEY, content_ms bigint NOT NULL, longest_end_ms bigint NOT NULL);
        -- session_id is a UUIDv7: its order is the order of the sessions' starts. Multiranges are milliseconds of media time.
        CREATE TABLE counting.session(
            session_id uuid PRIMARY KEY, video text COLLATE "C" NOT NULL, started bigint NOT NULL DEFAULT 0, first_at bigint NOT NULL DEFAULT 0,
            last_at bigint NOT NULL DEFAULT 0, segments_fetched bigint NOT NULL DEFAULT 0, fetched_ms bigint NOT NULL DEFAULT 0,
            watch_ms bigint NOT NULL DEFAULT 0, trailer_ms bigint NOT NULL DEFAULT 0, content_ms bigint NOT NULL DEFAULT 0,
            trailer bigint NOT NULL DEFAULT 0, player bigint NOT NULL DEFAULT 0, requests bigint NOT NULL DEFAULT 0, repeats bigint NOT NULL DEFAULT 0,
            ignored_head bigint NOT NULL DEFAULT 0, ignored_forged bigint NOT NULL DEFAULT 0, ignored_expired bigint NOT NULL DEFAULT 0,
            renditions text NOT NULL DEFAULT '[]', captions text NOT NULL DEFAULT '[]', watched int4multirange NOT NULL DEFAULT '{}',
            again int4multirange NOT NULL DEFAULT '{}', trailer_watched int4multirange NOT NULL DEFAULT '{}');
        CREATE INDEX session_by_video ON counting.session(video, session_id);
        -- One row per request that named a session, by day; n is the order of arrival, seq the gateway's own number.
        CREATE SEQUENCE counting.event_n CACHE 1;
        CREATE TABLE counting.event(
            session_id uuid NOT NULL, at bigint NOT NULL, gateway_id bigint NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL,
            n bigint NOT NULL DEFAULT nextval('counting.event_n'), kind smallint NOT NULL, rule smallint NOT NULL, start_ms integer NOT NULL,
            duration_ms integer NOT NULL, path text NOT NULL, player smallint NOT NULL,
            PRIMARY KEY (session_id, at, gateway_id, epoch, seq)) PARTITION BY RANGE (at);
        CREATE TABLE counting.anonymous(
            video text COLLATE "C" NOT NULL, quarter bigint NOT NULL, rule bigint NOT NULL, kind bigint NOT NULL,
            requests bigint NOT NULL, fetched_ms bigint NOT NULL, PRIMARY KEY (video, quarter, rule, kind));
        -- Sums over the sessions that began in a quarter of an hour (Unix ms of its start).
        CREATE TABLE counting.video_quarter(
            video text COLLATE "C" NOT NULL, quarter bigint NOT NULL, sessions bigint NOT NULL, impressions bigint NOT NULL, views bigint NOT NULL,
            segments_fetched bigint NOT NULL, fetched_ms bigint NOT NULL, watch_ms bigint NOT NULL, watch_low_ms bigint NOT NULL,
            trailer_sessions bigint NOT NULL, trailer_ms bigint NOT NULL, completed bigint NOT NULL, PRIMARY KEY (video, quarter));
        CREATE INDEX video_quarter_by_time ON counting.video_quarter(quarter);
        CREATE TABLE counting.retention_quarter(
            video text COLLATE "C" NOT NULL, quarter bigint NOT NULL, second integer NOT NULL, sessions bigint NOT NULL, sessions_low bigint NOT NULL,
            plays bigint NOT NULL, left_here bigint NOT NULL, PRIMARY KEY (video, quarter, second));
        CREATE TABLE counting.share_quarter(
            video text COLLATE "C" NOT NULL, quarter bigint NOT NULL, dimension integer NOT NULL, name text COLLATE "C" NOT NULL, sessions bigint NOT NULL,
            watch_ms bigint NOT NULL, PRIMARY KEY (video, quarter, dimension, name));
        """,
        """
        -- What players say of themselves (CTA-5004). session.cmcd: JSON of what adds up, empty when nothing was told; playheads: see
        -- Playheads.ToBytes. event.cmcd: the kept keys of one request as CTA-5004 writes them.
        ALTER TABLE counting.session ADD COLUMN cmcd text NOT NULL DEFAULT '', ADD COLUMN playheads bytea NOT NULL DEFAULT '';
        ALTER TABLE counting.event ADD COLUMN cmcd text NOT NULL DEFAULT '';
        """,
        $"""
        -- The lower bound as the session gave it when it was last merged; NULL where that was before there was this column.
        ALTER TABLE counting.session ADD COLUMN watch_low_ms bigint;
        -- For people who ask in SQL; docs/metrics.md describes them. The same names and figures as in SQLite.
        {SessionWatch("")}
        CREATE VIEW counting.video_day AS SELECT video, (to_timestamp(quarter / 1000) AT TIME ZONE 'UTC')::date AS day, {SqlViews.DaySums}
        FROM counting.video_quarter GROUP BY video, (to_timestamp(quarter / 1000) AT TIME ZONE 'UTC')::date;
        CREATE VIEW counting.video_retention AS {SqlViews.Retention("counting.retention_quarter")};
        """,
        $"""
        -- Event reports of players: see PlayReports.ToBytes. is_view: as the session was when it was last merged; NULL where that was
        -- before there was this column.
        ALTER TABLE counting.session ADD COLUMN reports bytea NOT NULL DEFAULT '', ADD COLUMN is_view bigint;
        {SessionWatch(SqlViews.IsView)}
        """,
        $"CREATE OR REPLACE VIEW counting.video_retention AS {SqlViews.RetentionToTheEnd("counting.retention_quarter", "counting.video", "greatest")};",
        $"""
        -- ranged: segments asked for with a Range, see SegmentSet.ToBytes; ignored_ranges: further ranges of them. live: 1 where a
        -- segment was of a playlist that slides. event.ranged: 1 for a request with a Range.
        ALTER TABLE counting.session ADD COLUMN ranged bytea NOT NULL DEFAULT '', ADD COLUMN ignored_ranges bigint NOT NULL DEFAULT 0, ADD COLUMN live bigint NOT NULL DEFAULT 0;
        ALTER TABLE counting.event ADD COLUMN ranged smallint NOT NULL DEFAULT 0;
        {SessionWatch(SqlViews.IsView + SqlViews.Live)}
        """,
        """
        -- resumed: 1 where the session began so long ago that it may have been here, empty, and have gone.
        ALTER TABLE counting.session ADD COLUMN resumed bigint NOT NULL DEFAULT 0;
        """,
        $"""
        -- The lower bounds of all figures. low_given: 1 where the sums hold them of the session. trailer_low_ms, is_view_low: as the session
        -- was when it was last merged; NULL while low_given is 0. backfill: sessions behind after are still to be looked at (LowBackfill).
        ALTER TABLE counting.session ADD COLUMN low_given bigint NOT NULL DEFAULT 0, ADD COLUMN trailer_low_ms bigint, ADD COLUMN is_view_low bigint;
        ALTER TABLE counting.video_quarter ADD COLUMN views_low bigint NOT NULL DEFAULT 0, ADD COLUMN completed_low bigint NOT NULL DEFAULT 0,
            ADD COLUMN trailer_sessions_low bigint NOT NULL DEFAULT 0, ADD COLUMN trailer_low_ms bigint NOT NULL DEFAULT 0,
            ADD COLUMN basis_measured bigint NOT NULL DEFAULT 0, ADD COLUMN basis_buffered bigint NOT NULL DEFAULT 0;
        ALTER TABLE counting.retention_quarter ADD COLUMN left_low bigint NOT NULL DEFAULT 0;
        ALTER TABLE counting.share_quarter ADD COLUMN watch_low_ms bigint NOT NULL DEFAULT 0;
        CREATE TABLE counting.backfill(name text PRIMARY KEY, after uuid NOT NULL);
        INSERT INTO counting.backfill SELECT 'low', '00000000-0000-0000-0000-000000000000' WHERE EXISTS (SELECT 1 FROM counting.session);
        {SessionWatch(SqlViews.IsView + SqlViews.Live + SqlViews.Low)}
        CREATE OR REPLACE VIEW counting.video_day AS SELECT video, (to_timestamp(quarter / 1000) AT TIME ZONE 'UTC')::date AS day, {SqlViews.DaySums}{SqlViews.DayLow}
        FROM counting.video_quarter GROUP BY video, (to_timestamp(quarter / 1000) AT TIME ZONE 'UTC')::date;
        CREATE OR REPLACE VIEW counting.video_retention AS {SqlViews.RetentionWithLeftLow("counting.retention_quarter", "counting.video", "greatest")};
        """,
        $"""
        -- video_quarter by days of UTC (Unix ms of their start), and of all videos together: what a report of many videos or much time adds
        -- up. Triggers write them, so that a gateway of an older version does too. part: writers of all videos' sums wait for each other
        -- less when not all have the same rows.
        CREATE TABLE counting.video_date(
            video text COLLATE "C" NOT NULL, day bigint NOT NULL, {SqlViews.EachSum(figure => $"{figure} bigint NOT NULL")}, PRIMARY KEY (video, day));
        CREATE TABLE counting.total_quarter(quarter bigint NOT NULL, part integer NOT NULL, {SqlViews.EachSum(figure => $"{figure} bigint NOT NULL")}, PRIMARY KEY (quarter, part));
        CREATE TABLE counting.total_share(
            quarter bigint NOT NULL, dimension integer NOT NULL, name text COLLATE "C" NOT NULL, part integer NOT NULL, sessions bigint NOT NULL,
            watch_ms bigint NOT NULL, watch_low_ms bigint NOT NULL, PRIMARY KEY (quarter, dimension, name, part));
        CREATE FUNCTION counting.add_to_totals() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                {AddTotals("fresh")}
            ELSE
                {AddTotals($"(SELECT video, quarter, {SqlViews.EachSum(figure => figure)} FROM fresh UNION ALL SELECT video, quarter, {SqlViews.EachSum(figure => $"-{figure}")} FROM former) AS changed")}
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER total_new AFTER INSERT ON counting.video_quarter REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION counting.add_to_totals();
        CREATE TRIGGER total_changed AFTER UPDATE ON counting.video_quarter REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION counting.add_to_totals();
        CREATE FUNCTION counting.add_to_total_shares() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                {AddTotalShares("fresh")}
            ELSE
                {AddTotalShares("(SELECT quarter, dimension, name, sessions, watch_ms, watch_low_ms FROM fresh UNION ALL SELECT quarter, dimension, name, -sessions, -watch_ms, -watch_low_ms FROM former) AS changed")}
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER total_new AFTER INSERT ON counting.share_quarter REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION counting.add_to_total_shares();
        CREATE TRIGGER total_changed AFTER UPDATE ON counting.share_quarter REFERENCING OLD TABLE AS former NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION counting.add_to_total_shares();
        -- Making the triggers waited for whoever writes, and nobody writes until they are there.
        {AddTotals("counting.video_quarter")}
        {AddTotalShares("counting.share_quarter")}
        -- player 8 is a tool.
        CREATE INDEX session_tool ON counting.session(session_id) WHERE player = 8;
        """,
        """
        -- Requests that named a session, packed: a row for those that one merge added to a session on one day (TraceRows). at, seq: of the
        -- first. n as in event, where what older versions recorded stays; a gateway of an older version goes on to write there.
        CREATE TABLE counting.trace(
            session_id uuid NOT NULL, at bigint NOT NULL, gateway_id bigint NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL,
            n bigint NOT NULL, hits integer NOT NULL, packed bytea NOT NULL,
            PRIMARY KEY (session_id, at, gateway_id, epoch, seq)) PARTITION BY RANGE (at);
        """,
        """
        -- What gateways counted into ledgers of their own before they counted here: how far it was carried over (EmbeddedHistory). Written with
        -- it, in one transaction. after: the key of the last row of that stage; rows: how many there were in all.
        CREATE TABLE counting.history(gateway_id bigint PRIMARY KEY, stage integer NOT NULL, after text NOT NULL, rows bigint NOT NULL, done boolean NOT NULL);
        """,
        """
        -- What the embedded ledger held when all of it had been carried over: what it holds beyond that came later.
        ALTER TABLE counting.history ADD COLUMN sessions bigint, ADD COLUMN segments bigint;
        """,
    ];

    public static Schema Schema { get; } = new()
    {
        Steps = Schema.Numbered(Steps),
        Lock = Lock,
        Prepare = "CREATE SCHEMA IF NOT EXISTS counting; CREATE TABLE IF NOT EXISTS counting.migration(step integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
        Done = "SELECT step::text FROM counting.migration",
        Note = step => $"INSERT INTO counting.migration(step) VALUES ({step.Name})",
        Newer = "The ledger in PostgreSQL was made by a newer version. Run that version.",
    };

    /// <summary>Makes the partitions of these days, alone: whoever else wants them waits and finds them there.</summary>
    public static async Task AddDaysAsync(NpgsqlConnection connection, IEnumerable<long> days, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AddDaysWithinAsync(connection, days, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>The same within a transaction of the caller's.</summary>
    public static async Task AddDaysWithinAsync(NpgsqlConnection connection, IEnumerable<long> days, CancellationToken ct)
    {
        await RunAsync(connection, $"SELECT pg_advisory_xact_lock({Lock})", ct);
        foreach (var day in days)
            await RunAsync(connection, FormattableString.Invariant($"CREATE TABLE IF NOT EXISTS counting.{Partition(day)} PARTITION OF counting.trace FOR VALUES FROM ({day * Day}) TO ({(day + 1) * Day})"), ct);
    }

    /// <summary>Drops the partitions of the days before <paramref name="oldest"/>. Gives up for now when somebody reads them.</summary>
    /// <returns>How many there were.</returns>
    public static async Task<int> DropDaysAsync(NpgsqlConnection connection, long oldest, CancellationToken ct)
    {
        var old = new List<string>();
        await using (var ask = new NpgsqlCommand("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent IN ('counting.trace'::regclass, 'counting.event'::regclass)", connection))
        await using (var rows = await ask.ExecuteReaderAsync(ct))
        {
            while (await rows.ReadAsync(ct))
            {
                // Older versions made those of event, under the same days.
                var name = rows.GetString(0);
                if (string.CompareOrdinal(name[(name.IndexOf('_', StringComparison.Ordinal) + 1)..], DayOf(oldest)) < 0)
                    old.Add(name);
            }
        }
        foreach (var name in old)
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await RunAsync(connection, $"SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock({Lock}); DROP TABLE IF EXISTS counting.{name}", ct);
            await transaction.CommitAsync(ct);
        }
        return old.Count;
    }

    /// <summary>Length of a partition, milliseconds.</summary>
    public const long Day = 86_400_000;

    private static string Partition(long day) => "trace_" + DayOf(day);

    private static string DayOf(long day) => DateTimeOffset.FromUnixTimeMilliseconds(day * Day).ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
