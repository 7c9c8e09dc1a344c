using System.Buffers.Binary;

namespace HlsGateway.Counting;

/// <summary>
/// Deletes the single requests of sessions that began longer ago than <c>Ledger:EventRetention</c>, inside the writer's
/// transactions and a portion at a time, so that no viewer waits for it. Ids begin with their time: the oldest are the first rows.
/// </summary>
internal sealed class EventExpiry(LedgerFile ledger, TimeSpan retention, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly Statement delete = ledger.Prepare("DELETE FROM event WHERE (session_id, seq) IN (SELECT session_id, seq FROM event WHERE session_id < ? LIMIT ?) RETURNING 1");
    private DateTimeOffset next = time.GetUtcNow();

    public bool IsDue => time.GetUtcNow() >= next;

    /// <param name="atMost">Rows. More than that are left to the next turn.</param>
    public void Run(int atMost)
    {
        var now = time.GetUtcNow();
        if (now < next) return;
        Span<byte> oldest = stackalloc byte[16];
        oldest.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(oldest, (ulong)Math.Max(0, (now - retention).ToUnixTimeMilliseconds()) << 16);
        delete.Bind(1, oldest).Bind(2, atMost);
        var deleted = 0;
        while (delete.Step()) deleted++;
        delete.Reset();
        if (deleted < atMost) next = now + Pause;
    }

    public void Dispose() => delete.Dispose();
}
