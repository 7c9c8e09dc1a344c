using System.Collections.Concurrent;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting.Crash;

/// <summary>
/// The real program under load, ended by SIGKILL at a named point. From each such end three futures are opened: the files as the
/// kill left them, what a power cut at that moment leaves (nothing that was not fsynced), and a power cut that found the disk busy
/// (of what was not fsynced, some sectors). The equation holds in all three.
/// </summary>
public sealed class OutboxCrashTests
{
    public static TheoryData<string, int> Points => CrashRun.Data(CrashPoints.OfTheOutbox);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Ended_at_any_point_on_the_way_to_the_disk_every_302_is_counted_once(string point, int pass)
    {
        await using var run = await CrashRun.StartAsync(point, pass, database: null);
        await run.EndsItselfAsync();
        await Task.WhenAll(run.Futures().Select(folder => Aftermath.HoldsAsync(folder, database: null, run.Told)));
    }
}

/// <summary>The same on the way to a real PostgreSQL, of which each future has a copy.</summary>
[Collection("ledger-postgres")]
public sealed class ForwarderCrashTests(LedgerPostgres postgres)
{
    public static TheoryData<string, int> Points => CrashRun.Data(CrashPoints.OfTheForwarder);

    public static TheoryData<string, int> Moments => CrashRun.Data(CrashPoints.OnTheWire);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Ended_at_any_point_on_the_way_to_PostgreSQL_it_has_each_request_of_the_outbox_once(string point, int pass)
    {
        var database = await postgres.NewDatabaseAsync();
        await using var run = await CrashRun.StartAsync(point, pass, database);
        await run.EndsItselfAsync();
        await Task.WhenAll(run.Futures().Select(async folder => await Aftermath.HoldsAsync(folder, await postgres.CopyAsync(database), run.Told)));
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Killed_while_it_talks_to_PostgreSQL_it_has_each_request_of_the_outbox_once(string point, int pass)
    {
        var database = await postgres.NewDatabaseAsync();
        using var relay = new PostgresRelay(database);
        await using var run = await CrashRun.StartAsync("", 0, relay.Database);
        var killed = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        relay.Passing = moment =>
        {
            // The migrations at the start commit as well.
            if (run.Received == 0 || moment != (point == "within COPY" ? WireMoment.WithinCopy : WireMoment.Committed) || Interlocked.Decrement(ref pass) != 0) return Task.CompletedTask;
            killed.SetResult(run.Gateway.Kill());
            throw new OperationCanceledException("neither side hears any more of this");
        };
        Assert.Equal(137, await killed.Task.WaitAsync(CrashRun.Patience));
        await run.QuietAsync();
        await Task.WhenAll(run.Futures().Select(async folder => await Aftermath.HoldsAsync(folder, await postgres.CopyAsync(database), run.Told)));
    }
}

/// <summary>A gateway that will end, and viewers who keep it busy until then.</summary>
internal sealed class CrashRun : IAsyncDisposable
{
    /// <summary>Answers after which the crowd leaves: what the ledger does for itself, it does once nobody waits.</summary>
    private const int Enough = 2000;

    /// <summary>
    /// Then one viewer comes every so often until the end: where a point lies in the fourth COPY, a slow machine has had three when the
    /// crowd leaves, and without a further request there is no fourth.
    /// </summary>
    private static readonly TimeSpan BetweenStragglers = TimeSpan.FromMilliseconds(300);

    /// <summary>Only ends a test that would hang.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string data;
    private readonly string point;
    private readonly LoopbackOrigin origin;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource over = new();
    private readonly List<Task<int>> load = [];

    private CrashRun(string data, string point, LoopbackOrigin origin, ChildGateway gateway) => (this.data, this.point, this.origin, Gateway) = (data, point, origin, gateway);

    public ConcurrentDictionary<Guid, Tally> Told { get; } = new();

    public int Received => Told.Values.Sum(tally => tally.Received);

    public ChildGateway Gateway { get; }

    public static TheoryData<string, int> Data((string Name, int Pass)[] points)
    {
        var data = new TheoryData<string, int>();
        foreach (var (name, pass) in points) data.Add(name, pass);
        return data;
    }

    public static async Task<CrashRun> StartAsync(string point, int pass, string? database)
    {
        var origin = await LoadClient.OriginAsync();
        var data = Directory.CreateTempSubdirectory("crashed-").FullName;
        // Nobody is let go uncounted, however busy the machine: the equation is strict.
        string[] settings = ["--Ledger:CommitTimeout=00:00:10", .. database is null ? Array.Empty<string>() : [$"--ConnectionStrings:Ledger={database}"]];
        var gateway = await ChildGateway.StartAsync(data, origin.Address, CrashingGateway.Environment(data, point, pass), settings);
        var run = new CrashRun(data, point, origin, gateway);
        for (var i = 0; i < 8; i++) run.load.Add(Task.Run(() => LoadClient.RunAsync(gateway.Address, run.Told, run.stop.Token)));
        return run;
    }

    /// <summary>Waits until it has ended, by the point it was to end at and by nothing else.</summary>
    public async Task EndsItselfAsync()
    {
        var ended = Gateway.EndedAsync(Patience);
        await Eventually.IsTrueAsync(() => Received > 0, "an answer", Patience);
        await CrashingGateway.ArmAsync(data);
        var enough = Received + Enough;
        await Eventually.IsTrueAsync(() => ended.IsCompleted || Received >= enough, "its end, or answers enough", Patience);
        await stop.CancelAsync();
        load.Add(LoadClient.RunAsync(Gateway.Address, Told, over.Token, () => Task.Delay(BetweenStragglers, over.Token)));
        Assert.Equal(137, await ended);
        Assert.Equal(point, await File.ReadAllTextAsync(CrashingGateway.Fired(data)));
        await QuietAsync();
    }

    public async Task QuietAsync()
    {
        await stop.CancelAsync();
        await over.CancelAsync();
        await Task.WhenAll(load);
        Assert.True(Received > 0, "nobody had an answer before the end");
    }

    /// <summary>Folders that the next gateway may find.</summary>
    public IEnumerable<string> Futures()
    {
        var (stable, torn) = (StableImage.FolderOf(data), data + "-torn");
        // Before anything opens the files that the kill left.
        StableImage.Tear(stable, data, torn, new Random(20261126));
        return [data, stable, torn];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await over.CancelAsync();
        Gateway.Dispose();
        await Task.WhenAll(load);
        await origin.DisposeAsync();
        stop.Dispose();
        over.Dispose();
        foreach (var folder in (string[])[data, StableImage.FolderOf(data), data + "-torn"])
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
