using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>Gives each JSON body an example of its schema, of the values in api-words.json: so an example never differs from the type it is of.</summary>
internal static class ApiExamples
{
    private const int Deepest = 8;

    public static void AddTo(OpenApiDocument document)
    {
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>()))
        {
            foreach (var content in new[] { operation.RequestBody?.Content }.Concat((operation.Responses ?? []).Values.Select(response => response.Content)).OfType<IDictionary<string, OpenApiMediaType>>())
            {
                foreach (var media in content.Values.Where(media => media is { Example: null, Examples: null, Schema: not null and not { Format: "binary" } }))
                    media.Example = Of(media.Schema!, null, "", 0);
            }
        }
    }

    /// <param name="owner">Name of the schema that has the property.</param>
    private static JsonNode? Of(IOpenApiSchema schema, string? owner, string property, int depth)
    {
        if (property.Length > 0 && ApiWords.All.TryValue(owner, property, out var value) && Fits(value, schema))
            return value?.DeepClone();
        if (schema.OneOf is { Count: > 0 } choices)
            return Of(choices.First(choice => choice.Type is not JsonSchemaType.Null), owner, property, depth);
        if (schema.Enum is { Count: > 0 } named)
            return named[0]?.DeepClone();
        var name = schema is OpenApiSchemaReference { Reference.Id: { } id } ? id : owner;
        if (schema.Properties is { Count: > 0 } properties)
        {
            var made = new JsonObject();
            if (depth < Deepest)
            {
                foreach (var (key, each) in properties) made[key] = Of(each, name, key, depth + 1);
            }
            return made;
        }

        if (schema.Items is { } items)
            return new JsonArray(Of(items, name, property, depth + 1) is { } item ? [item] : []);
        if (schema.Type?.HasFlag(JsonSchemaType.Object) is true)
            return new JsonObject();
        if (schema.Type?.HasFlag(JsonSchemaType.Boolean) is true)
            return false;
        if (schema.Format == "uuid")
            return "0198b0f2-8c00-7000-8000-000000000001";
        if (schema.Format == "date-time")
            return "2026-11-30T12:34:56.789Z";
        return schema.Type?.HasFlag(JsonSchemaType.Integer) is true || schema.Type?.HasFlag(JsonSchemaType.Number) is true ? 1 : "";
    }

    /// <summary>A name may stand for a number in one schema and for a list in another.</summary>
    private static bool Fits(JsonNode? value, IOpenApiSchema schema) => value?.GetValueKind() switch
    {
        null => ApiSchemas.MayBeNull(schema),
        JsonValueKind.String => Has(schema, JsonSchemaType.String),
        JsonValueKind.Number => Has(schema, JsonSchemaType.Number) || Has(schema, JsonSchemaType.Integer),
        JsonValueKind.Array => Has(schema, JsonSchemaType.Array),
        JsonValueKind.Object => Has(schema, JsonSchemaType.Object),
        _ => Has(schema, JsonSchemaType.Boolean),
    };

    private static bool Has(IOpenApiSchema schema, JsonSchemaType type) =>
        schema.Type?.HasFlag(type) is true || schema.OneOf?.Any(choice => Has(choice, type)) is true;
}
