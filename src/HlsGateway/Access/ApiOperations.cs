using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>Describes one call by its metadata: role, parameters, headers, bodies, and every problem that it may answer.</summary>
internal static class ApiOperations
{
    public static Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (context.Document is not { } document)
            return Task.CompletedTask;
        var problems = metadata.OfType<ProblemAnswers>()
            .SelectMany(answers => answers.Problems.Select(problem => (answers.Status ?? problem.Statuses[0], problem))).ToList();
        problems.AddRange([(400, Problem.BadRequest), (500, Problem.Internal), (503, Problem.DatabaseAway)]);
        if (metadata.OfType<IAllowAnonymous>().Any())
            (operation.Security, operation.Description) = ([], operation.Description ?? operation.Summary);
        else
            AddRole(operation, metadata, problems, document, context.Description.HttpMethod ?? "GET");
        AddParameters(operation, metadata);
        // Health checks and pages take whatever a load balancer or a link adds.
        if (context.Description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) is true)
            problems.Add((400, Problem.UnknownParameter));
        if (operation.Parameters?.Any(parameter => parameter.In == ParameterLocation.Query) is true)
            problems.AddRange([(400, Problem.RepeatedParameter), (400, Problem.EmptyParameter), (400, Problem.BadParameter)]);
        AddBody(operation, metadata, problems);
        AddAnswers(operation, metadata);
        ApiProblems.AddTo(operation, problems, document);
        return Task.CompletedTask;
    }

    private static void AddRole(OpenApiOperation operation, IList<object> metadata, List<(int Status, Problem Problem)> problems, OpenApiDocument document, string method)
    {
        var roles = metadata.OfType<IAuthorizeData>().Select(data => data.Policy ?? Roles.Admin).DefaultIfEmpty(Roles.Admin).Distinct(StringComparer.Ordinal).ToList();
        operation.Description = $"{operation.Description ?? operation.Summary}\n\nRole: {string.Join(", ", roles)}.";
        operation.Security = [Needs(BearerHandler.Name), Needs(ApiScheme.CookieSchemeName)];
        OpenApiSecurityRequirement Needs(string scheme) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
        problems.Add((403, Problem.CrossSite));
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method))
            problems.Add((403, Problem.MissingCsrf));
        problems.AddRange([(401, Problem.Unauthenticated), (401, Problem.WrongToken), (401, Problem.ExpiredToken), (401, Problem.RevokedToken), (429, Problem.TooManyWrongTokens), (503, Problem.TokensUnread)]);
        if (!roles.TrueForAll(role => role == Roles.Any))
            problems.Add((403, Problem.Forbidden));
    }

    private static void AddParameters(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var taken in metadata.OfType<HeadersTaken>())
        {
            operation.Parameters ??= [];
            foreach (var name in taken.Names)
            {
                var word = ApiWords.All.Headers.GetValueOrDefault(name);
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Header,
                    Required = taken.Required,
                    Description = word?.Description,
                    Example = word?.Example.DeepClone(),
                    Schema = SchemaOf(word),
                });
            }
        }

        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(parameter => parameter.In != ParameterLocation.Header))
        {
            var word = ApiWords.All.Parameter(operation.OperationId, parameter.Name ?? "");
            parameter.Description ??= word?.Description;
            parameter.Example ??= Typed(word, parameter.Schema);
        }
    }

    private static void AddBody(OpenApiOperation operation, IList<object> metadata, List<(int Status, Problem Problem)> problems)
    {
        var raw = metadata.OfType<RawBody>().ToList();
        if (raw.Count > 0)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = string.Join(" ", raw.Select(body => body.Description).Distinct(StringComparer.Ordinal)),
                Content = raw.SelectMany(body => body.MediaTypes, (body, type) => (body, type)).ToDictionary(each => each.type, each => MediaOf(each.body.Example), StringComparer.Ordinal),
            };
        }
        else if (operation.RequestBody is OpenApiRequestBody json)
        {
            json.Description ??= "A JSON object.";
            problems.AddRange([(400, Problem.UnknownKey), (400, Problem.RepeatedKey), (400, Problem.BadTime), (413, Problem.TooLarge), (415, Problem.MediaType)]);
        }
    }

    private static void AddAnswers(OpenApiOperation operation, IList<object> metadata)
    {
        operation.Responses ??= [];
        foreach (var raw in metadata.OfType<RawAnswer>().GroupBy(answer => answer.Status))
        {
            var key = raw.Key.ToString(CultureInfo.InvariantCulture);
            // Beside the JSON that a handler declares; in place of what the framework makes of a stream.
            var content = operation.Responses.TryGetValue(key, out var given) && given.Content is { } declared && declared.ContainsKey("application/json") ? declared : new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            foreach (var answer in raw) content[answer.MediaType] = MediaOf(answer.Example);
            operation.Responses[key] = new OpenApiResponse { Description = string.Join(" ", raw.Select(answer => answer.Description).Distinct(StringComparer.Ordinal)), Content = content };
        }

        var headers = metadata.OfType<HeadersGiven>().SelectMany(given => given.Names).Distinct(StringComparer.Ordinal).ToList();
        foreach (var (status, response) in operation.Responses)
        {
            if (response is not OpenApiResponse given || status[0] != '2')
                continue;
            foreach (var name in headers)
            {
                var word = ApiWords.All.Headers.GetValueOrDefault(name);
                given.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
                given.Headers[name] = new OpenApiHeader { Description = word?.Description, Example = word?.Example.DeepClone(), Schema = SchemaOf(word) };
            }
        }
    }

    /// <summary>A word serves calls that read a number as a number and such that read it as text.</summary>
    private static JsonNode? Typed(ApiWord? word, IOpenApiSchema? schema) =>
        word?.Example is JsonValue text && schema?.Type?.HasFlag(JsonSchemaType.Integer) is true && text.TryGetValue(out string? digits) && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : word?.Example.DeepClone();

    private static OpenApiSchema SchemaOf(ApiWord? header) =>
        new() { Type = header?.Example.GetValueKind() == JsonValueKind.Number ? JsonSchemaType.Integer : JsonSchemaType.String };

    /// <summary>In OpenAPI 3.1 bytes have no schema: the media type says what they are.</summary>
    private static OpenApiMediaType MediaOf(string? text) => text is null
        ? new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } }
        : new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = text };
}
