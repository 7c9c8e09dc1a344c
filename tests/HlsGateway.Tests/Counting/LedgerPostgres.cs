using System.Diagnostics;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Counting;

[CollectionDefinition("ledger-postgres")]
public sealed class LedgerPostgresCollection : ICollectionFixture<LedgerPostgres>;

/// <summary>A real PostgreSQL of the tests' own, started by scripts/postgres-up, with an empty database for whoever asks.</summary>
public sealed class LedgerPostgres : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-pg-").FullName;
    private readonly int port = FreePorts.Take();
    private string server = "";

    /// <summary>The server's log.</summary>
    public string Log => Path.Combine(folder, "postgres.log");

    public Task InitializeAsync() => UpAsync();

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await RunAsync("postgres-down");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Starts it, with the data that it had when it crashed.</summary>
    public async Task UpAsync() =>
        server = (await RunAsync("postgres-up", ("PG_PORT", port.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("KEEP", "1"))).Trim();

    public Task CrashAsync() => RunAsync("postgres-down", ("CRASH", "1"));

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString();
    }

    /// <summary>The connection string of a new database that is a copy of <paramref name="database"/>, which nobody may be in.</summary>
    public async Task<string> CopyAsync(string database)
    {
        var (name, of) = ($"test_{Guid.NewGuid():N}", new NpgsqlConnectionStringBuilder(database).Database);
        // A server process notices a while later that its client was killed.
        await Eventually.IsTrueAsync(async () => await ScalarAsync(server, $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{of}'") == 0, "nobody is in the database");
        await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {of}");
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString();
    }

    public static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<long> ScalarAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<string> RunAsync(string script, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "scripts", script), [folder]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{script}: {await said} {await complained}");
        return await said;
    }
}
