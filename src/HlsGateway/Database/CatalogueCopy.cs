using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HlsGateway.Database;

/// <summary>
/// Carries <c>catalogue.db</c> over to PostgreSQL, in one transaction, where nobody has used that catalogue yet: so a gateway that is given PostgreSQL
/// keeps its videos, captions, trailers and tokens. The file stays as it is.
/// </summary>
internal static class CatalogueCopy
{
    /// <summary>Rows of one statement.</summary>
    private const int Portion = 500;

    /// <summary>Of SQLite's own and of the schema's steps.</summary>
    private const string Tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'catalogue_migration' ORDER BY name";

    /// <summary>Tables that hold one row from the beginning.</summary>
    private static readonly string[] OneRow = ["caption_clock", "trailer_state", "token_clock"];

    /// <returns>Rows that were carried over; 0 where there was nothing, or PostgreSQL's catalogue is in use already.</returns>
    public static async Task<int> RunAsync(string file, NpgsqlConnection to, CancellationToken ct)
    {
        if (!File.Exists(file))
            return 0;
        await using var from = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 30, Pooling = false }.ToString());
        await from.OpenAsync(ct);
        await CatalogueSchema.Of(Dialect.Sqlite).MigrateAsync(from, ct);
        var tables = (await from.QueryAsync<string>(Tables)).ToList();
        await using var transaction = await to.BeginTransactionAsync(ct);
        // Gateways that start at the same time wait for each other, and the second finds it in use.
        await to.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_xact_lock(@key)", new { key = CatalogueSchema.Of(Dialect.Postgres).Lock }, transaction, cancellationToken: ct));
        foreach (var table in tables.Except(OneRow, StringComparer.Ordinal))
        {
            if (await to.ExecuteScalarAsync<bool>(new CommandDefinition($"SELECT EXISTS (SELECT 1 FROM {table})", transaction: transaction, cancellationToken: ct)))
                return 0;
        }

        var copied = 0;
        await using var snapshot = from.BeginTransaction(deferred: true);
        foreach (var table in tables) copied += await CopyAsync(from, snapshot, to, table, ct);
        await transaction.CommitAsync(ct);
        return copied;
    }

    private static async Task<int> CopyAsync(SqliteConnection from, SqliteTransaction snapshot, NpgsqlConnection to, string table, CancellationToken ct)
    {
        var columns = (await from.QueryAsync<(string Name, string Type)>("SELECT name, type FROM pragma_table_info(@table) ORDER BY cid", new { table }, snapshot)).ToList();
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        if (Array.IndexOf(OneRow, table) >= 0)
            await RunAsync(to, $"DELETE FROM {table}", [], ct);
        await using var ask = from.CreateCommand();
        (ask.CommandText, ask.Transaction) = ($"SELECT {names} FROM {table}", snapshot);
        await using var rows = await ask.ExecuteReaderAsync(ct);
        var (copied, portion) = (0, new List<object?[]>(Portion));
        while (true)
        {
            var more = await rows.ReadAsync(ct);
            if (more)
                portion.Add([.. Enumerable.Range(0, columns.Count).Select(at => rows.IsDBNull(at) ? null : rows.GetValue(at))]);
            if (portion.Count == Portion || (!more && portion.Count > 0))
            {
                await RunAsync(to, $"INSERT INTO {table} ({names}) SELECT * FROM unnest({string.Join(", ", columns.Select((_, at) => $"${at + 1}"))})", [.. columns.Select((column, at) => Column(column.Type, portion, at))], ct);
                copied += portion.Count;
                portion.Clear();
            }
            if (!more)
                return copied;
        }
    }

    /// <summary>SQLite tells of a column what the migration wrote: the same words as in PostgreSQL.</summary>
    private static object Column(string type, List<object?[]> rows, int at) => type.ToUpperInvariant() switch
    {
        "BIGINT" or "INTEGER" => rows.Select(row => (long?)row[at]).ToArray(),
        "DOUBLE PRECISION" => rows.Select(row => row[at] is { } value ? Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture) : (double?)null).ToArray(),
        "TEXT" => rows.Select(row => (string?)row[at]).ToArray(),
        _ => throw new NotSupportedException($"A column of the catalogue is of the type {type}, which is not carried over."),
    };

    private static async Task RunAsync(NpgsqlConnection to, string sql, object[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, to);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync(ct);
    }
}
