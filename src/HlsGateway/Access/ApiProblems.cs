using System.Globalization;
using System.Text.Json.Nodes;
using HlsGateway.Telemetry;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>Problems in the description of the API: one schema, an example of each type, and an answer for each status of a call.</summary>
internal static class ApiProblems
{
    private const string Schema = "Problem";
    private const string MediaType = "application/problem+json";

    /// <param name="used">Slugs that a call names.</param>
    public static void AddTo(OpenApiComponents components, IReadOnlySet<string> used)
    {
        components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        components.Schemas[Schema] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "A problem as RFC 9457 describes it. Some types add members of their own.",
            Required = new HashSet<string>(["type", "title", "status", "detail", "trace_id"], StringComparer.Ordinal),
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["type"] = Text("The URL of the page that explains this type of problem.", "uri-reference"),
                ["title"] = Text("The same for every occurrence of the type."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The status of the answer." },
                ["detail"] = Text("What is wrong with this request, and what to do."),
                ["trace_id"] = Text("Names this request. A failure on the gateway's side is in its log with this id."),
            },
        };
        components.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var problem in Problem.All.Where(problem => used.Contains(problem.Slug)))
        {
            components.Examples[problem.Slug] = new OpenApiExample
            {
                Summary = problem.Title,
                Value = new JsonObject
                {
                    ["type"] = "https://video.example/problems/" + problem.Slug,
                    ["title"] = problem.Title,
                    ["status"] = problem.Statuses[0],
                    ["detail"] = problem.Remedy,
                    ["trace_id"] = "0HNQ5B3K9T2VJ:00000004",
                },
            };
        }
    }

    /// <summary>One answer for each status, with its types as examples.</summary>
    public static void AddTo(OpenApiOperation operation, IEnumerable<(int Status, Problem Problem)> problems, OpenApiDocument document)
    {
        operation.Responses ??= [];
        foreach (var status in problems.Distinct().GroupBy(each => each.Status).OrderBy(group => group.Key))
        {
            var types = status.Select(each => each.Problem).OrderBy(problem => problem.Slug, StringComparer.Ordinal).ToList();
            var key = status.Key.ToString(CultureInfo.InvariantCulture);
            var told = operation.Responses.TryGetValue(key, out var given) && given is OpenApiResponse already ? already : new OpenApiResponse();
            told.Description = string.Join("; ", types.Select(problem => $"{problem.Title} (`{problem.Slug}`)")) + ".";
            told.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            told.Content[MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference(Schema, document),
                Examples = types.ToDictionary(problem => problem.Slug, IOpenApiExample (problem) => new OpenApiExampleReference(problem.Slug, document), StringComparer.Ordinal),
            };
            operation.Responses[key] = told;
        }
    }

    private static OpenApiSchema Text(string description, string? format = null) => new() { Type = JsonSchemaType.String, Description = description, Format = format };
}
