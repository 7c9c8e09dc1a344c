using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace HlsGateway.Tests.Hosting;

/// <summary>Classes of this collection share one PostgreSQL; each of their tests has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}

/// <summary>A private PostgreSQL, from scripts/postgres-up to scripts/postgres-down.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-pg-").FullName;
    private int made;
    private string? server;

    /// <summary>The connection string of an empty database.</summary>
    public string NewDatabase()
    {
        var name = $"test{Interlocked.Increment(ref made)}";
        using var connection = new NpgsqlConnection(server);
        connection.Open();
        using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        create.ExecuteNonQuery();
        return new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 }.ToString();
    }

    public async Task InitializeAsync() => server = (await Script.RunAsync("postgres-up", [folder], ("PG_PORT", $"{FreePorts.Take()}")))[^1];

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Script.RunAsync("postgres-down", [folder]);
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>The project's own scripts.</summary>
internal static class Script
{
    /// <summary>Waits for the script and not for what it leaves running, which may hold its output open.</summary>
    /// <returns>The lines of standard output.</returns>
    public static async Task<List<string>> RunAsync(string name, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "scripts", name), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        using var script = Process.Start(start)!;
        var (said, complained) = (new List<string>(), new List<string>());
        script.OutputDataReceived += (_, line) => Add(said, line.Data);
        script.ErrorDataReceived += (_, line) => Add(complained, line.Data);
        script.BeginErrorReadLine();
        script.BeginOutputReadLine();
        await Eventually.IsTrueAsync(() => script.HasExited, $"scripts/{name}", TimeSpan.FromSeconds(120));
        Assert.True(script.ExitCode == 0, string.Join('\n', complained));
        // The last line may still be on its way when the exit code is there.
        await Eventually.IsTrueAsync(() => { lock (said) return said.Count > 0 || arguments[0] == "down" || name.EndsWith("down", StringComparison.Ordinal); }, "its output");
        lock (said) return [.. said];
    }

    private static void Add(List<string> lines, string? line)
    {
        if (line is null) return;
        lock (lines) lines.Add(line);
    }
}
