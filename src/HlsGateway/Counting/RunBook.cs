namespace HlsGateway.Counting;

/// <summary>
/// What happened to the counting itself, in the ledger's own transactions: when a process began and stopped counting, and the gaps,
/// each a row of requests lost within a minute of each other. <c>GET /api/changes</c> tells them.
/// </summary>
internal sealed class RunBook : IDisposable
{
    private const long SameGap = 60_000;
    private readonly Statement begin;
    private readonly Statement end;
    private readonly Statement widen;
    private readonly Statement open;

    /// <summary>Notes the beginning of the run, once.</summary>
    public RunBook(LedgerFile ledger, long epoch, long now)
    {
        begin = ledger.Prepare("INSERT OR IGNORE INTO run(epoch, started) VALUES (?,?)");
        end = ledger.Prepare("UPDATE run SET ended = ?2 WHERE epoch = ?1");
        widen = ledger.Prepare($"UPDATE loss SET hits = hits + ?1, last_at = ?2 WHERE id = (SELECT max(id) FROM loss) AND last_at > ?2 - {SameGap} RETURNING 1");
        open = ledger.Prepare("INSERT INTO loss(at, hits, last_at) VALUES (?2, ?1, ?2)");
        begin.Bind(1, epoch).Bind(2, now).Run();
    }

    public void Ended(long epoch, long now) => end.Bind(1, epoch).Bind(2, now).Run();

    /// <param name="hits">Requests answered and not recorded since the last call.</param>
    public void Lost(long hits, long now)
    {
        var wider = widen.Bind(1, hits).Bind(2, now).Step();
        widen.Reset();
        if (!wider)
            open.Bind(1, hits).Bind(2, now).Run();
    }

    public void Dispose()
    {
        begin.Dispose();
        end.Dispose();
        widen.Dispose();
        open.Dispose();
    }
}
