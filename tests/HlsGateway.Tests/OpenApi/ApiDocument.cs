using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.OpenApi;

/// <summary>The description that a running host serves, and the calls in it.</summary>
internal sealed class ApiDocument(string text)
{
    public string Text { get; } = text;

    public JsonElement Root { get; } = JsonDocument.Parse(text).RootElement;

    public IEnumerable<ApiCall> Calls =>
        from path in Root.GetProperty("paths").EnumerateObject() from operation in path.Value.EnumerateObject() select new ApiCall(path.Name, operation.Name, operation.Value);

    public IEnumerable<(string Schema, string Name, JsonElement Value)> Properties =>
        from schema in Root.GetProperty("components").GetProperty("schemas").EnumerateObject()
        where schema.Value.TryGetProperty("properties", out _)
        from property in schema.Value.GetProperty("properties").EnumerateObject()
        select (schema.Name, property.Name, property.Value);

    public static async Task<ApiDocument> OfAsync(GatewayHost host) => new(await host.Client.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative)));
}

internal sealed record ApiCall(string Path, string Method, JsonElement Value)
{
    public string Text(string name) => Value.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    public IEnumerable<JsonElement> Parameters => Value.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : [];

    public IEnumerable<(int Status, JsonElement Value)> Responses => Value.GetProperty("responses").EnumerateObject().Select(response => (int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture), response.Value));

    /// <summary>Types of problems that it says it answers with this status.</summary>
    public IReadOnlyList<string> Problems(int status) =>
        [.. Responses.Where(response => response.Status == status).SelectMany(response => Media(response.Value)).Where(media => media.Name == "application/problem+json").SelectMany(media => media.Value.GetProperty("examples").EnumerateObject()).Select(example => example.Name)];

    public static IEnumerable<JsonProperty> Media(JsonElement body) => body.TryGetProperty("content", out var content) ? content.EnumerateObject() : [];

    public override string ToString() => $"{Method} {Path}";
}
