using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Benchmarks.Load;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>Takes one sample of a shape: 1. what the process has used so far, 2. the load, 3. what the load leaves to be done, 4. what it has used then.</summary>
internal static class Measurement
{
    public static async Task<Sample> TakeAsync(Shape shape, string folder, double seconds)
    {
        // 1.
        await shape.Server.SettleAsync();
        var allocated = shape.Allocated is { } ask ? await ask() : 0;
        var (threads, cpu, busy, clock) = (shape.Server.CpuByThread(), shape.Server.CpuMicroseconds(), Child.BusyMicroseconds(Machine.ServerProcessor), Stopwatch.StartNew());
        // 2.
        var result = shape.Pace is { } pace ? await PacedAsync(shape, pace, folder, seconds)
            : await Wrk.RunAsync(folder, shape.Cores, shape.Address, shape.Urls, shape.Connections, seconds, shape.Header, shape.Once);
        if (result.Bad > 0) throw new InvalidOperationException($"{shape.Name}: {result.Bad} of {result.Requests} answers were errors.");
        shape.Counts?.Add(result.Requests, shape.Pace is null ? 2 * shape.Connections : 0);
        // 3.
        var (took, during) = (clock.Elapsed.TotalMicroseconds, shape.Server.CpuMicroseconds() - cpu);
        var others = Math.Max(0, Child.BusyMicroseconds(Machine.ServerProcessor) - busy - during) / took;
        await shape.Server.SettleAsync();
        // 4.
        var after = shape.Server.CpuByThread();
        var spent = shape.Server.CpuMicroseconds() - cpu;
        var byThread = after.Select(pair => (pair.Key, Value: (pair.Value - threads.GetValueOrDefault(pair.Key)) / result.Requests)).Where(pair => pair.Value >= 0.05).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        double? garbage = shape.Allocated is { } again ? (await again() - allocated) / result.Requests : null;
        return new(result.Rate, spent / result.Requests, result.P50Ms, result.P99Ms, result.P999Ms, byThread, others, garbage);
    }

    private static async Task<WrkResult> PacedAsync(Shape shape, int pace, string folder, double seconds)
    {
        var text = await Child.RunAsync(shape.Cores, Path.Combine(folder, "pace.log"), "dotnet",
            [typeof(Measurement).Assembly.Location, "pace", "--address", shape.Address, "--urls", shape.Urls, "--rate", pace.ToString(CultureInfo.InvariantCulture),
            "--connections", shape.Connections.ToString(CultureInfo.InvariantCulture), "--seconds", seconds.ToString(CultureInfo.InvariantCulture)], Inline);
        var result = JsonSerializer.Deserialize<PacedResult>(text.Split('\n').Last(line => line.StartsWith('{'))) ?? throw new InvalidOperationException("The paced load gave no result.");
        return new(result.Received, result.Seconds, result.Bad, result.P50, result.P99, result.P999, []);
    }

    /// <summary>A load program's own callbacks never wait: they may run where the socket's event was read.</summary>
    public static IReadOnlyDictionary<string, string> Inline { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1" };
}
