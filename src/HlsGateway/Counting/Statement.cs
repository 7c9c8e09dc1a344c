using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HlsGateway.Counting;

/// <summary>
/// A prepared SQLite statement whose parameters (1-based) are bound again and again. Straight on the C API: no parameter objects,
/// and the result codes as SQLite gave them, which decide between a full disk, a failed fsync and a corrupt file.
/// </summary>
/// <exception cref="SqliteException">From every member, with SQLite's primary and extended result code.</exception>
internal sealed class Statement : IDisposable
{
    /// <summary>UTF-16 units, of three bytes at most each, that are bound without an array of their own.</summary>
    private const int ShortText = 256;

    private readonly sqlite3 db;
    private readonly sqlite3_stmt statement;

    public Statement(sqlite3 db, string sql)
    {
        this.db = db;
        Check(raw.sqlite3_prepare_v2(db, sql, out statement));
    }

    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, index, 0) : raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    public Statement Bind(int index, string value)
    {
        // An empty span is NULL to SQLite.
        if (value.Length is 0 or > ShortText)
        {
            Check(raw.sqlite3_bind_text(statement, index, value));
            return this;
        }
        Span<byte> utf8 = stackalloc byte[3 * ShortText];
        Check(raw.sqlite3_bind_text(statement, index, utf8[..Encoding.UTF8.GetBytes(value, utf8)]));
        return this;
    }

    /// <summary>True when a row is there to be read.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code == raw.SQLITE_DONE)
            return false;
        var failure = Failure(code);
        raw.sqlite3_reset(statement);
        throw failure;
    }

    /// <summary>Runs to the end and makes ready for the next parameters.</summary>
    public void Run()
    {
        while (Step())
        {
        }
        Reset();
    }

    public void Reset() => raw.sqlite3_reset(statement);

    public long Int64(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw Failure(code);
    }

    private SqliteException Failure(int code) =>
        new($"SQLite error {code}: {raw.sqlite3_errmsg(db).utf8_to_string()}", code & 0xff, raw.sqlite3_extended_errcode(db));
}
