using System.Text.RegularExpressions;
using HlsGateway.Playlists;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>A rule that is named anywhere is one of <see cref="Rules"/>, stands in docs/player-rules.md with the same words, and is held by tests.</summary>
public sealed partial class RuleTests
{
    private static readonly string[] TestsOfRules = [.. Sources("tests", "*.cs").SelectMany(source => Method().Matches(source.Text)).Select(match => match.Groups["name"].Value)];

    [Fact]
    public void Whatever_names_a_rule_names_one_that_there_is()
    {
        var cited = Sources("src", "*.cs").Concat(Sources("src", "*.sql")).Concat(Sources("tests", "*.cs")).Concat(Sources("docs", "*.md"))
            .Append((Path: "README.md", Text: File.ReadAllText(Path.Combine(Repository.Root, "README.md"))))
            .SelectMany(source => Name().Matches(source.Text).Select(match => (source.Path, match.Value))).ToArray();
        Assert.InRange(cited.Length, 300, int.MaxValue);
        Assert.Empty(cited.Where(each => Rules.All.All(rule => rule.Name != each.Value)).Select(each => $"{each.Path} names {each.Value}"));
    }

    [Fact]
    public void Each_rule_has_a_test_that_bears_its_name() =>
        Assert.Empty(Rules.All.Where(rule => !TestsOfRules.Any(test => Bears(test, rule))).Select(rule => rule.Name));

    [Fact]
    public void The_page_says_of_each_rule_what_the_list_says_and_why_where_and_by_which_tests()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/player-rules.md"));
        var sections = page.Split("\n### ")[1..].Select(section => section.Split("\n## ")[0]).ToArray();
        Assert.Equal(Rules.All.Select(rule => rule.Name), sections.Select(section => section.Split('\n')[0]));
        foreach (var (rule, section) in Rules.All.Zip(sections))
        {
            Assert.StartsWith($"{rule.Name}\n**{rule.Says}**", section, StringComparison.Ordinal);
            Assert.Matches("\n\\*Why:\\* .+\\.\n", section);
            Assert.Matches("\n\\*Specified in:\\* .+\\.\n", section);
            var tests = Test().Matches(section.Split("*Held by:*")[1]).Select(match => match.Groups["name"].Value).ToArray();
            Assert.NotEmpty(tests);
            Assert.All(tests, test => Assert.True(TestsOfRules.Contains(test, StringComparer.Ordinal) && Bears(test, rule), $"{rule.Name} is held by {test}, which is no test of it"));
        }
    }

    [Fact]
    public void A_finding_leads_to_its_rule_and_one_of_an_unknown_rule_is_a_mistake()
    {
        Assert.Equal("docs/player-rules.md#s12", LintFinding.Error("S12", "v.m3u8", "x").Help);
        Assert.Throws<ArgumentException>(() => Rules.Of("S99"));
    }

    private static bool Bears(string test, Rule rule) => test.Split('_').TakeWhile(part => Name().IsMatch(part)).Contains(rule.Name, StringComparer.Ordinal);

    private static IEnumerable<(string Path, string Text)> Sources(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)
            .Where(path => !path.Split('/').Any(part => part is "obj" or "bin" or "node_modules") && !path.EndsWith("/RuleTests.cs", StringComparison.Ordinal))
            .Select(path => (Path.GetRelativePath(Repository.Root, path), File.ReadAllText(path)));

    /// <summary>A letter and one or two digits, in a text or at the beginning of a test's name.</summary>
    [GeneratedRegex("(?<![A-Za-z0-9])[DISWH][0-9]{1,2}(?![A-Za-z0-9])", RegexOptions.CultureInvariant, 10_000)]
    private static partial Regex Name();

    [GeneratedRegex("(?:public|internal) (?:async )?(?:Task|void) (?<name>(?:[DISWH][0-9]{1,2}_)+\\w+)\\(", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Method();

    [GeneratedRegex("`(?<name>\\w+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Test();
}
