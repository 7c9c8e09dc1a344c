using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// What a gateway counted into its embedded ledger before it was given PostgreSQL: sessions, traces and sums, carried over once. Nothing is forwarded
/// until all of it is there, so each request is in PostgreSQL once; meanwhile viewers are counted into the outbox. Each portion is a transaction
/// that also writes down how far it came (<c>counting.history</c>): killed at any point, it goes on there.
/// </summary>
/// <remarks>
/// The tables that are read do not change any more, but that rows expire: a sweep that was under way is finished before
/// (<see cref="LedgerWriter"/>), and sums that a backfill still works on are waited for.
/// </remarks>
internal sealed class EmbeddedHistory
{
    private readonly string connectionString;
    private readonly RollupRules rules;
    private readonly int portion;
    private readonly Part[] parts;
    private readonly VideoLengths nobody = new();

    /// <param name="portion">Rows of a transaction.</param>
    public EmbeddedHistory(string ledgerPath, RollupRules rules, int portion = 5000)
    {
        (this.rules, this.portion) = (rules, portion);
        connectionString = new SqliteConnectionStringBuilder { DataSource = ledgerPath, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 30 }.ToString();
        parts =
        [
            new("video", VideosAsync), new("session", SessionsAsync), new("event", EventsAsync), new("trace", TracesAsync), new("anonymous", NamelessAsync),
            new("video_quarter", SumsAsync("video_quarter", ["video", "quarter"], [.. Figure.All.Select(figure => figure.Column)])),
            new("retention_quarter", SumsAsync("retention_quarter", ["video", "quarter", "second"], ["sessions", "sessions_low", "plays", "left_here", "left_low"])),
            new("share_quarter", SumsAsync("share_quarter", ["video", "quarter", "dimension", "name"], ["sessions", "watch_ms", "watch_low_ms"])),
        ];
    }

    /// <summary>Moves the next rows and returns the key of the last one; null when there were none.</summary>
    private delegate Task<(string After, int Rows)?> Move(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct);

    /// <summary>Rows that were moved, of <see cref="All"/>; expired ones among these are moved by nobody.</summary>
    public long Moved { get; private set; }

    public long All { get; private set; }

    /// <summary>For tests: called in each transaction before it commits, and after.</summary>
    public Func<string, Task>? Reached { get; set; }

    /// <summary>
    /// What was counted into the embedded ledger after all of it had been carried over, as by a gateway that ran without PostgreSQL for a while: it stays
    /// there, since sessions are carried over whole and once.
    /// </summary>
    public Amount Left { get; private set; }

    /// <summary>Whether there is something to carry over; notes in PostgreSQL what is decided, and finds what is <see cref="Left"/>.</summary>
    public async Task<bool> IsPendingAsync(NpgsqlConnection to, long gateway, CancellationToken ct)
    {
        var here = Counted();
        if (await NotedAsync(to, gateway, ct) is { } noted)
        {
            Moved = noted.Rows;
            // Where nothing was carried over, all that is here now can be.
            if (noted.Done && noted.Rows > 0)
            {
                Left = here.Less(noted.Counted);
                return false;
            }
            if (!noted.Done)
            {
                All = Count();
                return true;
            }
        }
        var pending = (All = Count()) > 0;
        await using var note = Command(
            to, "INSERT INTO counting.history(gateway_id, stage, after, rows, done) VALUES ($1, 0, '', 0, $2) ON CONFLICT (gateway_id) DO UPDATE SET stage = 0, after = '', done = excluded.done", gateway, !pending);
        await note.ExecuteNonQueryAsync(ct);
        return pending;
    }

    /// <summary>How far the gateway of this ledger says that it is; null where it has never counted in this database.</summary>
    public async Task<(bool Done, long Rows)?> StateAsync(NpgsqlConnection to, CancellationToken ct)
    {
        long gateway;
        await using (var from = new SqliteConnection(connectionString))
        {
            await from.OpenAsync(ct);
            gateway = Single(from, "SELECT value FROM mark WHERE name = 'gateway'");
        }
        if (All == 0)
            All = Count();
        await using (var ask = new NpgsqlCommand("SELECT to_regclass('counting.history') IS NOT NULL", to))
        {
            if (await ask.ExecuteScalarAsync(ct) is not true)
                return null;
        }
        if (await NotedAsync(to, gateway, ct) is not { } noted)
            return null;
        if (noted.Done)
            Left = Counted().Less(noted.Counted);
        return (noted.Done, noted.Rows);
    }

