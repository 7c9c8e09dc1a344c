using HlsGateway.Counting;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Analytics;

/// <summary>
/// Read-only connections to the embedded ledger. SQLite works synchronously, so each question runs on a worker thread, and only a
/// few at a time: analysts must not take the players' threads.
/// </summary>
public sealed class LedgerReader(Outbox outbox) : IDisposable
{
    private readonly SemaphoreSlim few = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Waits until what is on disk is merged; returns the time up to which everything is counted.</summary>
    public Task<DateTimeOffset> CaughtUpAsync(CancellationToken cancellation) => outbox.CaughtUpAsync(cancellation);

    /// <summary>Asks within one snapshot.</summary>
    public async Task<T> AskAsync<T>(Func<SqliteConnection, T> question, CancellationToken cancellation)
    {
        await few.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() =>
            {
                using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = outbox.LedgerPath, Mode = SqliteOpenMode.ReadOnly, DefaultTimeout = 10 }.ToString());
                connection.Open();
                using var snapshot = connection.BeginTransaction(deferred: true);
                return question(connection);
            }, cancellation);
        }
        finally
        {
            few.Release();
        }
    }

    public void Dispose() => few.Dispose();
}
