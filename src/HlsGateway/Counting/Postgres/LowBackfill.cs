using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// Gives the sums the lower bounds of sessions that an older version merged last, a portion in a transaction of its own. Of the gateways
/// that share the ledger one works at a time; how far they are stands in the ledger.
/// </summary>
internal sealed class LowBackfill(RollupRules rules)
{
    /// <summary>Sessions whose rows are locked at once, in the order of their ids as everybody locks them.</summary>
    private const int Portion = 500;

    private bool done;

    /// <returns>False where nothing is left to do, or another gateway is at it.</returns>
    public async Task<bool> RunAsync(NpgsqlConnection connection, PostgresMerge merge, CancellationToken ct)
    {
        if (done)
            return false;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var look = new NpgsqlCommand("SELECT EXISTS (SELECT 1 FROM counting.backfill WHERE name = 'low')", connection);
        done = await look.ExecuteScalarAsync(ct) is not true;
        await using var claim = new NpgsqlCommand("SELECT after FROM counting.backfill WHERE name = 'low' FOR UPDATE SKIP LOCKED", connection);
        if (done || await claim.ExecuteScalarAsync(ct) is not Guid after)
            return false;

        var seen = 0;
        var old = new List<SessionState>();
        await using (var page = new NpgsqlCommand($"SELECT {SessionRow.Columns} FROM counting.session s WHERE s.session_id > $1 ORDER BY s.session_id LIMIT {Portion} FOR UPDATE", connection) { Parameters = { new() { Value = after } } })
        await using (var rows = await page.ExecuteReaderAsync(ct))
        {
            for (; await rows.ReadAsync(ct); seen++)
            {
                after = rows.GetGuid(0);
                if (SessionRow.Read(rows) is { LowGiven: false, Requests: > 0 } state)
                    old.Add(state);
            }
        }
        var sums = new RollupSums(rules);
        foreach (var state in old)
        {
            sums.Take(state);
            sums.Give(state);
        }
        await merge.WriteSessionsAsync(old, ct);
        await merge.WriteSumsAsync(sums, ct);
        await using var go = new NpgsqlCommand(seen == Portion ? "UPDATE counting.backfill SET after = $1 WHERE name = 'low'" : "DELETE FROM counting.backfill WHERE name = 'low' AND after <= $1", connection)
        {
            Parameters = { new() { Value = after } },
        };
        await go.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }
}
