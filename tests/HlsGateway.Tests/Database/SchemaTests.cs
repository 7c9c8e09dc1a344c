using Dapper;
using HlsGateway.Counting;
using HlsGateway.Database;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Tests.Database;

/// <summary>Steps of a schema, on a database in memory. That processes which start together share the work is in JobTableTests and ThreeGatewaysTests.</summary>
public sealed class SchemaTests : IDisposable
{
    private readonly SqliteConnection connection = new("Data Source=:memory:");

    public SchemaTests() => connection.Open();

    public void Dispose() => connection.Dispose();

    [Fact]
    public async Task Each_step_runs_once_and_in_its_order()
    {
        string[] first = ["CREATE TABLE a(x); INSERT INTO a VALUES (1)", "UPDATE a SET x = x * 10"];
        await Of(first).MigrateAsync(connection, CancellationToken.None);
        await Of(first).MigrateAsync(connection, CancellationToken.None);
        await Of([.. first, "UPDATE a SET x = x + 1 -- a comment that nothing ends"]).MigrateAsync(connection, CancellationToken.None);

        Assert.Equal((11, 3), (await AskAsync("SELECT x FROM a"), await AskAsync("SELECT COUNT(*) FROM done")));
    }

    [Fact]
    public async Task A_step_that_fails_leaves_the_database_as_it_was()
    {
        var broken = Of(["CREATE TABLE a(x)", "CREATE TABLE a(y)"]);

        await Assert.ThrowsAsync<SqliteException>(() => broken.MigrateAsync(connection, CancellationToken.None));

        Assert.Equal(0, await AskAsync("SELECT COUNT(*) FROM sqlite_schema"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000_000)]
    public async Task A_ledger_of_a_newer_version_is_refused_in_words_and_not_touched(int further)
    {
        var ahead = LedgerSchema.Schema.Steps.Count + further;
        await connection.ExecuteAsync($"PRAGMA user_version={ahead}");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => LedgerSchema.Schema.MigrateAsync(connection, CancellationToken.None));

        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await AskAsync("SELECT COUNT(*) FROM sqlite_schema"));
    }

    [Fact]
    public async Task A_ledger_goes_on_from_the_step_that_its_user_version_counts()
    {
        for (var done = 1; done < LedgerSchema.Schema.Steps.Count; done++)
        {
            await using var older = new SqliteConnection("Data Source=:memory:");
            await older.OpenAsync();
            foreach (var step in LedgerSchema.Schema.Steps.Take(done))
                await older.ExecuteAsync($"{step.Sql} PRAGMA user_version={step.Name}");

            await LedgerSchema.Schema.MigrateAsync(older, CancellationToken.None);

            Assert.Equal(LedgerSchema.Schema.Steps.Count, await older.ExecuteScalarAsync<int>("PRAGMA user_version"));
        }
    }

    private static Schema Of(string[] steps) => new()
    {
        Steps = Schema.Numbered(steps),
        Prepare = "CREATE TABLE IF NOT EXISTS done(name TEXT)",
        Done = "SELECT name FROM done",
        Note = step => $"INSERT INTO done VALUES ('{step.Name}')",
    };

    private async Task<int> AskAsync(string sql) => await connection.ExecuteScalarAsync<int>(sql);
}
