using System.Diagnostics;
using System.Globalization;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Counting;

/// <summary>A primary and a standby that follows it, both on loopback.</summary>
internal sealed class PostgresPair : IAsyncDisposable
{
    private readonly string primary = Directory.CreateTempSubdirectory("hlsgateway-primary-").FullName;
    private readonly string standby = Directory.CreateTempSubdirectory("hlsgateway-standby-").FullName;
    private readonly int[] ports = [FreePorts.Take(), FreePorts.Take()];
    private string first = "";
    private string second = "";

    /// <summary>The connection string for gateways.</summary>
    public string Both => new NpgsqlConnectionStringBuilder(first) { Host = $"127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}", TargetSessionAttributes = "primary", HostRecheckSeconds = 1 }.ToString();

    /// <summary>The one that was the standby.</summary>
    public string Standby => second;

    /// <param name="synchronous">Nothing is confirmed before the standby has it.</param>
    public static async Task<PostgresPair> StartAsync(bool synchronous)
    {
        var pair = new PostgresPair();
        pair.first = (await Script.RunAsync("postgres-up", [pair.primary], ("PG_PORT", Text(pair.ports[0]))))[^1];
        await pair.StandbyUpAsync();
        if (synchronous)
        {
            await LedgerPostgres.ExecuteAsync(pair.first, "ALTER SYSTEM SET synchronous_standby_names = '*'");
            await LedgerPostgres.ExecuteAsync(pair.first, "SELECT pg_reload_conf()");
        }
        await Eventually.IsTrueAsync(
            async () => await LedgerPostgres.ScalarAsync(pair.first, $"SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '{(synchronous ? "sync" : "async")}'") == 1, "the standby follows");
        return pair;
    }

    /// <summary>Starts the standby, or again with the data that it had.</summary>
    public async Task StandbyUpAsync() => second = (await Script.RunAsync("postgres-up", [standby], ("PG_PORT", Text(ports[1])), ("STANDBY_OF", Text(ports[0])), ("KEEP", "1")))[^1];

    public Task StandbyDownAsync() => Script.RunAsync("postgres-down", [standby], ("CRASH", "1"));

    /// <summary>SIGKILL for the primary and all processes of it: what it was about to do it does not do.</summary>
    public async Task KillPrimaryAsync()
    {
        var id = int.Parse(File.ReadLines(Path.Combine(primary, "pg", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(id);
        process.Kill(entireProcessTree: true);
        await Eventually.IsTrueAsync(() => process.HasExited, "the primary is gone");
    }

    /// <summary>Makes the standby the primary.</summary>
    public Task PromoteAsync() => LedgerPostgres.ExecuteAsync(second, "SELECT pg_promote()");

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var folder in (string[])[standby, primary])
        {
            await Script.RunAsync("postgres-down", [folder]);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