    private static async Task<(bool Done, long Rows, Amount? Counted)?> NotedAsync(NpgsqlConnection to, long gateway, CancellationToken ct)
    {
        await using var ask = Command(to, "SELECT done, rows, sessions, segments FROM counting.history WHERE gateway_id = $1", gateway);
        await using var row = await ask.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            return null;
        return (row.GetBoolean(0), row.GetInt64(1), await row.IsDBNullAsync(2, ct) ? null : new Amount(row.GetInt64(2), row.GetInt64(3)));
    }

    /// <summary>Moves portion after portion until all is there, or <paramref name="stops"/> says so.</summary>
    /// <param name="tracedFrom">Unix ms: traces of requests before it are not kept.</param>
    /// <returns>Whether all is there.</returns>
    public async Task<bool> MoveAsync(NpgsqlConnection to, long gateway, long tracedFrom, Func<bool> stops, CancellationToken ct)
    {
        await using var from = new SqliteConnection(connectionString);
        await from.OpenAsync(ct);
        while (!stops())
        {
            if (Single(from, "SELECT count(*) FROM backfill") > 0)
            {
                await Task.Delay(50, ct);
                continue;
            }
            if (!await MovePortionAsync(from, to, gateway, tracedFrom, ct))
                return true;
        }
        return false;
    }

    /// <returns>False when nothing is left.</returns>
    private async Task<bool> MovePortionAsync(SqliteConnection from, NpgsqlConnection to, long gateway, long tracedFrom, CancellationToken ct)
    {
        await using var transaction = await to.BeginTransactionAsync(ct);
        var (stage, after, rows, done) = await WhereAsync(to, gateway, ct);
        if (done)
            return false;
        var portion = stage < parts.Length ? await parts[stage].Move(from, to, after, new Target(gateway, tracedFrom), ct) : null;
        (stage, after) = portion is { } moved ? (stage, moved.After) : (stage + 1, "");
        rows += portion?.Rows ?? 0;
        if (stage == parts.Length)
        {
            var all = Counted();
            await using var finish = Command(to, "UPDATE counting.history SET stage = $2, after = '', done = true, sessions = $3, segments = $4 WHERE gateway_id = $1", gateway, stage, all.Sessions, all.Segments);
            await finish.ExecuteNonQueryAsync(ct);
        }
        else
        {
            await using var mark = Command(to, "UPDATE counting.history SET stage = $2, after = $3, rows = $4 WHERE gateway_id = $1", gateway, stage, after, rows);
            await mark.ExecuteNonQueryAsync(ct);
        }
        var name = stage < parts.Length ? $"{parts[stage].Name} {after}" : "end";
        await AtAsync($"before {name}");
        await transaction.CommitAsync(ct);
        Moved = rows;
        await AtAsync($"after {name}");
        return stage < parts.Length;
    }

    private static async Task<(int Stage, string After, long Rows, bool Done)> WhereAsync(NpgsqlConnection to, long gateway, CancellationToken ct)
    {
        // Locked until the transaction ends: whoever else moves it waits, and then finds where this one stopped.
        await using var ask = Command(to, "SELECT stage, after, rows, done FROM counting.history WHERE gateway_id = $1 FOR UPDATE", gateway);
        await using var row = await ask.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            throw new InvalidOperationException("counting.history has no row of this gateway any more.");
        return (row.GetInt32(0), row.GetString(1), row.GetInt64(2), row.GetBoolean(3));
    }

    private async Task<(string After, int Rows)?> SessionsAsync(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct)
    {
        // With what follows from the other columns by the rules of when it was merged: the tables of sums hold the same.
        var sessions = Read(
            from, $"SELECT {SessionRow.Columns}, s.watch_low_ms, s.trailer_low_ms, s.is_view, s.is_view_low FROM session s WHERE s.session_id > $1 ORDER BY s.session_id LIMIT $2",
            row =>
            {
                var state = SessionRow.Read(row);
                (state.WatchLowMs, state.TrailerLowMs, state.IsView, state.IsViewLow) = (row.GetInt64(SessionRow.Count), row.GetInt64(SessionRow.Count + 1), row.GetInt64(SessionRow.Count + 2) != 0, row.GetInt64(SessionRow.Count + 3) != 0);
                return state;
            }, Convert.FromHexString(after), portion);
        if (sessions.Count == 0)
            return null;
        await new PostgresMerge(to, rules, 0, nobody, () => 0).AddSessionsAsync(sessions, new RollupSums(rules), ct);
        return (Convert.ToHexString(sessions[^1].Session.ToByteArray(bigEndian: true)), sessions.Count);
    }

