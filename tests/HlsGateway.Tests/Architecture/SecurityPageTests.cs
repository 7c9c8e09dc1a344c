using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>docs/security.md: each line of the threat model has tests that exist, and each requirement of OWASP ASVS 5.0 up to level 2 an answer.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));

    private static readonly string Asvs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "asvs.md"));

    [Theory]
    [InlineData("security.md")]
    [InlineData("asvs.md")]
    public void Each_test_that_a_page_of_security_names_is_there(string page)
    {
        var named = NamedTests.In(File.ReadAllText(Path.Combine(Repository.Root, "docs", page)));
        Assert.True(named.Length >= 20, $"only {named.Length} tests are named");
        Assert.All(named, test => Assert.True(NamedTests.WhyNot(test) is null, NamedTests.WhyNot(test)));
    }

    [Fact]
    public void Each_line_of_the_threat_model_has_a_test()
    {
        var rows = Section(Page, "## Threat model").Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Split(" | ").Length == 4).Skip(1).ToArray();
        Assert.True(rows.Length >= 30, $"only {rows.Length} lines");
        Assert.All(rows, row => Assert.NotEmpty(NamedTests.In(row.Split(" | ")[3])));
    }

    [Fact]
    public void Each_requirement_of_the_standard_is_met_with_its_evidence_or_says_why_not()
    {
        var rows = Asvs.Split('\n').Where(line => Requirement().IsMatch(line)).Select(line => line.Trim('|', ' ').Split(" | ")).ToArray();
        Assert.Equal(rows.Length, rows.Select(row => row[0]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Requirements, rows.Length);
        foreach (var row in rows)
        {
            Assert.True(row.Length == 4, row[0]);
            Assert.True(row[2] is "met" or "partly" or "not met" or "does not apply" or "operator", $"{row[0]}: {row[2]}");
            Assert.True(row[3].Trim().Length > 3, $"{row[0]}: no reason");
        }
    }

    /// <summary>Of levels 1 and 2, in version 5.0.0.</summary>
    private const int Requirements = 253;

    private static IEnumerable<string> Section(string page, string heading) =>
        page.Split('\n').SkipWhile(line => line != heading).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));

    [GeneratedRegex(@"^\| \d+\.\d+\.\d+ \| ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Requirement();
}
