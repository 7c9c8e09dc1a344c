using System.Data;
using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Database;

/// <summary>One change of a database's tables. Once released it is never changed.</summary>
internal readonly record struct SchemaStep(string Name, string Sql);

/// <summary>
/// The tables of a database as steps, of which each runs once. The database notes which it has; the others run in their order, in one
/// transaction under a lock, so a process that starts at the same time waits and finds them done.
/// </summary>
internal sealed class Schema
{
    /// <summary>New ones are only ever appended.</summary>
    public required IReadOnlyList<SchemaStep> Steps { get; init; }

    /// <summary>In PostgreSQL the key of the advisory lock that lets one process at a time change the schema.</summary>
    public long Lock { get; init; }

    /// <summary>SQL that makes the table of steps that are done; empty where there is none to make.</summary>
    public string Prepare { get; init; } = "";

    /// <summary>SQL that asks for the names of the steps that are done.</summary>
    public required string Done { get; init; }

    /// <summary>SQL that notes a step as done.</summary>
    public required Func<SchemaStep, string> Note { get; init; }

    /// <summary>What to say of a database that has steps which this program does not know; null where it works with such a database.</summary>
    public string? Newer { get; init; }

    /// <summary>Steps that are called by their number, from 1.</summary>
    public static IReadOnlyList<SchemaStep> Numbered(IEnumerable<string> steps) =>
        [.. steps.Select((sql, at) => new SchemaStep((at + 1).ToString(CultureInfo.InvariantCulture), sql))];

    /// <summary>Runs the steps that the database lacks.</summary>
    /// <exception cref="InvalidOperationException">A newer version of this program made the database.</exception>
    public async Task MigrateAsync(DbConnection connection, CancellationToken ct)
    {
        await using var transaction = connection is SqliteConnection file
            ? file.BeginTransaction(IsolationLevel.Serializable, deferred: false)
            : await connection.BeginTransactionAsync(ct);
        async Task RunAsync(string sql) => await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, cancellationToken: ct));

        if (connection is not SqliteConnection)
            await RunAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({Lock})"));
        if (Prepare.Length > 0)
            await RunAsync(Prepare);
        var done = (await connection.QueryAsync<string>(new CommandDefinition(Done, transaction: transaction, cancellationToken: ct))).ToHashSet(StringComparer.Ordinal);
        if (Newer is not null && done.Count > Steps.Count)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{Newer} It has {done.Count} steps of its schema, and this version knows {Steps.Count}."));
        foreach (var step in Steps.Where(step => !done.Contains(step.Name)))
        {
            await RunAsync(step.Sql);
            await RunAsync(Note(step));
        }

        await transaction.CommitAsync(ct);
    }
}
