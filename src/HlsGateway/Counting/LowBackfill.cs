namespace HlsGateway.Counting;

/// <summary>
/// Gives the sums the lower bounds of sessions that an older version merged last, a portion at a time inside the writer's transactions,
/// so that no viewer waits for it. How far it is stands in the ledger; once it has seen all sessions it never runs again.
/// </summary>
internal sealed class LowBackfill : IDisposable
{
    /// <summary>Sessions in one transaction; each costs about as much as a merged request.</summary>
    public const int Portion = 200;

    private readonly Statement read;
    private readonly Statement page;
    private readonly Statement go;
    private readonly Statement done;
    private readonly SessionTable sessions;
    private readonly Rollups rollups;
    private readonly RollupSums sums;

    public LowBackfill(LedgerFile ledger, RollupRules rules)
    {
        read = ledger.Prepare("SELECT after FROM backfill WHERE name = 'low'");
        page = ledger.Prepare("SELECT session_id, low_given FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?");
        go = ledger.Prepare("UPDATE backfill SET after = ? WHERE name = 'low'");
        done = ledger.Prepare("DELETE FROM backfill WHERE name = 'low'");
        (sessions, rollups, sums) = (new SessionTable(ledger), new Rollups(ledger), new RollupSums(rules));
        IsDue = read.Step();
        read.Reset();
    }

    /// <summary>There are sessions that it has not looked at.</summary>
    public bool IsDue { get; private set; }

    /// <summary>Looks at the next portion. What it finds out about being done holds only once the transaction is committed.</summary>
    public void Run()
    {
        if (!IsDue)
            return;
        read.Step();
        var after = read.Blob(0).ToArray();
        read.Reset();
        var old = new List<Guid>();
        var seen = 0;
        page.Bind(1, after).Bind(2, Portion);
        for (; page.Step(); seen++)
        {
            after = page.Blob(0).ToArray();
            if (page.Int64(1) == 0)
                old.Add(new Guid(after, bigEndian: true));
        }
        page.Reset();
        foreach (var session in old)
        {
            if (sessions.Read(session) is not { } state)
                continue;
            sums.Take(state);
            sums.Give(state);
            sessions.Write(state);
        }
        rollups.Write(sums);
        sums.Clear();
        if (seen == Portion)
            go.Bind(1, after).Run();
        else
            done.Run();
        IsDue = seen == Portion;
    }

    public void Dispose()
    {
        read.Dispose();
        page.Dispose();
        go.Dispose();
        done.Dispose();
        sessions.Dispose();
        rollups.Dispose();
    }
}
