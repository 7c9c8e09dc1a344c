using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// Writes a run of requests into PostgreSQL within the caller's transaction: traces by binary COPY, sessions under row locks that are
/// taken in the order of their ids, sums in the order of their keys, so that gateways that share sessions and videos do not
/// deadlock.
/// </summary>
internal sealed class PostgresMerge(NpgsqlConnection connection, RollupRules rules, int traceLimit, VideoLengths lengths, Func<long> expired)
{
    /// <summary>Media time is only ever added: a union, so that not even a row that somebody changed meanwhile could shrink.</summary>
    private static readonly string Update = $"""
        UPDATE counting.session s SET {string.Join(", ", SessionColumns.All.Select(column => column.Type == ColumnType.Set ? $"{column.Name} = s.{column.Name} + m.{column.Name}" : $"{column.Name} = m.{column.Name}"))}
        FROM merged m WHERE s.session_id = m.session_id
        """;

    private readonly Dictionary<Guid, SessionState> held = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>The connection's own table for what sessions have become.</summary>
    public static Task PrepareAsync(NpgsqlConnection connection, CancellationToken ct) =>
        new NpgsqlCommand("CREATE TEMP TABLE IF NOT EXISTS merged (LIKE counting.session) ON COMMIT DELETE ROWS", connection).ExecuteNonQueryAsync(ct);

    /// <summary>Takes the locks and works out what becomes of sessions and sums. Nothing is written yet but empty rows of new sessions.</summary>
    /// <param name="tracedFrom">Unix ms: requests before it are counted and not kept.</param>
    public async Task<MergePortion> MergeAsync(HeldHits hits, long tracedFrom, CancellationToken ct)
    {
        var sessions = hits.Sessions();
        await LockAsync(hits, sessions, ct);
        await AskNamesAsync(hits, ct);
        var portion = new MergePortion(rules, traceLimit, lengths, held.GetValueOrDefault, names.Contains, expired, tracedFrom);
        foreach (var session in sessions)
        {
            for (var next = hits.Next(session); next != HeldHits.None; next = hits.Next(session, next)) portion.Add(hits.Seq(next), in hits.Hit(next));
        }
        portion.Close();
        // A row was made for a session that no request brought back.
        if (held.Values.Where(state => state.Requests == 0).Select(state => state.Session).ToArray() is { Length: > 0 } unused)
            await RunAsync("DELETE FROM counting.session WHERE session_id = ANY($1) AND requests = 0", ct, unused);
        return portion;
    }

    public async Task CopyTracesAsync(TraceRows traces, long gateway, long epoch, CancellationToken ct)
    {
        // One number for all of them: arrival is told apart by portion, and within it by the gateway's own number.
        await using var next = new NpgsqlCommand("SELECT nextval('counting.event_n')", connection);
        var portion = (long)(await next.ExecuteScalarAsync(ct) ?? 0L);
        await using var copy = await CopyRows.BeginAsync(connection, "COPY counting.trace(session_id, at, gateway_id, epoch, seq, n, hits, packed) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var row in traces.Rows)
        {
            WriteTrace(copy, row, traces.Packed(row), gateway, epoch, portion);
            if (copy.IsFull)
                await copy.SendAsync(ct);
        }
        await copy.CompleteAsync(ct);
    }

    public async Task WriteAsync(MergePortion portion, IReadOnlyDictionary<string, int> told, CancellationToken ct)
    {
        await WriteSessionsAsync(portion.Sessions, ct);
        await WriteVideosAsync(portion.Ends, told, ct);
        await WriteSumsAsync(portion.Sums, ct);
        await WriteNamelessAsync(portion, ct);
    }

    /// <summary>Writes rows that are there and locked.</summary>
    public async Task WriteSessionsAsync(IEnumerable<SessionState> sessions, CancellationToken ct)
    {
        await using (var copy = await CopyRows.BeginAsync(connection, $"COPY merged(session_id, video, {SessionColumns.All.List()}) FROM STDIN (FORMAT BINARY)", ct))
        {
            foreach (var state in sessions)
            {
                WriteSession(copy, state);
                if (copy.IsFull)
                    await copy.SendAsync(ct);
            }
            await copy.CompleteAsync(ct);
        }
        await RunAsync(Update, ct);
    }

    /// <summary>
    /// Adds sessions that another ledger counted and whose sums are added apart. One that is here already has been counted in two places: its media time
    /// becomes the union, and its sums what follows from that; only which of its requests were repeats of each other's is not known any more.
    /// </summary>
    public async Task AddSessionsAsync(List<SessionState> sessions, RollupSums sums, CancellationToken ct)
    {
        var here = new Dictionary<Guid, SessionState>();
        await using (var ask = new NpgsqlCommand($"SELECT {SessionRow.Columns} FROM counting.session s WHERE s.session_id = ANY($1) ORDER BY s.session_id FOR UPDATE", connection))
        {
            ask.Parameters.Add(new NpgsqlParameter { Value = sessions.Select(state => state.Session).ToArray() });
            await using var rows = await ask.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct)) here.Add(rows.GetGuid(0), SessionRow.Read(rows));
        }
        var both = new List<SessionState>();
        foreach (var state in sessions.Where(state => here.ContainsKey(state.Session)))
        {
            var other = here[state.Session];
            sums.Take(state);
            sums.Take(other);
            other.Add(state);
            sums.Give(other);
            both.Add(other);
        }
        if (both.Count > 0)
            await WriteSessionsAsync(both, ct);
        await WriteSumsAsync(sums, ct);
        await using var copy = await CopyRows.BeginAsync(connection, $"COPY counting.session(session_id, video, {SessionColumns.All.List()}) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var state in sessions.Where(state => !here.ContainsKey(state.Session)))
        {
            WriteSession(copy, state);
            if (copy.IsFull)
                await copy.SendAsync(ct);
        }
        await copy.CompleteAsync(ct);
    }

