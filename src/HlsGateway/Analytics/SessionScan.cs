using System.Data.Common;
using System.Runtime.CompilerServices;
using HlsGateway.Counting;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>
/// Sums up the sessions that a filter takes by the rules that the kept sums are made by, a window of candidates at a time: each question to
/// the ledger is short however few of them fit, and nothing is held between two questions. A session is read as it is in its window.
/// </summary>
internal sealed class SessionScan(LedgerReader ledger, IOptions<AnalyticsOptions> analytics)
{
    /// <summary>Rows that one question looks at.</summary>
    private const int Window = 5000;

    /// <summary>The sums of the sessions of a video that began in [from, until), window by window in the order of their starts. Each is valid until the next.</summary>
    /// <param name="seen">Sees each session, in that order, on a thread of the reader.</param>
    public async IAsyncEnumerable<RollupSums> SumsAsync(
        string video, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, Action<SessionState>? seen, [EnumeratorCancellation] CancellationToken ct)
    {
        var sums = new RollupSums(analytics.Value.Rules);
        var last = SessionIds.Floor(until);
        for (byte[]? next = SessionIds.Floor(from); next is not null;)
        {
            var first = next;
            next = await ledger.AskAsync(connection =>
            {
                var end = EndOfWindow(connection, video, first, last);
                using var command = Command(connection, video, first, end ?? last, $"SELECT {SessionRow.Columns} FROM session s WHERE {Between}{filter.Sql(ledger.Kind)} ORDER BY s.session_id");
                filter.Bind(command);
                using var rows = command.ExecuteReader();
                while (rows.Read())
                {
                    var state = SessionRow.Read(rows);
                    sums.Give(state);
                    seen?.Invoke(state);
                }
                return end;
            }, ct);
            yield return sums;
            sums.Clear();
        }
    }

    private const string Between = "s.video = @video AND s.session_id >= @first AND s.session_id < @last";

    private byte[]? EndOfWindow(DbConnection connection, string video, byte[] first, byte[] last)
    {
        using var command = Command(connection, video, first, last, $"SELECT s.session_id FROM session s WHERE {Between} ORDER BY s.session_id LIMIT 1 OFFSET {Window}");
        using var row = command.ExecuteReader();
        return row.Read() ? SessionIds.Bytes(SessionRow.Id(row, 0)) : null;
    }

    private DbCommand Command(DbConnection connection, string video, byte[] first, byte[] last, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.With("video", video);
        command.With("first", ledger.Id(first));
        command.With("last", ledger.Id(last));
        return command;
    }
}
