using System.Text.RegularExpressions;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Telemetry;

/// <summary>The catalogue of problem types, and what of the sources must agree with it.</summary>
public sealed partial class ProblemCatalogueTests
{
    [Fact]
    public void Every_type_says_what_happened_and_what_to_do_in_sentences_and_has_a_title_of_its_own()
    {
        Assert.InRange(Problem.All.Count, 50, int.MaxValue);
        Assert.Equal(Problem.All.Count, Problem.All.Select(problem => problem.Title).Distinct(StringComparer.Ordinal).Count());
        Assert.All(Problem.All, problem =>
        {
            Assert.Matches("^[a-z]+(-[a-z]+)*$", problem.Slug);
            Assert.False(problem.Title.Length == 0 || problem.Title.EndsWith('.'), problem.Slug);
            Assert.True(problem.Meaning.EndsWith('.') && problem.Remedy.EndsWith('.'), problem.Slug);
            Assert.True(problem.Statuses.All(status => status is >= 400 and < 600) && problem.Statuses.Distinct().Count() == problem.Statuses.Count, problem.Slug);
        });
    }

    [Fact]
    public void Every_type_is_answered_somewhere()
    {
        var sources = string.Concat(Sources());
        Assert.Empty(typeof(Problem).GetProperties().Where(property => property.PropertyType == typeof(Problem))
            .Where(property => !sources.Contains($"Problem.{property.Name}", StringComparison.Ordinal) && !sources.Contains($"\"{property.GetValue(null)}\"", StringComparison.Ordinal)).Select(property => property.Name));
    }

    [Fact]
    public void A_type_that_a_source_names_by_its_slug_is_in_the_catalogue_with_the_same_title()
    {
        foreach (var (slug, title) in Sources().SelectMany(source => Answer().Matches(source)).Select(match => (match.Groups["slug"].Value, match.Groups["title"].Value)))
            Assert.True(Problem.Find(slug)?.Title == title, $"'{slug}', \"{title}\": add it to Telemetry/Problem.*.cs, or use the title that stands there.");
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "HlsGateway"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !Path.GetFileName(path).StartsWith("Problem.", StringComparison.Ordinal)).Select(File.ReadAllText);

    [GeneratedRegex("(?:Problems\\.Of\\(\\s*[\\w.]+,|UploadRefusal[^\"(]{0,40}\\()\\s*\"(?<slug>[a-z][a-z-]+)\",\\s*\"(?<title>[^\"]+)\",", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Answer();
}
