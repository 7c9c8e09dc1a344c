using System.Collections.Frozen;
using System.Text.Json;

namespace HlsGateway.Analytics;

/// <summary>What each figure means and how it is worked out; the one source for the API's explanations and docs/metrics.md.</summary>
internal static class Definitions
{
    /// <summary>First: what is read by it stands below.</summary>
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Dictionary<string, Entry> Entries = Read();

    /// <summary>In a sentence or a few.</summary>
    public static FrozenDictionary<string, string> All { get; } = Entries.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Definition, StringComparer.Ordinal);

    /// <summary>In one line.</summary>
    public static FrozenDictionary<string, string> Formulas { get; } = Entries.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Formula, StringComparer.Ordinal);

    /// <summary>Figures that one may be taken for.</summary>
    public static FrozenDictionary<string, IReadOnlyList<string>> ConfusedWith { get; } = Entries.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.ConfusedWith, StringComparer.Ordinal);

    private static Dictionary<string, Entry> Read()
    {
        using var file = typeof(Definitions).Assembly.GetManifestResourceStream("HlsGateway.Analytics.definitions.json")
            ?? throw new InvalidOperationException("The definitions are not built in.");
        return JsonSerializer.Deserialize<Dictionary<string, Entry>>(file, Names) ?? [];
    }

    private sealed record Entry(string Definition, string Formula, IReadOnlyList<string> ConfusedWith);
}
