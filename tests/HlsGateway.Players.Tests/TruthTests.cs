using System.Globalization;
using System.Text;
using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>Runs when <c>scripts/truth</c> asks for the table.</summary>
internal sealed class TruthFactAttribute : FactAttribute
{
    public TruthFactAttribute()
    {
        if (string.IsNullOrEmpty(TruthTests.Table)) Skip = "make truth writes the table of docs/metrics.md";
    }
}

/// <summary>What a real player played, by its own word, lies between the bounds that the gateway reports.</summary>
public sealed class TruthTests(ITestOutputHelper output)
{
    private static readonly (string Name, string Words)[] Stories =
        [("six", "closed after 6 s"), ("whole", "watched whole"), ("seek", "5 s, seek to 14 s, to the end"), ("leave", "5 s, seek to 14 s, closed at 19 s"), ("loop", "looped, closed in the second round")];

    /// <summary>Reports are in milliseconds, a media element's ranges are not.</summary>
    private const double Rounding = 0.01;

    /// <summary>Where the table is to be written; null without <c>scripts/truth</c>.</summary>
    public static string? Table => Environment.GetEnvironmentVariable("TRUTH");

    [Fact]
    public async Task The_truth_lies_between_the_bounds_and_with_event_reports_within_a_segment_of_the_lower_one()
    {
        await using var stage = await TruthStage.SetAsync();
        var cases = Stories.Select(story => new TruthCase(story.Name, "events", 0, story.Name is "six" ? 1 : 2));
        await JudgeAsync(stage, [.. cases, new("six", "none", (int)TruthStage.SegmentSeconds, 1), new("whole", "query", (int)TruthStage.SegmentSeconds, 2)]);
    }

    [TruthFact]
    public async Task The_table_of_truth()
    {
        await using var stage = await TruthStage.SetAsync();
        var truths = new List<Truth>();
        foreach (var (cmcd, buffer) in new[] { ("none", 0), ("none", 4), ("query", 0), ("query", 4), ("headers", 4), ("events", 0), ("events", 4) })
            truths.AddRange(await JudgeAsync(stage, Stories.Select(story => new TruthCase(story.Name, cmcd, buffer, 1))));
        var table = new StringBuilder("| viewer | CMCD | buffer | `watch_seconds_low` | truth | `watch_seconds` | truth − low |\n|---|---|---|---|---|---|---|\n");
        foreach (var (name, words) in Stories)
        {
            foreach (var truth in truths.Where(truth => truth.Case.Story.Equals(name, StringComparison.Ordinal)))
            {
                table.Append(CultureInfo.InvariantCulture,
                    $"| {words} | {truth.Case.Cmcd} | {(truth.Case.BufferSeconds == 0 ? "hls.js's own" : $"{truth.Case.BufferSeconds} s")} | {truth.Low:F1} | {truth.Seconds:F1} | {truth.High:F1} | {truth.Seconds - truth.Low:F1} |\n");
            }
        }
        table.Append(CultureInfo.InvariantCulture, $"\nhls.js {truths[0].Version}, rate 1, {TruthStage.ContentSeconds} s in segments of {TruthStage.SegmentSeconds} s, a trailer of {TestMedia.TrailerSeconds} s behind. Truth: distinct media time in the video element's `played`.\n");
        await File.WriteAllTextAsync(Table!, table.ToString());
    }

    private Task<IReadOnlyList<Truth>> JudgeAsync(TruthStage stage, IEnumerable<TruthCase> cases) => Fair.JudgeAllAsync(
        [.. cases.Select(story => (Func<bool, Task<Truth>>)(_ => stage.PlayAsync(story)))],
        truth =>
        {
            output.WriteLine(truth.ToString());
            Judge(truth);
        }, output.WriteLine);

    private static void Judge(Truth truth)
    {
        Assert.InRange(truth.Seconds, 3, TruthStage.ContentSeconds);
        Assert.InRange(truth.Seconds, truth.Low - Rounding, truth.High);
        // Requests do not tell what was played between the last of them and a seek, nor between the last of all and the end.
        var untold = truth.Case is { Story: "leave", Cmcd: not "events" } ? 2 : 1;
        if (truth.Case is { Cmcd: "events" } or { Cmcd: not "none", BufferSeconds: > 0 }) Assert.InRange(truth.Seconds - truth.Low, -Rounding, untold * TruthStage.SegmentSeconds);
    }
}
