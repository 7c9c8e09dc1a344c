using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Counting.ExactlyOnce;

/// <summary>
/// A gateway as operators run it (its default commit timeout, a real PostgreSQL), viewers who ask for 2,000 segments a second
/// whether it keeps up or not, and a keeper of what each of them received.
/// </summary>
internal sealed class Siege : IAsyncDisposable
{
    /// <summary>Segments that are asked for in a second.</summary>
    public const int Rate = 2000;

    // On a connection one answer waits for the other: with a full disk a session takes 21 commit timeouts, and the next is due no sooner.
    private const int Viewers = 120;
    private static readonly TimeSpan BetweenSessions = TimeSpan.FromSeconds((double)Viewers * LoadClient.Segments / Rate);

    private readonly ConcurrentDictionary<Guid, Tally> told = new();
    private readonly ConcurrentQueue<double> waits = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ITestOutputHelper output;
    private readonly string data;
    private readonly LoopbackOrigin origin;
    private readonly string database;
    private readonly List<Task> viewers = [];
    private readonly Stopwatch since = Stopwatch.StartNew();
    private Life life;
    private int sessionsAsked;
    private int cut;
    private long offeredMs;

    private Siege(ITestOutputHelper output, string data, LoopbackOrigin origin, string database, PostgresRelay relay, ChildGateway gateway)
    {
        (this.output, this.data, this.origin, this.database) = (output, data, origin, database);
        (Relay, life) = (relay, new Life(gateway));
    }

    /// <summary>The way from the gateway to PostgreSQL.</summary>
    public PostgresRelay Relay { get; }

    public int Received => told.Values.Sum(tally => tally.Received);

    /// <summary>What the gateway says it lost, read where it writes it: no request of ours disturbs it.</summary>
    public long Lost
    {
        get
        {
            using var tally = LossTally.Open(Path.Combine(data, "ledger.lost"));
            return tally.Lost + tally.Undecided + tally.Late;
        }
    }

    private long Behind
    {
        get
        {
            using var tally = LossTally.Open(Path.Combine(data, "ledger.lost"));
            return tally.Undecided + tally.Late;
        }
    }

    public string Ledger => Path.Combine(data, "ledger.db");

    public static async Task<Siege> BeginAsync(ITestOutputHelper output, LedgerPostgres postgres, string data)
    {
        var database = await postgres.NewDatabaseAsync();
        var origin = await LoadClient.OriginAsync();
        var relay = new PostgresRelay(database);
        var siege = new Siege(output, data, origin, database, relay, await StartAsync(data, origin, relay));
        for (var i = 0; i < Viewers; i++)
        {
            var first = siege.since.Elapsed + (BetweenSessions * ((double)i / Viewers));
            siege.viewers.Add(Task.Run(() => siege.ViewAsync(first)));
        }
        await siege.AnswersAsync(Rate / 2);
        return siege;
    }

    private static Task<ChildGateway> StartAsync(string data, LoopbackOrigin origin, PostgresRelay relay) =>
        ChildGateway.StartAsync(data, origin.Address, $"--ConnectionStrings:Ledger={relay.Database}");

    /// <summary>Waits for so many further answers.</summary>
    public Task AnswersAsync(int count)
    {
        var before = Received;
        return Eventually.IsTrueAsync(() => ViewersAreServed() && Received >= before + count, $"{count} more answers", TimeSpan.FromSeconds(180));
    }

    /// <summary>Lets the siege go on for a while that is part of the fault itself.</summary>
    public Task LastAsync(TimeSpan time)
    {
        var until = since.Elapsed + time;
        return Eventually.IsTrueAsync(() => ViewersAreServed() && since.Elapsed >= until, "the time of the fault", time + TimeSpan.FromSeconds(30));
    }

    /// <summary>kill -9, and the next gateway on the same data directory.</summary>
    public async Task KillAsync()
    {
        life.Dying = true;
        Assert.Equal(137, life.Gateway.Kill());
        life.Gateway.Dispose();
        var next = new Life(await StartAsync(data, origin, Relay));
        life.Over.SetResult(next);
        life = next;
    }

