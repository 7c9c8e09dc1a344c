using System.Data.Common;
using HlsGateway.Access;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Database;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HlsGateway.Analytics;

/// <summary>
/// Read-only connections to the ledger: <c>ledger.db</c>, or PostgreSQL where <c>ConnectionStrings:Ledger</c> is set. SQLite works
/// synchronously, so each question runs on a worker thread, and only a few at a time: analysts must not take the players' threads.
/// </summary>
internal sealed class LedgerReader : IAsyncDisposable
{
    private readonly SemaphoreSlim few = new(Math.Max(2, Environment.ProcessorCount));
    private readonly SemaphoreSlim migrating = new(1);
    private readonly Outbox outbox;
    private readonly string connectionString = "";
    private readonly NpgsqlDataSource? postgres;
    private volatile bool migrated;

    public LedgerReader(Outbox outbox, IConfiguration configuration)
    {
        this.outbox = outbox;
        if (configuration.GetConnectionString("Ledger") is not { Length: > 0 } ledger)
            return;
        connectionString = PostgresServers.Of(ledger).ToString();
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            SearchPath = "counting,public",
            ApplicationName = "hlsgateway-reports",
            Timeout = 5,
            // A question that takes longer is cut off on the server too, so that it cannot pile up there.
            CommandTimeout = 35,
            Options = "-c default_transaction_read_only=on -c statement_timeout=30000",
        };
        // The name is a label of Npgsql's metrics; without one the label would hold the connection string.
        postgres = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "reports" }.Build();
    }

    /// <summary>What the ledger is kept in: <c>sqlite</c> or <c>postgresql</c>.</summary>
    public string Kind => postgres is null ? "sqlite" : "postgresql";

    /// <summary>For tests: sees each connection before it is asked.</summary>
    internal Action<DbConnection>? Opened { get; set; }

    /// <summary>Waits until what is on disk is merged; returns the time up to which everything is counted.</summary>
    public Task<DateTimeOffset> CaughtUpAsync(CancellationToken ct) => outbox.CaughtUpAsync(ct);

    /// <summary>Asks within one snapshot.</summary>
    /// <exception cref="LedgerAwayException">PostgreSQL does not answer.</exception>
    public async Task<T> AskAsync<T>(Func<DbConnection, T> question, CancellationToken ct)
    {
        await few.WaitAsync(ct);
        try
        {
            if (postgres is not null)
                await MigrateAsync(ct);
            return await Task.Run(() =>
            {
                using var connection = Connect();
                Opened?.Invoke(connection);
                // Each statement of one answer sees the same rows.
                using var snapshot = connection is SqliteConnection file ? file.BeginTransaction(deferred: true) : connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
                return question(connection);
            }, ct);
        }
        catch (NpgsqlException away)
        {
            throw new LedgerAwayException(away);
        }
        finally
        {
            few.Release();
        }
    }

    /// <summary>A session's id as this database keeps it.</summary>
    internal object Id(ReadOnlySpan<byte> id) => postgres is null ? id.ToArray() : new Guid(id, bigEndian: true);

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
            await postgres.DisposeAsync();
        few.Dispose();
        migrating.Dispose();
    }

    private DbConnection Connect()
    {
        if (postgres is not null)
            return postgres.OpenConnection();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = outbox.LedgerPath, Mode = SqliteOpenMode.ReadOnly, DefaultTimeout = 10 }.ToString());
        connection.Open();
        MediaEnd.AddTo(connection);
        return connection;
    }

    // A process without players forwards nothing, and may be the first to ask.
    private async Task MigrateAsync(CancellationToken ct)
    {
        if (migrated)
            return;
        await migrating.WaitAsync(ct);
        try
        {
            if (migrated)
                return;
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5 }.ToString());
            await connection.OpenAsync(ct);
            await PostgresSchema.Schema.MigrateAsync(connection, ct);
            migrated = true;
        }
        finally
        {
            migrating.Release();
        }
    }
}
