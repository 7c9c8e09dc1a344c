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
        var named = Sources().SelectMany(source => Name().Matches(source)).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(typeof(Problem).GetProperties().Where(property => property.PropertyType == typeof(Problem)).Select(property => property.Name).Except(named, StringComparer.Ordinal));
    }

    [Fact]
    public void An_answer_takes_its_type_from_the_catalogue_and_cannot_make_one_of_text() =>
        Assert.All(typeof(Problems).GetMethods().Where(method => method.Name == nameof(Problems.Of)), method =>
        {
            Assert.Single(method.GetParameters(), parameter => parameter.ParameterType == typeof(Problem));
            Assert.Single(method.GetParameters(), parameter => parameter.ParameterType == typeof(string));
        });

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "HlsGateway"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !Path.GetFileName(path).StartsWith("Problem.", StringComparison.Ordinal)).Select(File.ReadAllText);

    /// <summary>An entry, by its property.</summary>
    [GeneratedRegex(@"(?<=\bProblem\.)[A-Z]\w*", RegexOptions.None, 60_000)]
    private static partial Regex Name();
}