    private Task<(string After, int Rows)?> VideosAsync(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct) => PageAsync(
        from, to, after, "SELECT video, content_ms, longest_end_ms FROM video ORDER BY video LIMIT $1 OFFSET $2", 1,
        """
        INSERT INTO counting.video AS v(video, content_ms, longest_end_ms) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (video) DO UPDATE SET content_ms = CASE WHEN v.content_ms > 0 THEN v.content_ms ELSE excluded.content_ms END, longest_end_ms = greatest(v.longest_end_ms, excluded.longest_end_ms)
        """, ct);

    private Task<(string After, int Rows)?> NamelessAsync(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct) =>
        SumsAsync("anonymous", ["video", "quarter", "rule", "kind"], ["requests", "fetched_ms"])(from, to, after, target, ct);

    /// <summary>Adds a table of sums to the one of the same name.</summary>
    private Move SumsAsync(string table, string[] key, string[] figures) => (from, to, after, _, ct) =>
    {
        string[] columns = [.. key, .. figures];
        var texts = key.Count(name => name is "video" or "name");
        return PageAsync(
            from, to, after, $"SELECT {string.Join(", ", columns)} FROM {table} ORDER BY {string.Join(", ", key)} LIMIT $1 OFFSET $2", texts,
            $"""
            INSERT INTO counting.{table} AS t ({string.Join(", ", columns)}) SELECT * FROM unnest({string.Join(", ", Enumerable.Range(1, columns.Length).Select(i => $"${i}"))})
            ON CONFLICT ({string.Join(", ", key)}) DO UPDATE SET {string.Join(", ", figures.Select(figure => $"{figure} = t.{figure} + excluded.{figure}"))}
            """, ct);
    };

    /// <summary>A portion of a table that nobody writes any more: its rows from the number <paramref name="after"/> on.</summary>
    private async Task<(string After, int Rows)?> PageAsync(SqliteConnection from, NpgsqlConnection to, string after, string read, int texts, string write, CancellationToken ct)
    {
        var skip = after.Length == 0 ? 0 : long.Parse(after, CultureInfo.InvariantCulture);
        var rows = Read(from, read, row => Enumerable.Range(0, row.FieldCount).Select(row.GetValue).ToArray(), portion, skip);
        if (rows.Count == 0)
            return null;
        var columns = Enumerable.Range(0, rows[0].Length)
            .Select(at => rows.Exists(row => row[at] is string)
                ? (object)rows.Select(row => PostgresMerge.Plain((string)row[at])).ToArray()
                : rows.Select(row => Convert.ToInt64(row[at], CultureInfo.InvariantCulture)).ToArray())
            .ToArray();
        if (columns.Count(column => column is string[]) != texts)
            throw new InvalidDataException("A row of sums in the embedded ledger is damaged.");
        await using var command = Command(to, write, columns);
        await command.ExecuteNonQueryAsync(ct);
        return ((skip + rows.Count).ToString(CultureInfo.InvariantCulture), rows.Count);
    }

    /// <summary>Single requests, as older versions kept them: they become rows of the trace.</summary>
    private async Task<(string After, int Rows)?> EventsAsync(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct)
    {
        var sessions = Read(from, "SELECT DISTINCT session_id FROM event WHERE session_id > $1 ORDER BY session_id LIMIT $2", row => row.GetFieldValue<byte[]>(0), Convert.FromHexString(after), Math.Max(1, portion / 10));
        if (sessions.Count == 0)
            return null;
        var traces = new TraceRows();
        foreach (var (hit, seq) in Read(from,
            "SELECT session_id, seq, at, kind, rule, start_ms, duration_ms, path, player, cmcd, ranged FROM event WHERE session_id >= $1 AND session_id <= $2 ORDER BY session_id, seq",
            row => (Event(row), row.GetInt64(1)), sessions[0], sessions[^1]))
        {
            if (hit.AtMs >= target.TracedFrom)
                traces.Add(seq, in hit);
        }
        await WriteTracesAsync(to, traces, target, ct);
        return (Convert.ToHexString(sessions[^1]), sessions.Count);
    }