    public void Say(string what)
    {
        var line = FormattableString.Invariant($"{since.Elapsed.TotalSeconds,6:0.0} s  {Received,7} answers  {Lost,5} lost  {what}");
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("FAULTS_LOG") is { Length: > 0 } log) File.AppendAllText(log, line + '\n');
    }

    /// <summary>The viewers leave, the gateway stops in order, and what the next one brings to rest is held against what each viewer received.</summary>
    public async Task<long> EndAsync()
    {
        var seconds = since.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(viewers);
        await Eventually.IsTrueAsync(() => Behind == 0, "the disk has what was answered before it had it", TimeSpan.FromSeconds(60));
        life.Gateway.Kill();
        output.WriteLine(life.Gateway.Said);
        long lost;
        await using (var last = new TestLedger(data, postgres: database))
        {
            await Eventually.IsTrueAsync(() => last.Outbox.Progress is { Trouble: null } progress && progress.Merged == progress.Committed && last.Scalar("SELECT count(*) FROM batch") == 0, "PostgreSQL has all", TimeSpan.FromSeconds(120));
            lost = last.Outbox.Lost;
            Assert.Equal(0, last.Outbox.Undecided);
        }
        var rows = await Aftermath.CountsAsync(database);
        // None twice, and none that nobody asked for.
        Assert.All(rows.Values, row => Assert.Equal(row.Events, row.Distinct));
        Assert.All(rows.Values, row => Assert.Equal(row.Events, row.Segments));
        Assert.All(told, pair => Assert.InRange(rows.GetValueOrDefault(pair.Key).Events, 0, pair.Value.Received + pair.Value.Unanswered));
        var missing = told.Sum(pair => Math.Max(0, pair.Value.Received - rows.GetValueOrDefault(pair.Key).Events));
        var asked = told.Values.Sum(tally => (long)tally.Received + tally.Unanswered) + sessionsAsked;
        var (sorted, counted) = (waits.Order().ToArray(), rows.Values.Sum(row => row.Events + row.Starts));
        Say(FormattableString.Invariant($"end: {offeredMs / 1000.0 / Viewers:0} s of service, {asked / (offeredMs / 1000.0 / Viewers):0} requests/s offered, {cut} connections cut with their gateway"));
        Say(FormattableString.Invariant($"{Received} redirects received, {missing} of them not in PostgreSQL, {lost} counted as lost; 20 redirects and two playlists took {sorted[sorted.Length / 2]:0} ms (median), {sorted[sorted.Length * 99 / 100]:0} ms (99 of 100), {sorted[^1]:0} ms at most; {seconds:0} s"));
        Assert.InRange(missing, 0, lost);
        // A loss is not a row as well: together they are no more than was asked for.
        Assert.InRange(counted + lost, Received, asked);
        return lost;
    }

    private bool ViewersAreServed()
    {
        // A viewer that was refused has ended with the reason.
        if (viewers.Find(viewer => viewer.IsFaulted) is { Exception: { } refused }) throw refused;
        return true;
    }

    private async Task ViewAsync(TimeSpan next)
    {
        var mine = life;
        while (!stop.IsCancellationRequested)
        {
            var begun = since.Elapsed;
            var asked = TimeSpan.Zero;
            async Task PaceAsync()
            {
                if (asked > TimeSpan.Zero) waits.Enqueue((since.Elapsed - asked).TotalMilliseconds);
                if (next > since.Elapsed) await Task.Delay(next - since.Elapsed, stop.Token);
                next += BetweenSessions;
                asked = since.Elapsed;
                Interlocked.Increment(ref sessionsAsked);
            }
            var broken = await LoadClient.RunAsync(mine.Gateway.Address, told, stop.Token, PaceAsync);
            Interlocked.Add(ref offeredMs, (long)(since.Elapsed - begun).TotalMilliseconds);
            if (broken == 0 || stop.IsCancellationRequested) return;
            Assert.True(mine.Dying, "a viewer lost the connection to a gateway that nobody killed");
            Interlocked.Increment(ref cut);
            mine = await mine.Over.Task.WaitAsync(stop.Token).ContinueWith(over => over.IsCompletedSuccessfully ? over.Result : mine, TaskScheduler.Default);
            // What would have been asked for meanwhile had nobody to ask.
            if (next < since.Elapsed) next = since.Elapsed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        life.Gateway.Dispose();
        Relay.Dispose();
        await origin.DisposeAsync();
        stop.Dispose();
    }

    private sealed class Life(ChildGateway gateway)
    {
        public ChildGateway Gateway => gateway;

        public volatile bool Dying;

        /// <summary>The gateway that came after it.</summary>
        public TaskCompletionSource<Life> Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
