using System.Data;
using System.Data.Common;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Database;

/// <summary>
/// Runs <c>Migrations/*.sql</c> in the order of their names, each once, all in one transaction. A file named
/// <c>….sqlite.sql</c> or <c>….postgres.sql</c> is for that dialect only. A file that has been released is never changed.
/// </summary>
internal static class Migrations
{
    /// <summary>Key of the advisory lock that keeps two starting processes apart.</summary>
    private const long Lock = 0x486c73476174;

    public static async Task RunAsync(DbConnection connection, Dialect dialect, CancellationToken ct)
    {
        await using var transaction = connection is SqliteConnection file
            ? file.BeginTransaction(IsolationLevel.Serializable, deferred: false)
            : await connection.BeginTransactionAsync(ct);
        if (dialect == Dialect.Postgres)
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@Lock)", new { Lock }, transaction);
        await connection.ExecuteAsync("CREATE TABLE IF NOT EXISTS catalogue_migration (name text PRIMARY KEY, at bigint NOT NULL)", null, transaction);
        var done = (await connection.QueryAsync<string>("SELECT name FROM catalogue_migration", null, transaction)).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, sql) in Files(dialect))
        {
            if (!done.Add(name))
                continue;
            await connection.ExecuteAsync(sql, null, transaction);
            await connection.ExecuteAsync(
                "INSERT INTO catalogue_migration (name, at) VALUES (@name, @at)", new { name, at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() }, transaction);
        }

        await transaction.CommitAsync(ct);
    }

    private static IEnumerable<(string Name, string Sql)> Files(Dialect dialect)
    {
        const string folder = "HlsGateway.Database.Migrations.";
        var other = dialect == Dialect.Sqlite ? ".postgres.sql" : ".sqlite.sql";
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!resource.StartsWith(folder, StringComparison.Ordinal) || resource.EndsWith(other, StringComparison.Ordinal))
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)
                ?? throw new InvalidOperationException($"The migration {resource} is not embedded in the program."));
            yield return (resource[folder.Length..], reader.ReadToEnd());
        }
    }
}
