using System.Diagnostics;
using System.Globalization;
using HlsGateway.Counting;
using HlsGateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HlsGateway.Benchmarks;

/// <summary>
/// Hands the requests of a synthetic audience to the outbox, as playback does, and waits until each is in its session: queue,
/// commit, merge and, where there is a PostgreSQL, COPY and its merge. Only making the requests is not measured.
/// </summary>
internal static class LoadBenchmark
{
    /// <summary>Requests between two looks at what became of them; some tens of these wait at a time, below Ledger:QueueLimit.</summary>
    private const int Stride = 1024;

    /// <param name="folder">Where the ledger is made; must hold none.</param>
    /// <param name="postgres">Connection string; null for the embedded ledger.</param>
    /// <returns>Exit code: 0 all are counted, 1 some were lost, 2 there is a ledger already.</returns>
    public static async Task<int> RunAsync(int events, TimeSpan over, int videos, string folder, string? postgres)
    {
        if (File.Exists(Path.Combine(folder, "ledger.db")))
        {
            await Console.Error.WriteLineAsync($"{folder} holds a ledger already; give an empty folder.");
            return 2;
        }
        Directory.CreateDirectory(folder);
        var audience = new SyntheticAudience(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), over, videos);
        var requests = audience.Requests(events);
        Say($"  {events:N0} requests of {requests.Select(hit => hit.Session).Distinct().Count():N0} sessions of {videos} videos, over {over.TotalHours:0.##} h");

        await using var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMetrics>().BuildServiceProvider();
        using var outbox = new Outbox(
            folder, new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(10) }, new AnalyticsOptions(), services.GetRequiredService<GatewayMetrics>(), TimeProvider.System,
            NullLogger<Outbox>.Instance, postgres);
        await outbox.StartAsync(CancellationToken.None);
        for (var video = 0; video < videos; video++) outbox.Describe(audience.Videos[video], SyntheticAudience.LengthMs(video));

        GC.Collect();
        var (cpu, allocated, clock) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        using (var showing = new Timer(_ => Say($"    {clock.Elapsed.TotalSeconds:0} s: {outbox.Progress.Merged - 1:N0} in their sessions {outbox.Forwarder?.Trouble}"), null, 2000, 2000))
        {
            await RecordAsync(outbox, requests);
            while (outbox.Progress.Merged <= events - outbox.Lost) await outbox.CaughtUpAsync(CancellationToken.None);
        }
        var took = clock.Elapsed.TotalSeconds;
        var used = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / events;
        Say($"  loaded in {took:0.0} s: {events / took:N0} requests/s; {used:0.00} µs of CPU and {(GC.GetTotalAllocatedBytes() - allocated) / (double)events:0} bytes of garbage each, {outbox.Lost} lost");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"RATE {events / took:0}"));
        await outbox.StopAsync(CancellationToken.None);
        return outbox.Lost == 0 ? 0 : 1;
    }

    private static async Task RecordAsync(Outbox outbox, Hit[] requests)
    {
        var waiting = new Queue<ValueTask<bool>>();
        for (var i = 0; i < requests.Length; i++)
        {
            var answer = outbox.RecordAsync(in requests[i]);
            if (i % Stride != 0) continue;
            waiting.Enqueue(answer);
            if (waiting.Count > 32) await waiting.Dequeue();
        }
        while (waiting.TryDequeue(out var answer)) await answer;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
