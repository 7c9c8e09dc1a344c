using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.OpenApi;

/// <summary>Asks every call of the API in wrong ways: each error is of a known type, and of one that the description lists for it.</summary>
public sealed class ProblemTypeTests
{
    /// <summary>Text that names nothing, nonsense, and what no parser likes. Not %00: Kestrel refuses it before any of us sees it.</summary>
    private static readonly string[] Names = ["nothing-of-this-name", "a%2F..%2Fb", "%F0%9F%8E%AC", "-1", "999999999999999999999"];

    [Fact]
    public async Task Every_error_of_every_call_is_of_a_type_that_its_description_lists()
    {
        await using var host = await GatewayHost.StartAsync();
        var document = await ApiDocument.OfAsync(host);
        var (wrong, errors) = (new List<string>(), 0);
        foreach (var call in document.Calls)
        {
            foreach (var name in Names)
            {
                var path = string.Join('/', call.Path.Split('/').Select(part => part.StartsWith('{') ? name : part)).TrimStart('/');
                var query = string.Join('&', call.Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => $"{parameter.GetProperty("name").GetString()}={name}"));
                foreach (var (role, body, type) in new (string?, string?, string?)[] { (null, null, null), ("nobody", null, null), ("admin", null, null), ("admin", "{\"no_such_key\": 1", "application/json"), ("admin", "[]", "text/plain"), ("admin", "WEBVTT", "application/offset+octet-stream") })
                {
                    using var request = new HttpRequestMessage(new HttpMethod(call.Method.ToUpperInvariant()), $"{path}?{query}");
                    if (role is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayHost.TokenOf(role));
                    if (body is not null && call.Method is "put" or "post" or "patch")
                    {
                        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
                        if (type is not null) request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
                    }

                    // Headers first: the live tail never ends.
                    using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    if ((int)response.StatusCode < 400 || call.Method == "head") continue;
                    errors++;
                    if (await FaultOfAsync(call, response) is { } fault) wrong.Add($"{call} as {role ?? "nobody"}, {name}: {(int)response.StatusCode} {fault}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Distinct(StringComparer.Ordinal)));
        Assert.InRange(errors, 500, int.MaxValue);
    }

    private static async Task<string?> FaultOfAsync(ApiCall call, HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return response.Content.Headers.ContentType?.MediaType ?? "has no body";
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        var slug = new Uri(problem.GetProperty("type").GetString()!).Segments[^1];
        return Problem.Find(slug) is not { } known ? $"'{slug}' is not in the catalogue"
            : problem.GetProperty("title").GetString() != known.Title ? $"'{slug}' has another title"
            : !problem.TryGetProperty("trace_id", out _) ? $"'{slug}' has no trace_id"
            : !call.Problems((int)response.StatusCode).Contains(slug) ? $"'{slug}' is not in the description: ProducesProblems"
            : null;
    }
}
