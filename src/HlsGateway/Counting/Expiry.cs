using System.Buffers.Binary;

namespace HlsGateway.Counting;

/// <summary>
/// Deletes rows of sessions that began too long ago, inside the writer's transactions and a portion at a time, so that no viewer
/// waits for it. Ids begin with their time: the oldest are the first rows.
/// </summary>
/// <param name="sql">Deletes rows of sessions below the first parameter, as many as the second says, and gives a row for each.</param>
/// <param name="age">Null: they stay.</param>
internal sealed class Expiry(LedgerFile ledger, string sql, TimeSpan? age, TimeProvider time) : IDisposable
{
    /// <summary>Traces, a row for each merge of their session.</summary>
    public const string Traces = "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE session_id < ? ORDER BY session_id LIMIT ?) RETURNING 1";

    /// <summary>The single requests of a session, as older versions kept them.</summary>
    public const string Events = "DELETE FROM event WHERE (session_id, seq) IN (SELECT session_id, seq FROM event WHERE session_id < ? LIMIT ?) RETURNING 1";

    /// <summary>Sessions to which nothing was handed out. What they added to the sums stays there.</summary>
    public const string EmptySessions = $"DELETE FROM session WHERE session_id IN (SELECT session_id FROM session WHERE session_id < ? AND {LedgerSchema.IsEmpty} LIMIT ?) RETURNING 1";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly Statement delete = ledger.Prepare(sql);
    private DateTimeOffset next = time.GetUtcNow();

    public bool IsDue => age is not null && time.GetUtcNow() >= next;

    /// <param name="atMost">Rows. More than that are left to the next turn.</param>
    /// <returns>How many were deleted.</returns>
    public int Run(int atMost)
    {
        var now = time.GetUtcNow();
        if (age is not { } old || now < next)
            return 0;
        Span<byte> oldest = stackalloc byte[16];
        oldest.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(oldest, (ulong)Math.Max(0, (now - old).ToUnixTimeMilliseconds()) << 16);
        delete.Bind(1, oldest).Bind(2, atMost);
        var deleted = 0;
        while (delete.Step()) deleted++;
        delete.Reset();
        if (deleted < atMost)
            next = now + Pause;
        return deleted;
    }

    public void Dispose() => delete.Dispose();
}
