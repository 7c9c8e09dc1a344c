using System.Buffers.Binary;
using Npgsql;

namespace HlsGateway.Counting.Postgres;

/// <summary>
/// Deletes sessions that began long ago and to which nothing was handed out; what they are in the sums stays there. Each session is
/// looked at once in a run of the process: an index over the empty ones would make every update of a session more expensive.
/// </summary>
/// <param name="age">Null: they stay.</param>
internal sealed class EmptySessions(TimeSpan? age, TimeProvider time)
{
    /// <summary>Sessions in one statement, so that nobody waits long for a row.</summary>
    private const int Portion = 10_000;

    /// <summary>Statements in a row; then requests are moved again.</summary>
    private const int Portions = 20;

    private Guid from = Guid.Empty;

    /// <summary>Unix ms: sessions that began before it and fetched nothing are deleted, or will be.</summary>
    public long Before() => age is { } old ? Math.Max(0, (time.GetUtcNow() - old).ToUnixTimeMilliseconds()) : 0;

    public async Task ExpireAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (age is null)
            return;
        var until = Floor(Before());
        for (var portion = 0; portion < Portions && from < until; portion++)
        {
            await using var border = new NpgsqlCommand($"SELECT session_id FROM counting.session WHERE session_id >= $1 AND session_id < $2 ORDER BY session_id OFFSET {Portion} LIMIT 1", connection)
            {
                Parameters = { new() { Value = from }, new() { Value = until } },
            };
            var to = await border.ExecuteScalarAsync(ct) as Guid? ?? until;
            // A row that another gateway writes to just now is not empty, or will be looked at by the next process.
            await using var delete = new NpgsqlCommand($"""
                DELETE FROM counting.session WHERE session_id IN (
                    SELECT session_id FROM counting.session WHERE session_id >= $1 AND session_id < $2 AND {LedgerSchema.IsEmpty} ORDER BY session_id FOR UPDATE SKIP LOCKED)
                """, connection)
            {
                Parameters = { new() { Value = from }, new() { Value = to } },
            };
            await delete.ExecuteNonQueryAsync(ct);
            from = to;
        }
    }

    private static Guid Floor(long ms)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)ms << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
