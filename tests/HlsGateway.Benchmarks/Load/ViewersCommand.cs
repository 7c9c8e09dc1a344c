using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Load;

/// <summary>What viewers saw and what the gateway took meanwhile.</summary>
/// <param name="StayingSeconds">How long all were there; <paramref name="CpuSeconds"/> is the gateway's in that time, <paramref name="OwnCpuSeconds"/> the load program's.</param>
/// <param name="Kinds">By kind of answer: how many, and times in milliseconds.</param>
/// <param name="StayingRequests">Answers in the time that all were there.</param>
internal sealed record ViewersResult(
    int Viewers, double StayingSeconds, double CpuSeconds, double OwnCpuSeconds, long StayingRequests, long Bad, string? Trouble, double LateP99, double MemoryMB,
    Dictionary<string, KindResult> Kinds, ViewerCount[] Sessions);

internal sealed record KindResult(int Count, double P50, double P99, double P999);

/// <summary>An audience in a process of its own, which prints how it goes and at last a line of JSON.</summary>
internal static class ViewersCommand
{
    /// <param name="server">Process id of the gateway.</param>
    public static async Task RunAsync(Uri address, AudiencePlan plan, int server)
    {
        var audience = new Audience(address, plan);
        var clock = Stopwatch.StartNew();
        var (begun, begunOwn, begunRequests, begunAt) = (0L, TimeSpan.Zero, 0L, TimeSpan.Zero);
        var (cpu, own, requests, stayed, memory) = (0.0, 0.0, 0L, 0.0, 0.0);
        IReadOnlyList<ViewerCount> counts;
        await using (new Timer(_ => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {clock.Elapsed.TotalSeconds:0} s: {audience.Here:N0} viewers, {audience.Answered:N0} answers{(audience.Bad > 0 ? $", {audience.Bad} bad: {audience.FirstTrouble}" : "")}")), null, 5000, 5000))
        {
            counts = await audience.PlayAsync(
                () => (begun, begunOwn, begunRequests, begunAt) = (Ticks(server), Environment.CpuUsage.TotalTime, audience.Answered, clock.Elapsed),
                () =>
                {
                    (cpu, own, requests, stayed) = ((Ticks(server) - begun) / 100.0, (Environment.CpuUsage.TotalTime - begunOwn).TotalSeconds, audience.Answered - begunRequests, (clock.Elapsed - begunAt).TotalSeconds);
                    memory = MemoryMB(server);
                });
        }
        var kinds = Enum.GetValues<AnswerKind>().ToDictionary(kind => kind.ToString(), kind =>
        {
            var (times, count) = audience.TimesOf(kind);
            return new KindResult(count, times.P50, times.P99, times.P999);
        });
        Console.WriteLine(JsonSerializer.Serialize(new ViewersResult(
            plan.Viewers, stayed, cpu, own, requests, audience.Bad, audience.FirstTrouble, audience.Lateness.P99, memory, kinds, [.. counts])));
    }

    /// <summary>Linux tells user programs time in hundredths of a second.</summary>
    private static long Ticks(int process) => ProcStat.Parse(File.ReadAllText($"/proc/{process}/stat")).Ticks;

    private static double MemoryMB(int process) => double.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1000;
}