    private async Task LockAsync(HeldHits hits, Guid[] sessions, CancellationToken ct)
    {
        var first = new Dictionary<Guid, string>();
        foreach (var session in sessions)
        {
            var next = hits.Next(session);
            while (next != HeldHits.None && MergePortion.IsNameless(in hits.Hit(next))) next = hits.Next(session, next);
            if (next != HeldHits.None)
                first.Add(session, hits.Hit(next).Video);
        }
        held.Clear();
        // The order of Guid.CompareTo is that of the bytes, which is PostgreSQL's. A row that was there may go before it is locked, when
        // it is empty and old: then it is made again.
        while (first.Keys.Where(id => !held.ContainsKey(id)).Order().ToArray() is { Length: > 0 } ids) await LockAsync(ids, first, ct);
    }

    private async Task LockAsync(Guid[] ids, Dictionary<Guid, string> first, CancellationToken ct)
    {
        await RunAsync("INSERT INTO counting.session(session_id, video) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING", ct, ids, ids.Select(id => Plain(first[id])).ToArray());
        await using var ask = new NpgsqlCommand($"""
            SELECT {SessionRow.Columns} FROM counting.session s WHERE s.session_id = ANY($1) ORDER BY s.session_id FOR UPDATE
            """, connection);
        ask.Parameters.Add(new NpgsqlParameter { Value = ids });
        await using var rows = await ask.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) held.Add(rows.GetGuid(0), SessionRow.Read(rows));
    }

    private async Task AskNamesAsync(HeldHits hits, CancellationToken ct)
    {
        // Also of requests that turn out to be another video's: what they are counted under is decided later.
        var videos = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < hits.Count; i++) videos.Add(hits.Hit(i).Video);
        var asked = videos.Where(video => !lengths.Contains(video)).ToArray();
        names.Clear();
        if (asked.Length == 0)
            return;
        await using var ask = new NpgsqlCommand("SELECT video FROM counting.video WHERE video = ANY($1)", connection);
        ask.Parameters.Add(new NpgsqlParameter { Value = asked.Select(Plain).ToArray() });
        await using var rows = await ask.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) names.Add(rows.GetString(0));
    }

    private static void WriteTrace(CopyRows copy, TraceRow row, ReadOnlySpan<byte> packed, long gateway, long epoch, long portion)
    {
        copy.Begin(8);
        copy.Uuid(row.Session);
        copy.Int64(row.At);
        copy.Int64(gateway);
        copy.Int64(epoch);
        copy.Int64(row.Seq);
        copy.Int64(portion);
        copy.Int32(row.Hits);
        copy.Bytes(packed);
    }

    private static void WriteSession(CopyRows copy, SessionState state)
    {
        copy.Begin((short)(SessionColumns.All.Length + 2));
        copy.Uuid(state.Session);
        copy.Text(Plain(state.Video));
        SessionColumns.Write(state, copy);
    }

    private async Task WriteVideosAsync(Dictionary<string, int> ends, IReadOnlyDictionary<string, int> told, CancellationToken ct)
    {
        var videos = ends.Keys.Union(told.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (videos.Length == 0)
            return;
        await RunAsync("""
            INSERT INTO counting.video AS v SELECT * FROM unnest($1, $2, $3)
            ON CONFLICT (video) DO UPDATE SET content_ms = CASE WHEN excluded.content_ms > 0 THEN excluded.content_ms ELSE v.content_ms END,
                longest_end_ms = greatest(v.longest_end_ms, excluded.longest_end_ms)
            """, ct, videos.Select(Plain).ToArray(), videos.Select(video => (long)told.GetValueOrDefault(video)).ToArray(), videos.Select(video => (long)ends.GetValueOrDefault(video)).ToArray());
    }

    /// <summary>Adds what changed to the sums, in the order of their keys.</summary>
    public async Task WriteSumsAsync(RollupSums sums, CancellationToken ct)
    {
        var videos = sums.Videos.OrderBy(v => v.Key.Video, StringComparer.Ordinal).ThenBy(v => v.Key.Quarter).ToList();
        if (videos.Count > 0)
        {
            object[] columns = [videos.Select(v => Plain(v.Key.Video)).ToArray(), videos.Select(v => v.Key.Quarter).ToArray(), .. Figure.All.Select(figure => videos.Select(v => v.Sums[figure.Index]).ToArray())];
            await AddAsync("video_quarter", "video, quarter", [.. Figure.All.Select(figure => figure.Column)], columns, ct);
        }
        var seconds = sums.Retention.OrderBy(s => s.Key.Video, StringComparer.Ordinal).ThenBy(s => s.Key.Quarter).ThenBy(s => s.Key.Second).ToList();
        if (seconds.Count > 0)
        {
            await AddAsync("retention_quarter", "video, quarter, second", ["sessions", "sessions_low", "plays", "left_here", "left_low"],
                [
                    seconds.Select(s => Plain(s.Key.Video)).ToArray(), seconds.Select(s => s.Key.Quarter).ToArray(), seconds.Select(s => s.Key.Second).ToArray(),
                    seconds.Select(s => (long)s.Change.Sessions).ToArray(), seconds.Select(s => (long)s.Change.Low).ToArray(),
                    seconds.Select(s => (long)s.Change.Plays).ToArray(), seconds.Select(s => (long)s.Change.Left).ToArray(),
                    seconds.Select(s => (long)s.Change.LeftLow).ToArray(),
                ], ct);
        }
        var shares = sums.Shares.OrderBy(s => s.Key.Video, StringComparer.Ordinal).ThenBy(s => s.Key.Quarter).ThenBy(s => s.Key.Dimension).ThenBy(s => s.Key.Name, StringComparer.Ordinal).ToList();
        if (shares.Count > 0)
        {
            await AddAsync("share_quarter", "video, quarter, dimension, name", ["sessions", "watch_ms", "watch_low_ms"],
                [
                    shares.Select(s => Plain(s.Key.Video)).ToArray(), shares.Select(s => s.Key.Quarter).ToArray(), shares.Select(s => s.Key.Dimension).ToArray(),
                    shares.Select(s => Plain(s.Key.Name)).ToArray(), shares.Select(s => s.Sum.Sessions).ToArray(), shares.Select(s => s.Sum.WatchMs).ToArray(),
                    shares.Select(s => s.Sum.WatchLowMs).ToArray(),
                ], ct);
        }
    }

    private async Task WriteNamelessAsync(MergePortion portion, CancellationToken ct)
    {
        var nameless = portion.Nameless.OrderBy(a => a.Key.Video, StringComparer.Ordinal).ThenBy(a => a.Key.Quarter).ThenBy(a => a.Key.Rule).ThenBy(a => a.Key.Kind).ToList();
        if (nameless.Count > 0)
        {
            await AddAsync("anonymous", "video, quarter, rule, kind", ["requests", "fetched_ms"],
                [
                    nameless.Select(a => Plain(a.Key.Video)).ToArray(), nameless.Select(a => a.Key.Quarter).ToArray(), nameless.Select(a => (long)a.Key.Rule).ToArray(),
                    nameless.Select(a => (long)a.Key.Kind).ToArray(), nameless.Select(a => a.Value.Requests).ToArray(), nameless.Select(a => a.Value.FetchedMs).ToArray(),
                ], ct);
        }
    }

    private Task AddAsync(string table, string key, string[] figures, object[] columns, CancellationToken ct) => RunAsync(
        $"""
        INSERT INTO counting.{table} AS t ({key}, {string.Join(", ", figures)}) SELECT * FROM unnest({string.Join(", ", Enumerable.Range(1, columns.Length).Select(i => $"${i}"))})
        ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", figures.Select(figure => $"{figure} = t.{figure} + excluded.{figure}"))}
        """, ct, columns);

    private async Task RunAsync(string sql, CancellationToken ct, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>PostgreSQL's text type cannot hold NUL.</summary>
    internal static string Plain(string text) => text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', '\uFFFD') : text;
}
