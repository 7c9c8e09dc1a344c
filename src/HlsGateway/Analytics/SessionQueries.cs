using System.Data.Common;
using HlsGateway.Counting;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Questions about single sessions.</summary>
internal sealed class SessionQueries(LedgerReader ledger, IOptions<AnalyticsOptions> options)
{
    /// <summary>With the content's length: as the session knows it, else as the video is known, else as far as anybody has fetched.</summary>
    private static readonly string Columns = SessionRow.Columns + ", CASE WHEN s.content_ms > 0 THEN s.content_ms ELSE coalesce(nullif(v.content_ms, 0), v.longest_end_ms, 0) END";

    /// <summary>Rows that one question with a filter looks at.</summary>
    private const int Candidates = 20_000;

    /// <summary>Newest first. The cursor is the last session's id: sessions that begin meanwhile do not shift the pages.</summary>
    /// <param name="before">Exclusive upper bound of the id; null for none.</param>
    /// <param name="from">Inclusive, by the session's start.</param>
    /// <param name="until">Exclusive, by the session's start.</param>
    /// <param name="draws">Whether anybody looks at the strips.</param>
    public async Task<SessionPage> ListAsync(
        string? video, DateTimeOffset? from, DateTimeOffset? until, SessionFilter filter, int limit, Guid? before, CancellationToken ct, bool draws = true)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var lower = from is { } start ? SessionIds.Floor(start) : new byte[16];
        var upper = until is { } end ? SessionIds.Floor(end) : Enumerable.Repeat((byte)0xff, 16).ToArray();
        if (before is { } cursor && SessionIds.Bytes(cursor) is var bytes && bytes.AsSpan().SequenceCompareTo(upper) < 0)
            upper = bytes;
        var sessions = new List<SessionReport>();
        for (byte[]? next = upper; next is not null && sessions.Count <= limit;)
        {
            var last = next;
            next = await ledger.AskAsync(connection => Window(connection, video, lower, last, filter, limit + 1 - sessions.Count, draws, sessions), ct);
        }
        var more = sessions.Count > limit;
        if (more)
            sessions.RemoveAt(limit);
        return new SessionPage(sessions, more ? sessions[^1].SessionId.ToString() : null, asOf.UtcDateTime);
    }

    /// <summary>Adds what fits of the sessions before <paramref name="upper"/>.</summary>
    /// <returns>Where the next window ends; null where there is none.</returns>
    private byte[]? Window(DbConnection connection, string? video, byte[] lower, byte[] upper, SessionFilter filter, int atMost, bool draws, List<SessionReport> into)
    {
        DbCommand Command(byte[] from, string select, string condition, string rest)
        {
            var command = connection.CreateCommand();
            command.CommandText = $"SELECT {select} WHERE s.session_id >= @from AND s.session_id < @before {(video is null ? "" : "AND s.video = @video")}{condition} ORDER BY s.session_id DESC LIMIT {rest}";
            command.With("from", ledger.Id(from));
            command.With("before", ledger.Id(upper));
            if (video is not null)
                command.With("video", video);
            return command;
        }

        // Without a filter each row fits. With one, few may: a question looks at so many and no more.
        byte[]? start = null;
        if (!filter.IsEmpty)
        {
            using var ask = Command(lower, "s.session_id FROM session s", "", $"1 OFFSET {Candidates - 1}");
            using var row = ask.ExecuteReader();
            if (row.Read())
                start = SessionIds.Bytes(SessionRow.Id(row, 0));
        }
        using var command = Command(start ?? lower, $"{Columns} FROM session s LEFT JOIN video v ON v.video = s.video", filter.Sql(ledger.Kind), "@limit");
        command.With("limit", atMost);
        filter.Bind(command);
        using var rows = command.ExecuteReader();
        while (rows.Read()) into.Add(Report(SessionRow.Read(rows), rows, draws));
        return start;
    }

    /// <summary>One session with its trace; null when the ledger has none of that id.</summary>
    public async Task<SessionReport?> FindAsync(Guid session, CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        return await ledger.AskAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM session s LEFT JOIN video v ON v.video = s.video WHERE s.session_id = @id";
            command.With("id", ledger.Id(SessionIds.Bytes(session)));
            SessionReport report;
            SessionState state;
            using (var rows = command.ExecuteReader())
            {
                if (!rows.Read())
                    return null;
                state = SessionRow.Read(rows);
                report = Report(state, rows);
            }
            var hits = Trace(connection, session, report.Video);
            return report with { Low = LowExplanation.Of(state, options.Value, hits), Trace = SessionTrace.Tell(hits), TraceComplete = hits.Count == state.Requests, AsOf = asOf.UtcDateTime };
        }, ct);
    }

    /// <summary>The requests of a session that are kept, in the order in which they were recorded.</summary>
    private List<Hit> Trace(DbConnection connection, Guid session, string video)
    {
        var (order, id) = (ledger.Kind == "sqlite" ? "0, seq" : "n, seq", ledger.Id(SessionIds.Bytes(session)));
        var rows = new List<(long N, long Seq, List<Hit> Hits)>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT {order}, packed FROM trace WHERE session_id = @id";
            command.With("id", id);
            using var each = command.ExecuteReader();
            while (each.Read()) rows.Add((each.GetInt64(0), each.GetInt64(1), TraceRows.Read(each.GetFieldValue<byte[]>(2), session, video)));
        }
        // Older versions kept a row for each request.
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT {order}, at, kind, rule, start_ms, duration_ms, path, player, cmcd, ranged FROM event WHERE session_id = @id";
            command.With("id", id);
            using var each = command.ExecuteReader();
            while (each.Read())
            {
                var hit = new Hit(session, video, each.GetString(7), (HitKind)each.GetInt32(3), (HitRule)each.GetInt32(4), each.GetInt32(5), each.GetInt32(6), each.GetInt64(2), 0, (PlayerFamily)each.GetInt32(8))
                {
                    Cmcd = Cmcd.Parse(each.GetString(9)),
                    Ranged = each.GetInt64(10) != 0,
                };
                rows.Add((each.GetInt64(0), each.GetInt64(1), [hit]));
            }
        }
        return [.. rows.OrderBy(row => row.N).ThenBy(row => row.Seq).SelectMany(row => row.Hits)];
    }

    private SessionReport Report(SessionState state, DbDataReader row, bool draws = true) => SessionReport.Of(state, row.GetInt64(SessionRow.Count), options.Value, draws);
}
