using System.Diagnostics;
using System.Globalization;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>What is asked of a run.</summary>
/// <param name="Program">HlsGateway.dll.</param>
/// <param name="Folder">For everything that is written; PostgreSQL's is another.</param>
/// <param name="Kinds">Of shapes; empty for all.</param>
/// <param name="Page">Where the report goes.</param>
/// <param name="Peers">Where splice.mjs stands with what it needs; null leaves it out.</param>
internal sealed record BenchRequest(string Root, string Program, string Folder, IReadOnlyList<string> Kinds, int Rounds, double Seconds, string? Postgres, string Page, string? Peers = null);

/// <summary>
/// A run of the benchmark: 1. the stage is set, 2. everything is warmed up, 3. in each round every shape is measured once, one after the other, so that what
/// the machine does meanwhile meets all of them, 4. what was counted is compared with what was received, 5. the report.
/// </summary>
internal static class BenchRun
{
    /// <summary>In the order in which they are measured and told.</summary>
    public static readonly string[] Kinds = ["redirect", "paced", "4096", "two-cores", "master", "media-23", "media-1800", "caption", "cold", "warm-up"];

    private const int WarmUpSeconds = 11;

    /// <returns>Exit code: 0 measured, 1 something was not counted.</returns>
    public static async Task<int> RunAsync(BenchRequest request)
    {
        var clock = Stopwatch.StartNew();
        // 1.
        await using var stage = await Stage.SetAsync(request.Root, request.Program, request.Folder, request.Kinds, request.Postgres, request.Peers, Say);
        var results = new BenchResults(request.Rounds, request.Seconds);
        // 2.
        Say($"  {clock.Elapsed.TotalSeconds:0} s; warming up, {stage.Shapes.Count} shapes");
        foreach (var shape in stage.Shapes)
        {
            var seconds = shape is { Kind: "redirect", Counts: not null } ? Math.Max(3 * request.Seconds, 10) : Math.Min(request.Seconds, 3);
            await stage.PrepareAsync(shape, seconds);
            await Measurement.TakeAsync(shape, request.Folder, seconds);
        }
        // 3.
        for (var round = 1; round <= request.Rounds; round++)
        {
            Say($"  {clock.Elapsed.TotalSeconds:0} s; round {round} of {request.Rounds}");
            foreach (var shape in stage.Shapes)
            {
                await stage.PrepareAsync(shape, request.Seconds);
                var sample = await Measurement.TakeAsync(shape, request.Folder, request.Seconds);
                results.Add(shape, sample);
                Say($"    {shape.Name,-36} {sample.Cpu,8:0.0} µs {sample.Rate,9:0} /s  p50 {sample.P50Ms,7:0.00}  p99 {sample.P99Ms,7:0.00}  p99.9 {sample.P999Ms,7:0.00} ms{(sample.Allocated is { } bytes ? $"  {bytes:0} bytes" : "")}{(sample.Others > 0.05 ? $"  (others took {sample.Others:P0} of the core)" : "")}");
            }
            if (request.Kinds.Count == 0 || request.Kinds.Contains("warm-up"))
            {
                results.AddWarmUp(await stage.WarmUpAsync(WarmUpSeconds));
                Say($"    after a start, requests in each second: {string.Join(' ', results.LastWarmUp)}");
            }
        }
        // 4.
        var wrong = 0;
        foreach (var tally in stage.Shapes.Select(shape => shape.Counts).OfType<Tally>().Distinct())
        {
            var counted = await tally.CountedAsync();
            results.AddCount($"{tally.What}: {tally.Received:N0} received, {counted:N0} counted");
            Say($"  {tally.What}: {tally.Received:N0} received, {counted:N0} counted");
            // wrk gives up requests in flight when its time is over: those may be counted and not received.
            if (counted < tally.Received || counted > tally.Received + tally.UnderWay) wrong++;
        }
        // 5.
        var report = new BenchReport(results);
        Say($"\n{report.Text}\n{Goal.Verdicts(report.Figures)}\n");
        if (request is { Kinds.Count: 0, Rounds: >= 5, Postgres: not null })
        {
            BenchPage.Write(request.Page, "bench", report.Text, report.Figures);
            Say($"{request.Page} has the report");
        }
        else
        {
            Say($"A part of the whole, or fewer than five rounds: the page keeps what it has");
        }
        Say($"{clock.Elapsed.TotalSeconds:0} s in all");
        if (wrong > 0) await Console.Error.WriteLineAsync("error: received and counted do not agree");
        return wrong > 0 ? 1 : 0;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static void Say(string text) => Console.WriteLine(text);
}
