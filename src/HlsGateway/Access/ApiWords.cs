using System.Text.Json;
using System.Text.Json.Nodes;

namespace HlsGateway.Access;

/// <summary>A parameter or header in words, with a value as it may be sent.</summary>
internal sealed record ApiWord(string Description, JsonNode Example);

/// <summary>
/// What api-words.json says: of tags, of parameters and headers by name (one that stands behind its <c>operationId</c> and a dot wins), and the values
/// that examples are made of, by the name of the property (one that stands behind its schema and a dot wins).
/// </summary>
internal sealed record ApiWords(
    IReadOnlyDictionary<string, string> Tags, IReadOnlyDictionary<string, ApiWord> Parameters, IReadOnlyDictionary<string, ApiWord> Headers, IReadOnlyDictionary<string, JsonNode?> Values)
{
    private static readonly Lazy<ApiWords> Read = new(static () =>
    {
        using var file = typeof(ApiWords).Assembly.GetManifestResourceStream("HlsGateway.api-words.json") ?? throw new InvalidOperationException("api-words.json is not built in.");
        return JsonSerializer.Deserialize<ApiWords>(file, JsonSerializerOptions.Web) ?? throw new InvalidOperationException("api-words.json is empty.");
    });

    public static ApiWords All => Read.Value;

    public ApiWord? Parameter(string? operation, string name) =>
        Parameters.GetValueOrDefault($"{operation}.{name}") ?? Parameters.GetValueOrDefault(name);

    public bool TryValue(string? schema, string property, out JsonNode? value) =>
        Values.TryGetValue($"{schema}.{property}", out value) || Values.TryGetValue(property, out value);
}