    private async Task<(string After, int Rows)?> TracesAsync(SqliteConnection from, NpgsqlConnection to, string after, Target target, CancellationToken ct)
    {
        var last = after.Length == 0 ? 0 : long.Parse(after, CultureInfo.InvariantCulture);
        var rows = Read(from, "SELECT id, session_id, seq, packed FROM trace WHERE id > $1 ORDER BY id LIMIT $2",
            row => (Id: row.GetInt64(0), Session: new Guid(row.GetFieldValue<byte[]>(1), bigEndian: true), Seq: row.GetInt64(2), Packed: row.GetFieldValue<byte[]>(3)), last, portion);
        if (rows.Count == 0)
            return null;
        var traces = new TraceRows();
        // A row of each session in turn: they are packed as they were.
        foreach (var row in rows)
        {
            var seq = row.Seq;
            foreach (var hit in TraceRows.Read(row.Packed, row.Session, ""))
            {
                if (hit.AtMs >= target.TracedFrom)
                    traces.Add(seq, in hit);
                seq++;
            }
        }
        await WriteTracesAsync(to, traces, target, ct);
        return (rows[^1].Id.ToString(CultureInfo.InvariantCulture), rows.Count);
    }

    private async Task WriteTracesAsync(NpgsqlConnection to, TraceRows traces, Target target, CancellationToken ct)
    {
        if (traces.Rows.Count == 0)
            return;
        await PostgresSchema.AddDaysWithinAsync(to, traces.Rows.Select(row => row.At / PostgresSchema.Day).Distinct(), ct);
        // Run 0: no process has that number.
        await new PostgresMerge(to, rules, 0, nobody, () => 0).CopyTracesAsync(traces, target.Gateway, epoch: 0, ct);
    }

    private static Hit Event(DbDataReader row) => new(
        SessionRow.Id(row, 0), "", row.GetString(7), (HitKind)row.GetInt64(3), (HitRule)row.GetInt64(4), row.GetInt32(5), row.GetInt32(6), row.GetInt64(2), 0, (PlayerFamily)row.GetInt64(8))
    {
        Cmcd = Cmcd.Parse(row.GetString(9)),
        Ranged = row.GetInt64(10) != 0,
    };

    private long Count()
    {
        using var from = new SqliteConnection(connectionString);
        from.Open();
        return parts.Sum(part => Single(from, part.Name == "event" ? "SELECT count(DISTINCT session_id) FROM event" : $"SELECT count(*) FROM {part.Name}"));
    }

    /// <summary>By the sums, which are few and never shrink.</summary>
    private Amount Counted()
    {
        using var from = new SqliteConnection(connectionString);
        from.Open();
        return new(
            Single(from, "SELECT coalesce(sum(sessions), 0) FROM total_quarter"),
            Single(from, "SELECT coalesce((SELECT sum(segments_fetched) FROM total_quarter), 0) + coalesce((SELECT sum(requests) FROM anonymous), 0)"));
    }

    private static long Single(SqliteConnection from, string sql)
    {
        using var command = from.CreateCommand();
        command.CommandText = sql;
        return (long)(command.ExecuteScalar() ?? 0L);
    }

    private static List<T> Read<T>(SqliteConnection from, string sql, Func<SqliteDataReader, T> read, params object[] parameters)
    {
        using var command = from.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters.Length; i++) command.Parameters.AddWithValue($"${i + 1}", parameters[i]);
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read()) all.Add(read(rows));
        return all;
    }

    private static NpgsqlCommand Command(NpgsqlConnection to, string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, to);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }

    private Task AtAsync(string step) => Reached is { } reached ? reached(step) : Task.CompletedTask;

    /// <param name="Segments">Handed out to sessions, and to requests without one.</param>
    internal readonly record struct Amount(long Sessions, long Segments)
    {
        public bool IsNothing => Sessions == 0 && Segments == 0;

        /// <param name="before">Null: not known, and taken for as much.</param>
        public Amount Less(Amount? before) => before is { } known ? new(Math.Max(0, Sessions - known.Sessions), Math.Max(0, Segments - known.Segments)) : default;
    }

    private sealed record Part(string Name, Move Move);

    /// <param name="TracedFrom">Unix ms.</param>
    private sealed record Target(long Gateway, long TracedFrom);
}
