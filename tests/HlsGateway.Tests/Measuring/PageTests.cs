using HlsGateway.Benchmarks.Measuring;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Measuring;

/// <summary>docs/benchmarks.md is written by commands, in parts.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData("redirect", 2.0, true)]
    [InlineData("redirect", 2.01, false)]
    [InlineData("two-cores", 1.8, true)]
    [InlineData("two-cores", 1.79, false)]
    [InlineData("viewers-lost", 0.0, true)]
    [InlineData("viewers-lost", 1.0, false)]
    public void A_goal_is_met_at_its_limit_and_not_beyond(string id, double figure, bool met)
    {
        var goal = Assert.Single(Goal.All, goal => goal.Id == id);
        Assert.Equal(met, goal.IsMetBy(figure));
        Assert.EndsWith(met ? "| met |" : "| **not met** |", goal.Row(figure), StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_writes_its_part_and_its_rows_and_keeps_what_others_wrote()
    {
        using var folder = new TemporaryFolder();
        var page = Path.Combine(folder.Path, "page.md");
        File.WriteAllText(page, "# Page\n\n<!-- goals: begin -->\n<!-- goals: end -->\n\nBy hand.\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nThe end.\n");
        BenchPage.Write(page, "bench", "new", new Dictionary<string, double> { ["redirect"] = 1.9, ["paced-p99"] = 12 });
        var goals = BenchPage.Write(page, "players", "viewers", new Dictionary<string, double> { ["viewers-lost"] = 0, ["paced-p99"] = 8.25 });

        var text = File.ReadAllText(page);
        Assert.Contains("\nBy hand.\n", text, StringComparison.Ordinal);
        Assert.Contains("<!-- bench: begin -->\nnew\n<!-- bench: end -->\n\nThe end.\n", text, StringComparison.Ordinal);
        Assert.EndsWith("<!-- players: begin -->\nviewers\n<!-- players: end -->\n", text, StringComparison.Ordinal);
        Assert.Equal(goals, MarkedPage.Find(text, "goals"));
        var rows = goals.Split('\n')[2..];
        Assert.Equal(Goal.All.Count, rows.Length);
        Assert.EndsWith("| ≤ 2 times | 1.9 times | met |", rows[0], StringComparison.Ordinal);
        Assert.Contains(rows, row => row.EndsWith("| ≤ 10 ms | 8.25 ms | met |", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.EndsWith("| ≤ 0 requests | 0 requests | met |", StringComparison.Ordinal));
        Assert.Equal(Goal.All.Count - 3, rows.Count(row => row.EndsWith("not measured |", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_page_in_docs_has_the_goals_that_commands_measure()
    {
        var goals = MarkedPage.Find(File.ReadAllText(Path.Combine(Repository.Root, "docs", "benchmarks.md")), "goals");
        Assert.Equal(goals, MarkedPage.Goals(goals, new Dictionary<string, double>()));
        Assert.All(Goal.All, goal => Assert.Contains($"| {goal.Figure} | {goal.Wanted} |", goals, StringComparison.Ordinal));
    }
}
