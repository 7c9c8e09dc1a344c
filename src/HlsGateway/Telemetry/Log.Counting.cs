namespace HlsGateway.Telemetry;

/// <summary>Counting: 2000.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "The ledger is open: SQLite {Version}, WAL, synchronous=FULL, commit timeout {TimeoutMs} ms.")]
    public static partial void LedgerOpened(this ILogger log, string version, double timeoutMs);

    [LoggerMessage(2002, LogLevel.Error, "The ledger {File} failed and is closed until it can be opened again. Viewers are still redirected; requests that are not counted are in the metric hlsgateway.ledger.lost.")]
    public static partial void LedgerFailed(this ILogger log, Exception failure, string file);

    [LoggerMessage(2003, LogLevel.Warning, "The ledger works again after {Failures} failures.")]
    public static partial void LedgerRecovered(this ILogger log, int failures);

    [LoggerMessage(2004, LogLevel.Critical, "The ledger {File} is DAMAGED and was put aside as {Aside}: {Finding}. Counting goes on in a new file. Keep the old one: sqlite3's .recover reads most of it.")]
    public static partial void LedgerPutAside(this ILogger log, string file, string aside, string finding);

    [LoggerMessage(2005, LogLevel.Warning, "PostgreSQL cannot be written to. Counting goes on in the outbox, which holds everything until it can.")]
    public static partial void ForwarderFailed(this ILogger log, Exception failure);

    [LoggerMessage(2006, LogLevel.Information, "PostgreSQL can be written to again after {Failures} failures.")]
    public static partial void ForwarderRecovered(this ILogger log, int failures);

    [LoggerMessage(2007, LogLevel.Critical, "Forwarding to PostgreSQL has STOPPED: {Why}")]
    public static partial void ForwarderFenced(this ILogger log, string why);

    [LoggerMessage(2008, LogLevel.Warning, "The outbox is older than what PostgreSQL holds of it: it was restored from a backup. Requests in both are counted once; requests recorded since then are counted as a new run.")]
    public static partial void OutboxRestored(this ILogger log);

    [LoggerMessage(2009, LogLevel.Warning, "The starts, stops and gaps of counting cannot be written to the list of changes; the ledger keeps them, and they are written later.")]
    public static partial void ChangesNotTold(this ILogger log, Exception failure);

    [LoggerMessage(2010, LogLevel.Information, "What was counted before PostgreSQL was configured is being carried over: {Rows} rows are left. Viewers are served and counted meanwhile.")]
    public static partial void HistoryMoves(this ILogger log, long rows);

    [LoggerMessage(2011, LogLevel.Information, "What was counted before PostgreSQL was configured is there: {Rows} rows.")]
    public static partial void HistoryMoved(this ILogger log, long rows);

    [LoggerMessage(2012, LogLevel.Critical, "PostgreSQL WENT BACK: {Requests} requests that it had confirmed are not in it any more, as after a failover to a standby that had not received the last commits. What the outbox still holds is sent again; the rest is lost. Set synchronous_standby_names.")]
    public static partial void LedgerWentBack(this ILogger log, long requests);

    [LoggerMessage(2013, LogLevel.Warning, "{Sessions} sessions and {Segments} segments that this gateway counted while it ran without PostgreSQL, after its history had been carried over, stay in its ledger.db and are in no report. Keep the file.")]
    public static partial void HistoryLeft(this ILogger log, long sessions, long segments);
}
