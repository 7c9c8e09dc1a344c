using System.CommandLine;
using System.Data.Common;
using System.Diagnostics;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Database;
using HlsGateway.Starting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.CommandLine;

/// <summary>
/// <c>hlsgateway drain</c> and <c>hlsgateway migrate</c>: bring what a data directory has counted to PostgreSQL, with no server. The work is the gateway's own
/// (<see cref="Forwarder"/>): each step is one transaction, so that either may be killed and called again.
/// </summary>
internal static class MoveVerb
{
    private const string ExitCodes = "Takes the options of serve. Exit code: 0 everything is there, 1 a gateway is running on the directory, or something stays in it for good, 2 wrong usage, 3 PostgreSQL cannot be reached, 78 wrong configuration, 130 interrupted (what is left stays in the directory).";

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <summary>PostgreSQL refuses, or is away, for so long: then somebody has to look.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static Command Drain() => Create(
        "drain",
        $"Empties the outbox of a gateway that has stopped into PostgreSQL, before its data directory is deleted: hlsgateway drain --data DIR. A gateway that runs moves its outbox by itself. {ExitCodes}",
        (data, refused, _, _) =>
        {
            Console.Error.WriteLine($"hlsgateway: {refused} A gateway that runs moves its outbox by itself: take it out of the balancer, end it with SIGTERM, then drain {data}.");
            return Task.FromResult(ExitCode.Failed);
        });

    public static Command Migrate() => Create(
        "migrate",
        $"Brings a gateway's embedded ledger and catalogue to PostgreSQL. Start the gateway with ConnectionStrings:Ledger: it does so by itself, and serves and counts meanwhile; this command then shows how far it is. With no gateway on the directory it does the work. {ExitCodes}",
        WatchAsync);

