using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.OpenApi;

/// <summary>A call that is not fully described fails here, whoever adds it: what is missing is named, and where it is said.</summary>
public sealed class DescriptionTests : IAsyncLifetime
{
    /// <summary>Calls below /api/ that the description leaves out: other ways to say what it has.</summary>
    private static readonly string[] Undescribed = ["OPTIONS /api/uploads/{id}", "POST /api/uploads/{id}"];

    private GatewayHost host = null!;
    private ApiDocument document = null!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        document = await ApiDocument.OfAsync(host);
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void Every_call_of_the_api_is_described()
    {
        var described = document.Calls.Select(call => $"{call.Method.ToUpperInvariant()} {call.Path}").ToHashSet(StringComparer.Ordinal);
        var calls = from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                    let path = "/" + endpoint.RoutePattern.RawText?.Trim('/')
                    where path.StartsWith("/api/", StringComparison.Ordinal)
                    from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                    // A HEAD beside a GET is the same call without the body.
                    where method != "HEAD" || !described.Contains("GET " + path)
                    select $"{method} {path}";
        Assert.Empty(calls.Except(described).Except(Undescribed));
    }

    [Fact]
    public void Every_call_has_a_name_for_clients_a_summary_a_description_and_a_group()
    {
        Assert.All(document.Calls, call =>
        {
            Assert.Matches("^[a-z][a-zA-Z0-9]+$", call.Text("operationId"));
            Assert.True(call.Text("summary").Length > 0, $"{call}: WithSummary");
            Assert.True(call.Text("description").Length > 0, $"{call}: WithDescription");
            Assert.Single(call.Value.GetProperty("tags").EnumerateArray());
        });
        Assert.Empty(document.Calls.GroupBy(call => call.Text("operationId"), StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(document.Root.GetProperty("tags").EnumerateArray(), tag => Assert.True(tag.TryGetProperty("description", out _), $"{tag}: tags in api-words.json"));
    }

    [Fact]
    public void Every_parameter_header_and_body_has_a_description_and_an_example()
    {
        Assert.Empty(document.Calls.SelectMany(call => call.Parameters.Where(parameter => !parameter.TryGetProperty("description", out _) || !parameter.TryGetProperty("example", out _))
            .Select(parameter => $"{call}: {parameter.GetProperty("name")} in api-words.json, or [Description] at the parameter")));
        foreach (var call in document.Calls)
        {
            var bodies = call.Responses.Where(response => response.Status < 400).Select(response => response.Value).ToList();
            Assert.NotEmpty(bodies);
            foreach (var body in bodies)
            {
                Assert.True(body.GetProperty("description").GetString()!.Length > 0, $"{call}");
                if (body.TryGetProperty("headers", out var headers))
                    Assert.All(headers.EnumerateObject(), header => Assert.True(header.Value.TryGetProperty("description", out _) && header.Value.TryGetProperty("example", out _), $"{call}: {header.Name} in api-words.json"));
            }

            if (call.Value.TryGetProperty("requestBody", out var request)) bodies.Add(request);
            else Assert.False(call.Method is "put" or "patch", $"{call}: TakesBytes or TakesText says what its body is");
            foreach (var media in bodies.SelectMany(ApiCall.Media))
            {
                var bytes = media.Value.GetProperty("schema").TryGetProperty("format", out var format) && format.GetString() == "binary";
                Assert.True(bytes || media.Value.TryGetProperty("example", out _), $"{call}: {media.Name} has no example");
            }
        }
    }

    [Fact]
    public void Every_value_in_an_example_is_a_real_one()
    {
        var missing = new List<string>();
        foreach (var (schema, name, value) in document.Properties.Where(property => property.Schema != "Problem"))
        {
            if (value.TryGetProperty("enum", out _) || (value.TryGetProperty("format", out var format) && format.GetString() is "date-time" or "uuid")) continue;
            var kinds = value.TryGetProperty("type", out var type) ? type.ToString() : "";
            if (!kinds.Contains("string", StringComparison.Ordinal) && !kinds.Contains("number", StringComparison.Ordinal) && !kinds.Contains("integer", StringComparison.Ordinal)) continue;
            if (!ApiWords.All.TryValue(schema, name, out var example) || !(example is null ? kinds.Contains("null", StringComparison.Ordinal) : Kind(example.GetValueKind(), kinds)))
                missing.Add($"{schema}.{name}");
        }

        Assert.True(missing.Count == 0, "values in api-words.json: " + string.Join(", ", missing));

        static bool Kind(JsonValueKind kind, string kinds) => kind == JsonValueKind.String ? kinds.Contains("string", StringComparison.Ordinal)
            : kind == JsonValueKind.Number && (kinds.Contains("number", StringComparison.Ordinal) || kinds.Contains("integer", StringComparison.Ordinal));
    }

    [Fact]
    public void A_number_is_a_number_an_enumeration_names_its_type_and_nothing_stands_for_anything()
    {
        Assert.DoesNotContain(document.Properties, property => property.Value.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array
            && type.EnumerateArray().Select(each => each.GetString()).Intersect(["string", "number", "integer"], StringComparer.Ordinal).Count() > 1);
        Assert.All(document.Root.GetProperty("components").GetProperty("schemas").EnumerateObject(), schema => Assert.True(schema.Value.TryGetProperty("type", out _), schema.Name));
    }

    [Fact]
    public void Every_call_lists_its_problems_and_each_is_of_the_catalogue_and_has_that_status()
    {
        Assert.All(document.Calls, call =>
        {
            Assert.Contains("internal", call.Problems(500));
            Assert.Equal(call.Value.TryGetProperty("security", out var security) && security.GetArrayLength() > 0, call.Problems(401).Contains("unauthenticated"));
            Assert.All(call.Responses.Where(response => response.Status >= 400 && ApiCall.Media(response.Value).All(media => media.Name == "application/problem+json")), response =>
            {
                Assert.NotEmpty(call.Problems(response.Status));
                Assert.All(call.Problems(response.Status), slug => Assert.Contains(response.Status, Problem.Find(slug)!.Statuses));
            });
        });
    }

    [Fact]
    public void It_names_its_version_its_place_and_how_to_sign_in()
    {
        Assert.Matches("^[0-9]+\\.[0-9]+", document.Root.GetProperty("info").GetProperty("version").GetString());
        Assert.Equal("/", document.Root.GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.Equal("bearer", document.Root.GetProperty("components").GetProperty("securitySchemes").GetProperty("Bearer").GetProperty("scheme").GetString());
    }
}
