using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>Says of types what the framework leaves open and generators of clients need.</summary>
internal static class ApiSchemas
{
    public static Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        // An enumeration has its values only; without a type a generator makes it anything.
        if (schema.Enum is { Count: > 0 } values && schema.Type is null)
        {
            schema.Type = JsonSchemaType.String;
            // Null stands where the enumeration is used, not in it.
            schema.Enum = [.. values.Where(value => value is not null)];
        }

        return Task.CompletedTask;
    }

    public static void Tidy(OpenApiDocument document)
    {
        var schemas = document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>()))
        {
            // What may be null in a body may be left out of it.
            foreach (var body in (operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)).Values)
            {
                if (body.Schema is OpenApiSchemaReference { Reference.Id: { } id } && schemas.TryGetValue(id, out var named) && named is OpenApiSchema { Required: { } required, Properties: { } properties } schema)
                    schema.Required = new HashSet<string>(required.Where(name => !MayBeNull(properties[name])), StringComparer.Ordinal);
            }
        }

        // Types of framework wrappers that nothing names any more: what is streamed has a text of its own.
        foreach (var unused in schemas.Keys.Where(name => name == "Stream" || name.StartsWith("SseItemOf", StringComparison.Ordinal)).ToList())
            schemas.Remove(unused);
    }

    public static bool MayBeNull(IOpenApiSchema schema) =>
        schema.Type?.HasFlag(JsonSchemaType.Null) is true || schema.OneOf?.Any(MayBeNull) is true;
}