    private static Command Create(string name, string description, Func<string, string, string, CancellationToken, Task<int>> inUse)
    {
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data directory. Default: Gateway:DataDirectory.", HelpName = "DIR" };
        var command = new Command(name, description) { data };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (asked, ct) =>
        {
            var (readable, wrong) = ArgumentCheck.Run(asked.UnmatchedTokens);
            foreach (var fault in wrong)
                await Console.Error.WriteLineAsync(fault.Text);
            if (wrong.Count > 0)
                return StartFailure.ExitCode;
            try
            {
                return await RunAsync([.. readable, .. asked.GetValue(data) is { } folder ? [$"--Gateway:DataDirectory={folder.FullName}"] : Array.Empty<string>()], inUse, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted. What is left stays in the directory; call it again.");
                return ExitCode.Interrupted;
            }
            catch (DbException e)
            {
                await Console.Error.WriteLineAsync($"hlsgateway: PostgreSQL cannot be used: {e.Message}");
                return ExitCode.Unreachable;
            }
            catch (Exception e) when (StartFailure.Faults(e) is not null)
            {
                return StartFailure.Tell(e);
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(string[] arguments, Func<string, string, string, CancellationToken, Task<int>> inUse, CancellationToken ct)
    {
        var builder = Program.Compose(arguments);
        builder.Logging.ClearProviders();
        await using var parts = builder.Build();
        var data = parts.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.DataPath(parts.Environment);
        if (parts.Configuration.GetConnectionString("Ledger") is not { Length: > 0 } connection)
        {
            await Console.Error.WriteLineAsync("hlsgateway: there is no PostgreSQL to bring it to. Name one: ConnectionStrings__Ledger=Host=…;Database=…;Username=…");
            return ExitCode.Usage;
        }
        if (!File.Exists(Path.Combine(data, "ledger.db")))
        {
            await Console.Error.WriteLineAsync($"hlsgateway: {data} holds no ledger.db. Give the data directory of a gateway: --data DIR");
            return ExitCode.Usage;
        }

        var outbox = parts.Services.GetRequiredService<Outbox>();
        try
        {
            await outbox.StartAsync(ct);
        }
        catch (WrongStartException refused)
        {
            return await inUse(data, refused.Faults[0].Text, connection, ct);
        }
        var catalogue = parts.Services.GetRequiredService<CatalogueDatabase>();
        await using (await catalogue.OpenAsync(ct))
        {
            if (catalogue.CarriedOver > 0)
                Console.WriteLine($"catalogue: {catalogue.CarriedOver:N0} rows");
        }
        var code = await FollowAsync(outbox, ct);
        await outbox.StopAsync(ct);
        if (code != ExitCode.Done)
        {
            Console.WriteLine($"Not everything that {data} has counted is in PostgreSQL yet; call it again.");
            return code;
        }
        return await EndAsync(outbox.Forwarder!.History.Left, data, $"Everything that {data} has counted is in PostgreSQL.");
    }

    /// <summary>Somebody may delete the directory because of what is said here.</summary>
    private static async Task<int> EndAsync(EmbeddedHistory.Amount left, string data, string all)
    {
        if (left.IsNothing)
        {
            Console.WriteLine(all);
            return ExitCode.Done;
        }
        await Console.Error.WriteLineAsync(
            $"hlsgateway: {left.Sessions:N0} sessions and {left.Segments:N0} segments are not in PostgreSQL and stay in {data}: its gateway counted them without PostgreSQL after its history had been carried over, and a history is carried over once. Keep ledger.db. Everything else is in PostgreSQL.");
        return ExitCode.Failed;
    }

    private static async Task<int> FollowAsync(Outbox outbox, CancellationToken ct)
    {
        var forwarder = outbox.Forwarder ?? throw new InvalidOperationException("The outbox has no forwarder.");
        var (stuck, told, still) = (Stopwatch.StartNew(), Stopwatch.StartNew(), (-1L, -1L));
        while (!forwarder.HasAll)
        {
            ct.ThrowIfCancellationRequested();
            var now = (forwarder.History.Moved, forwarder.Forwarded);
            if (now != still || (forwarder.MovesHistory && forwarder.Trouble is null))
                stuck.Restart();
            still = now;
            if (stuck.Elapsed > Patience)
            {
                await Console.Error.WriteLineAsync($"hlsgateway: nothing has moved for {Patience.TotalSeconds:0} s. {forwarder.Trouble}");
                return ExitCode.Unreachable;
            }
            if (told.Elapsed >= Between)
            {
                Console.WriteLine(forwarder.MovesHistory
                    ? $"history: {forwarder.History.Moved:N0} of {forwarder.History.All:N0} rows"
                    : $"outbox: {outbox.Progress.Committed - Math.Max(forwarder.Forwarded, outbox.Progress.Merged):N0} requests are left");
                told.Restart();
            }
            await Task.Delay(Look, ct);
        }
        return ExitCode.Done;
    }

    /// <summary>A gateway runs on the directory: with PostgreSQL it does the work, and notes in <c>counting.history</c> how far it is.</summary>
    private static async Task<int> WatchAsync(string data, string refused, string connection, CancellationToken ct)
    {
        var history = new EmbeddedHistory(Path.Combine(data, "ledger.db"), default);
        await using var database = new NpgsqlConnection(PostgresServers.Of(connection).ToString());
        await database.OpenAsync(ct);
        var (waited, told) = (Stopwatch.StartNew(), -1L);
        while (true)
        {
            switch (await history.StateAsync(database, ct))
            {
                case { Done: true }:
                    return await EndAsync(history.Left, data, $"Everything that {data} had counted before is in PostgreSQL; the gateway goes on from there.");
                case { } state when state.Rows != told:
                    Console.WriteLine($"history: {state.Rows:N0} of {history.All:N0} rows");
                    (told, waited) = (state.Rows, Stopwatch.StartNew());
                    break;
                case null when waited.Elapsed > TimeSpan.FromSeconds(5):
                    await Console.Error.WriteLineAsync($"hlsgateway: {refused} That gateway counts into its own ledger. Start it again with ConnectionStrings:Ledger: it serves and counts while what it has is brought to PostgreSQL, and this command shows how far it is.");
                    return ExitCode.Failed;
                default:
                    if (waited.Elapsed > Patience)
                    {
                        await Console.Error.WriteLineAsync($"hlsgateway: nothing has moved for {Patience.TotalSeconds:0} s; the gateway's log says why.");
                        return ExitCode.Unreachable;
                    }
                    break;
            }
            await Task.Delay(Between, ct);
        }
    }
}
