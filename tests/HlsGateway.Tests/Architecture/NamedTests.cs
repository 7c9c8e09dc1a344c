using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>Tests as pages name them: a class, or a class and the beginning of a method's name.</summary>
internal static partial class NamedTests
{
    private static readonly Lazy<ILookup<string, string>> Sources = new(() => Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/.build/", StringComparison.Ordinal)).Select(File.ReadAllText)
        .SelectMany(source => Class().Matches(source).Select(match => (Name: match.Groups["name"].Value, Source: source))).ToLookup(pair => pair.Name, pair => pair.Source, StringComparer.Ordinal));

    /// <summary>Those in backticks.</summary>
    public static string[] In(string text) => [.. Quoted().Matches(text).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];

    /// <summary>What is wrong with the name; null when there is such a test.</summary>
    public static string? WhyNot(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var of = dot < 0 ? name : name[..dot];
        if (!Sources.Value.Contains(of)) return $"there is no class {of}";
        // A theory in a base class counts for the classes over it, which name it.
        return dot < 0 || Sources.Value[of].Any(source => Regex.IsMatch(source, $@"\b(Task|void) {Regex.Escape(name[(dot + 1)..])}", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(60))) ? null : $"no test of {of} is called {name[(dot + 1)..]}…";
    }

    [GeneratedRegex(@"\bclass (?<name>[A-Z][A-Za-z0-9]*Tests)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Class();

    [GeneratedRegex(@"`(?<name>[A-Z][A-Za-z0-9]*Tests(\.[A-Za-z0-9_]+)?)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Quoted();
}
