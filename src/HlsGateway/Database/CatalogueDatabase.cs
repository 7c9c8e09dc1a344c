using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.Database;

/// <summary>
/// The database of videos, jobs, captions and trailers: <c>{data}/catalogue.db</c>, or PostgreSQL where
/// <c>ConnectionStrings:Ledger</c> is set. Migrations run before the first connection is handed out. SQL stands in the feature
/// that asks the question, in words that both dialects understand.
/// </summary>
/// <remarks>
/// The SQLite file uses the rollback journal and not a WAL: with few writes a minute a WAL would gain nothing, and without one the
/// single file is the whole database between two writes.
/// </remarks>
internal sealed class CatalogueDatabase : IAsyncDisposable
{
    /// <summary>The name, in PostgreSQL's list of connections, of the connection that only listens.</summary>
    internal const string NoticesName = "hlsgateway notices";

    private readonly NpgsqlDataSource? postgres;
    private readonly string ledger = "";
    private readonly string file;
    private readonly string sqlite = "";
    private readonly SemaphoreSlim writing = new(1);
    private readonly SemaphoreSlim migrating = new(1);
    private volatile bool migrated;

    static CatalogueDatabase() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public CatalogueDatabase(IConfiguration configuration, IOptions<GatewayOptions> gateway, IHostEnvironment environment)
    {
        var data = gateway.Value.DataPath(environment);
        file = Path.Combine(data, "catalogue.db");
        if (configuration.GetConnectionString("Ledger") is { Length: > 0 } given)
        {
            ledger = given;
            // The name is a label of Npgsql's metrics; without one the label would hold the connection string.
            postgres = new NpgsqlDataSourceBuilder(PostgresServers.Of(given).ToString()) { Name = "catalogue" }.Build();
            Dialect = Dialect.Postgres;
            return;
        }

        Directory.CreateDirectory(data);
        sqlite = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            ForeignKeys = true,
            // Seconds to wait for other processes that are just committing: SQLite lets whoever comes in next, not whoever waited longest.
            DefaultTimeout = 30,
        }.ToString();
    }

    public Dialect Dialect { get; }

    /// <summary>Rows of the embedded catalogue that this process brought to PostgreSQL.</summary>
    public int CarriedOver { get; private set; }

    /// <summary>A connection for reading; dispose it. On SQLite a call blocks its thread while it reads.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken ct)
    {
        await MigrateAsync(ct);
        return await ConnectAsync(ct);
    }

    /// <summary>A connection to the database as it is, for a look before the start: nothing is made or migrated. Null where there is no file yet.</summary>
    public async Task<DbConnection?> PeekAsync(CancellationToken ct) =>
        postgres is null && !File.Exists(new SqliteConnectionStringBuilder(sqlite).DataSource) ? null : await ConnectAsync(ct);

    /// <summary>
    /// Runs writes in one transaction, one such transaction at a time in this process, and commits. <c>read committed</c> on PostgreSQL: rows that the
    /// decision rests on are locked by the caller (<c>FOR UPDATE</c>); SQLite locks the whole file from the start.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken ct)
    {
        await MigrateAsync(ct);
        if (Dialect == Dialect.Postgres)
            return await WriteOnceAsync(write, ct);

        await writing.WaitAsync(ct);
        try
        {
            // SQLite works on the caller's thread and flushes to disk: a pool thread of its own keeps request threads free.
            return await Task.Run(() => WriteOnceAsync(write, ct), ct);
        }
        finally
        {
            writing.Release();
        }
    }

    public Task WriteAsync(Func<DbConnection, DbTransaction, Task> write, CancellationToken ct) =>
        WriteAsync(async (connection, transaction) =>
        {
            await write(connection, transaction);
            return true;
        }, ct);

    /// <summary>PostgreSQL: a connection outside the pool, for a connection that is held as long as the process runs; dispose it.</summary>
    internal async Task<NpgsqlConnection> ConnectAloneAsync(CancellationToken ct)
    {
        await MigrateAsync(ct);
        var settings = PostgresServers.Of(ledger);
        (settings.Pooling, settings.Multiplexing, settings.ApplicationName) = (false, false, NoticesName);
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
            await postgres.DisposeAsync();
        else
            SqliteConnection.ClearPool(new SqliteConnection(sqlite));
        writing.Dispose();
        migrating.Dispose();
    }

    private async Task<T> WriteOnceAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var transaction = connection is SqliteConnection file
            ? file.BeginTransaction(IsolationLevel.Serializable, deferred: false)
            : await connection.BeginTransactionAsync(ct);
        var result = await write(connection, transaction);
        await transaction.CommitAsync(ct);
        return result;
    }

    private async Task<DbConnection> ConnectAsync(CancellationToken ct)
    {
        if (postgres is not null)
            return await postgres.OpenConnectionAsync(ct);
        var connection = new SqliteConnection(sqlite);
        await connection.OpenAsync(ct);
        await connection.ExecuteAsync("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;");
        return connection;
    }

    private async Task MigrateAsync(CancellationToken ct)
    {
        if (migrated)
            return;
        await migrating.WaitAsync(ct);
        try
        {
            if (migrated)
                return;
            await using var connection = await ConnectAsync(ct);
            await CatalogueSchema.Of(Dialect).MigrateAsync(connection, ct);
            if (connection is NpgsqlConnection shared)
                CarriedOver = await CatalogueCopy.RunAsync(file, shared, ct);
            migrated = true;
        }
        finally
        {
            migrating.Release();
        }
    }
}
