using System.Collections.Frozen;
using System.Reflection;

namespace HlsGateway.Telemetry;

/// <summary>
/// One type of problem (RFC 9457): what is wrong, and what to do about it, the same for every occurrence. All types are properties of this
/// class, by what they are about; each has a page at <c>/problems/{slug}</c> and a section in docs/problems.md, both written from here.
/// </summary>
internal sealed partial class Problem
{
    /// <summary>Where the pages stand; the path of a type's page is the path of its <c>type</c>.</summary>
    public const string Path = "/problems/";

    private static readonly Lazy<FrozenDictionary<string, Problem>> BySlug = new(static () =>
        typeof(Problem).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(property => property.PropertyType == typeof(Problem))
            .Select(property => (Problem)property.GetValue(null)!).ToFrozenDictionary(problem => problem.Slug, StringComparer.Ordinal));

    private Problem(string slug, int status, string title, string meaning, string remedy, params int[] alsoWith)
    {
        (Slug, Title, Meaning, Remedy) = (slug, title, meaning, remedy);
        Statuses = [status, .. alsoWith];
    }

    /// <summary>All types, by slug. A slug that stands twice ends the program at its first problem.</summary>
    public static IReadOnlyList<Problem> All => [.. BySlug.Value.Values.OrderBy(problem => problem.Slug, StringComparer.Ordinal)];

    /// <summary>Stable, lower case, hyphenated: the end of the <c>type</c>.</summary>
    public string Slug { get; }

    /// <summary>A few words without a full stop.</summary>
    public string Title { get; }

    /// <summary>The statuses it comes with, the usual one first.</summary>
    public IReadOnlyList<int> Statuses { get; }

    /// <summary>What happened, in plain sentences.</summary>
    public string Meaning { get; }

    /// <summary>What whoever reads it can do, in plain sentences.</summary>
    public string Remedy { get; }

    public static Problem? Find(string slug) => BySlug.Value.GetValueOrDefault(slug);

    public override string ToString() => Slug;
}
