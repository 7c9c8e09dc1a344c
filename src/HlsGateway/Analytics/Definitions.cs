using System.Collections.Frozen;
using System.Text.Json;

namespace HlsGateway.Analytics;

/// <summary>What each figure means, in one sentence; the one source for the API's explanations and docs/metrics.md.</summary>
internal static class Definitions
{
    public static FrozenDictionary<string, string> All { get; } = Read();

    private static FrozenDictionary<string, string> Read()
    {
        using var file = typeof(Definitions).Assembly.GetManifestResourceStream("HlsGateway.Analytics.definitions.json")
            ?? throw new InvalidOperationException("The definitions are not built in.");
        return (JsonSerializer.Deserialize<Dictionary<string, string>>(file) ?? []).ToFrozenDictionary(StringComparer.Ordinal);
    }
}
