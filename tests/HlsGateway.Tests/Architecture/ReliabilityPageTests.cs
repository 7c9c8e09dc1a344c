using System.Globalization;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>tests/reliability.txt names every case and goal, with tests that exist or the reason why there is none; docs/reliability.md was made from it.</summary>
public sealed class ReliabilityPageTests
{
    private static readonly string[][] Records =
    [
        .. File.ReadAllText(Path.Combine(Repository.Root, "tests", "reliability.txt")).Split("\n\n")
            .Select(record => record.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').ToArray()).Where(record => record.Length > 0),
    ];

    private static string Page => File.ReadAllText(Path.Combine(Repository.Root, "docs", "reliability.md"));

    [Fact]
    public void Every_case_and_every_goal_is_listed_once()
    {
        var ids = Records.Select(record => record[0].Split(' ')[0]).ToArray();
        var asked = Enumerable.Range(1, 40).Select(number => number.ToString(CultureInfo.InvariantCulture))
            .Concat(Enumerable.Range(1, 12).SelectMany(number => (string[])[$"R{number}", $"S{number}"])).Concat(["descriptors", "memory", "day"]);
        Assert.Equal(asked.Order(StringComparer.Ordinal), ids.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_names_tests_that_are_there_or_says_why_there_are_none()
    {
        foreach (var record in Records)
        {
            Assert.Single(record, line => line.StartsWith("= ", StringComparison.Ordinal));
            var tests = record.Where(line => line.StartsWith("  HlsGateway.", StringComparison.Ordinal)).SelectMany(line => line.Trim().Split(' ').Skip(1)).ToArray();
            Assert.True(tests.Length > 0 || record.Any(line => line.StartsWith("! ", StringComparison.Ordinal)), $"{record[0]}: neither a test nor a reason");
            Assert.All(tests, test => Assert.True(NamedTests.WhyNot(test) is null, $"{record[0]}: {NamedTests.WhyNot(test)}"));
        }
    }

    [Fact]
    public void The_page_says_of_each_what_the_list_says_and_nowhere_that_a_test_failed()
    {
        var rows = Page.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split(" | ")).ToArray();
        foreach (var record in Records)
        {
            var id = record[0].Split(' ')[0];
            var row = Assert.Single(rows, cells => cells[0] == $"| {id}");
            Assert.Equal(record[0][(id.Length + 1)..], row[1]);
            Assert.Equal(record.Single(line => line.StartsWith("= ", StringComparison.Ordinal))[2..], row[2]);
            Assert.All(record.Where(line => line.StartsWith("! ", StringComparison.Ordinal)), reason => Assert.Contains(reason[2..], row[4], StringComparison.Ordinal));
            if (record.Any(line => line.StartsWith("  ", StringComparison.Ordinal)))
                Assert.Matches(@"^((?<all>\d+) of \k<all> tests passed \(|not run\b)", row[4]);
        }
    }
}
