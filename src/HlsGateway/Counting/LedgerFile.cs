using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HlsGateway.Counting;

/// <summary>
/// The one writing connection of <c>ledger.db</c>. It alone writes and checkpoints; every other connection is read-only. WAL with
/// <c>synchronous=FULL</c>: a commit is on disk when it returns. No memory map: a page that cannot be read must be an error, not a
/// signal. No checkpoint on close: after an I/O error the file is left as it is until it is opened again.
/// </summary>
internal sealed class LedgerFile : IDisposable
{
    private readonly SqliteConnection connection;

    private LedgerFile(SqliteConnection connection)
    {
        this.connection = connection;
        Db = connection.Handle ?? throw new InvalidOperationException("The ledger's connection is closed.");
    }

    public sqlite3 Db { get; }

    /// <summary>Opens, makes or migrates the file.</summary>
    /// <param name="afterIoError">
    /// After a failed write or fsync the kernel may hold pages that it calls clean and never wrote. The whole WAL is copied into the
    /// database and synced before anything is trusted: that writes each of these pages again.
    /// </param>
    /// <exception cref="SqliteException">The file cannot be opened, or is damaged.</exception>
    public static LedgerFile Open(string path, bool afterIoError)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            var ledger = new LedgerFile(connection);
            if (raw.sqlite3_db_config(ledger.Db, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _) != raw.SQLITE_OK)
                throw new InvalidOperationException("SQLite refuses SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE.");
            ledger.Execute("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;");
            if (afterIoError && ledger.Single("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
                throw new SqliteException("The WAL could not be copied into the ledger.", raw.SQLITE_IOERR);
            // SQLite answers at once: nothing waits here.
            LedgerSchema.Schema.MigrateAsync(connection, CancellationToken.None).GetAwaiter().GetResult();
            return ledger;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Copies finished pages of the WAL into the database, without waiting for readers.</summary>
    public void Checkpoint() => Execute("PRAGMA wal_checkpoint(PASSIVE)");

    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public long Single(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar() ?? 0L, CultureInfo.InvariantCulture);
    }

    public Statement Prepare(string sql) => new(Db, sql);

    public void Dispose() => connection.Dispose();

    /// <summary>SQLite found the file's structure broken, as opposed to a disk that is full or fails.</summary>
    public static bool IsDamage(SqliteException failure) => failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>Moves a damaged ledger out of the way, whole, for a person to look at. Returns the new name of the database.</summary>
    public static string PutAside(string path, DateTimeOffset now)
    {
        SqliteConnection.ClearAllPools();
        var aside = $"{path}.damaged-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture)}";
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
                File.Move(path + suffix, aside + suffix);
        }
        return aside;
    }
}
