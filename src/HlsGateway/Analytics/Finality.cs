using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// When the figures of a stretch of time can no longer change. A session belongs to the time when it began and grows until its token
/// expires (<c>Gateway:Sessions:Lifetime</c>). After that come only requests that were made before and are late: within a minute from the
/// disk of one gateway, and where gateways share a ledger within a day from one that could not reach it.
/// </summary>
internal sealed class Finality(SessionSpan sessions, LedgerReader ledger)
{
    private readonly TimeSpan after = sessions.Lifetime + (ledger.Kind == "sqlite" ? TimeSpan.FromMinutes(1) : SessionSpan.Late);

    /// <param name="to">Exclusive end of the starts of sessions.</param>
    public DateTimeOffset At(DateTimeOffset to) => to + after;

    /// <param name="asOf">Everything up to this time is counted in.</param>
    public bool Is(DateTimeOffset to, DateTimeOffset asOf) => asOf >= At(to);
}
