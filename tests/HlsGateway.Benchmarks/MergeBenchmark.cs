using System.Diagnostics;
using System.Globalization;
using HlsGateway.Counting;
using HlsGateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HlsGateway.Benchmarks;

/// <summary>
/// What it costs to count a request when viewers come in turn, as they do: a session is heard of again only after all the others. Hands the
/// requests to the outbox and waits for the disk as connections do, until each is in its session.
/// </summary>
/// <param name="Sessions">Viewers at once.</param>
/// <param name="Segments">Segments of a session; then it asks for the same again, or, with <paramref name="Renew"/>, another viewer comes.</param>
/// <param name="Rate">Requests a second; 0 for as many as go.</param>
internal sealed record MergeBenchmark(int Sessions, int Segments, int Seconds, int Rate, bool Renew)
{
    /// <summary>Connections: so many requests wait for the disk at once.</summary>
    private const int Connections = 256;

    private const int SegmentMs = 4000;

    private static readonly string[] Paths = [.. Enumerable.Range(0, 64).Select(i => $"720p/video{i}.ts")];

    private readonly Guid[] ids = new Guid[Sessions];
    private readonly List<double> waits = [];
    private long made;

    /// <param name="folder">Where the ledger is made; must hold none.</param>
    /// <param name="postgres">Connection string; null for the embedded ledger.</param>
    public async Task<int> RunAsync(string folder, string? postgres)
    {
        Directory.CreateDirectory(folder);
        await using var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMetrics>().BuildServiceProvider();
        using var outbox = new Outbox(
            folder, new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(10), ReportTimeout = TimeSpan.FromMinutes(1) }, new AnalyticsOptions(), services.GetRequiredService<GatewayMetrics>(),
            TimeProvider.System, NullLogger<Outbox>.Instance, postgres);
        await outbox.StartAsync(CancellationToken.None);
        outbox.Describe("did:plc:0001/bafkrei000001", 92_000);

        // Until the code is compiled.
        await PlayAsync(outbox, TimeSpan.FromSeconds(Math.Max(3, Seconds / 3.0)));
        await CaughtUpAsync(outbox);
        GC.Collect();
        waits.Clear();
        var (before, cpu, writer, allocated, clock) = (made, Environment.CpuUsage.TotalTime, WriterNanoseconds(), GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        await PlayAsync(outbox, TimeSpan.FromSeconds(Seconds));
        var answered = clock.Elapsed;
        await CaughtUpAsync(outbox);
        var hits = (double)(made - before);
        waits.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
              {hits:N0} requests of {Sessions:N0} sessions in turn{(Rate > 0 ? $", {Rate:N0} a second" : "")}: {hits / answered.TotalSeconds:N0}/s, all in their sessions {(clock.Elapsed - answered).TotalMilliseconds:0} ms later
              CPU a request: {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / hits:0.00} µs, of which the ledger's writer {(WriterNanoseconds() - writer) / 1000 / hits:0.00} µs; {(GC.GetTotalAllocatedBytes() - allocated) / hits:0} bytes of garbage
              wait for the disk: median {waits[waits.Count / 2]:0.0} ms, 99 % {waits[(int)(waits.Count * 0.99)]:0.0} ms, longest {waits[^1]:0.0} ms; {outbox.Lost} lost; {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB at most
            """));
        await outbox.StopAsync(CancellationToken.None);
        return outbox.Lost == 0 ? 0 : 1;
    }

    private async Task PlayAsync(Outbox outbox, TimeSpan atLeast)
    {
        var (clock, begun) = (Stopwatch.StartNew(), made);
        var pending = new Task<bool>[Connections];
        while (clock.Elapsed < atLeast)
        {
            var at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var due = Rate == 0 ? Connections : (int)Math.Min(Connections, (clock.Elapsed.TotalSeconds * Rate) - (made - begun));
            if (due <= 0)
            {
                await Task.Delay(1);
                continue;
            }
            var asked = Stopwatch.GetTimestamp();
            for (var i = 0; i < due; i++) pending[i] = outbox.RecordAsync(Next(at)).AsTask();
            for (var i = 0; i < due; i++) await pending[i];
            waits.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
    }

    private Hit Next(long at)
    {
        var (viewer, turn) = ((int)(made % Sessions), made / Sessions);
        // Not all begin at once: each is at another segment.
        var index = (int)((turn + viewer) % Segments);
        if (turn == 0 || (Renew && index == 0)) ids[viewer] = Guid.CreateVersion7();
        made++;
        return new Hit(ids[viewer], "did:plc:0001/bafkrei000001", Paths[index % Paths.Length], HitKind.Content, HitRule.Counted, index * SegmentMs, SegmentMs, at, 0x07effa79, PlayerFamily.Browser);
    }

    private static async Task CaughtUpAsync(Outbox outbox)
    {
        while (outbox.Progress.Merged < outbox.Progress.Committed) await outbox.CaughtUpAsync(CancellationToken.None);
    }

    /// <summary>Time that the writer's thread has been on a core, as Linux tells it.</summary>
    private static double WriterNanoseconds() => Directory.EnumerateDirectories("/proc/self/task")
        .Where(thread => File.ReadAllText(Path.Combine(thread, "comm")).StartsWith("ledger writer", StringComparison.Ordinal))
        .Sum(thread => double.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture));
}
