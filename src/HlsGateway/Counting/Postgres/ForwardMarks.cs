using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>Up to where each run of this gateway is in PostgreSQL, and whether this process is still the one that moves it.</summary>
internal sealed class ForwardMarks
{
    private readonly Guid holder;
    private readonly Dictionary<long, (long LastSeq, long LastHash)> runs = [];

    private ForwardMarks(long gateway, Guid holder) => (Gateway, this.holder) = (gateway, holder);

    public long Gateway { get; }

    /// <summary>Takes the gateway's lock for as long as the connection lives, and reads the marks.</summary>
    /// <exception cref="FencedException">Another process holds it.</exception>
    public static async Task<ForwardMarks> ClaimAsync(NpgsqlConnection connection, long gateway, Guid holder, CancellationToken ct)
    {
        await using (var ask = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection))
        {
            ask.Parameters.Add(new NpgsqlParameter { Value = gateway });
            if (await ask.ExecuteScalarAsync(ct) is not true)
                throw new FencedException("Another process forwards to PostgreSQL as this gateway. If this data directory is a copy, start this process with an empty data directory.", forGood: false);
        }
        await using (var claim = new NpgsqlCommand("INSERT INTO counting.gateway VALUES ($1, $2, now()) ON CONFLICT (gateway_id) DO UPDATE SET holder = excluded.holder, claimed_at = excluded.claimed_at", connection))
        {
            claim.Parameters.Add(new NpgsqlParameter { Value = gateway });
            claim.Parameters.Add(new NpgsqlParameter { Value = holder });
            await claim.ExecuteNonQueryAsync(ct);
        }
        var marks = new ForwardMarks(gateway, holder);
        await using var read = new NpgsqlCommand("SELECT epoch, last_seq, last_hash FROM counting.ledger_source WHERE gateway_id = $1", connection);
        read.Parameters.Add(new NpgsqlParameter { Value = gateway });
        await using var rows = await read.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) marks.runs.Add(rows.GetInt64(0), (rows.GetInt64(1), rows.GetInt64(2)));
        return marks;
    }

    /// <summary>Whether a commit of the outbox is in PostgreSQL already.</summary>
    /// <exception cref="FencedException">The mark stands at other requests than these: two processes counted under the same numbers.</exception>
    public bool Covers(long epoch, long first, long last, long hash)
    {
        if (!runs.TryGetValue(epoch, out var mark) || first > mark.LastSeq)
            return false;
        if (last > mark.LastSeq || (last == mark.LastSeq && hash != mark.LastHash))
            throw new FencedException("PostgreSQL holds other requests under the numbers of this outbox: a running copy of this gateway has counted as well. Nothing more is forwarded; start this process with an empty data directory, and keep the old one to examine it.", forGood: true);
        return true;
    }

    /// <summary>The last number of a run that PostgreSQL holds; 0 where it knows nothing of the run.</summary>
    public long LastOf(long epoch) => runs.TryGetValue(epoch, out var mark) ? mark.LastSeq : 0;

    /// <summary>PostgreSQL holds later requests of a past run than the outbox does.</summary>
    public bool IsAhead(Dictionary<long, long> lastOfEachRun, long currentEpoch) =>
        lastOfEachRun.Any(run => run.Key != currentEpoch && runs.TryGetValue(run.Key, out var mark) && mark.LastSeq > run.Value);

    /// <summary>Keeps others from moving this gateway's requests until the transaction ends.</summary>
    /// <exception cref="FencedException">Another process has taken over.</exception>
    public async Task LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var look = new NpgsqlCommand("SELECT holder FROM counting.gateway WHERE gateway_id = $1 FOR UPDATE", connection);
        look.Parameters.Add(new NpgsqlParameter { Value = Gateway });
        if (await look.ExecuteScalarAsync(ct) is not Guid now || now != holder)
            throw new FencedException("Another process has taken over forwarding for this gateway; this one has stopped. What it counted is kept in its data directory.", forGood: true);
    }

    /// <summary>Finds a connection that died unnoticed before the next request needs it.</summary>
    public async Task StillMineAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await LockAsync(connection, ct);
    }

    /// <summary>Must run in the transaction of the requests themselves.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, OutboxPortion portion, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO counting.ledger_source VALUES ($1, $2, $3, $4, now())
            ON CONFLICT (gateway_id, epoch) DO UPDATE SET last_seq = excluded.last_seq, last_hash = excluded.last_hash, changed_at = excluded.changed_at
            WHERE ledger_source.last_seq < excluded.last_seq
            """, connection);
        foreach (var value in (long[])[Gateway, portion.Epoch, portion.Next - 1, portion.LastHash]) command.Parameters.Add(new NpgsqlParameter { Value = value });
        if (await command.ExecuteNonQueryAsync(ct) != 1)
            throw new FencedException("The mark in PostgreSQL is ahead of this gateway's: another process has forwarded for it.", forGood: true);
    }

    public void Confirm(OutboxPortion portion)
    {
        if (portion.Hits.Count > 0)
            runs[portion.Epoch] = (portion.Next - 1, portion.LastHash);
    }
}
