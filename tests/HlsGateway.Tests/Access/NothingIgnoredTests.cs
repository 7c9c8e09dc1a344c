using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Access;

/// <summary>What a client writes and a call does not take is an answer that says so, on every call.</summary>
public sealed class NothingIgnoredTests : IAsyncLifetime
{
    private GatewayHost host = null!;
    private HttpClient api = null!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        api = host.Api();
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Every_call_of_the_api_refuses_a_parameter_that_it_does_not_take()
    {
        var calls = Endpoints().SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => (endpoint, method)) ?? []).ToList();
        Assert.True(calls.Count > 20, "the API has calls");
        foreach (var (endpoint, method) in calls)
        {
            var problem = await ProblemAsync(new HttpMethod(method), Filled(endpoint) + "?no_such_parameter=1",
                endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes.Contains("application/json") == true ? "{}" : null);
            if (method == "HEAD") continue;
            Assert.EndsWith("/problems/unknown-parameter", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
            Assert.Contains("'no_such_parameter'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            foreach (var name in QueryParameters.TakenBy(endpoint).Keys)
                Assert.Contains(name, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_call_takes_is_read_from_its_handler()
    {
        Assert.Equal(["default", "draft", "machine", "name", "sdh"], Taken("PUT", "/api/videos/{video}/subtitles/{language}").Where(name => name != "strict"));
        Assert.Equal(["video"], Taken("GET", "/api/live"));
        Assert.Empty(Taken("GET", "/api/limits"));
    }

    [Theory]
    [InlineData("/api/sessions?vdeo=a", "did you mean 'video'?")]
    [InlineData("/api/videos/a/analytics?buckets=hour", "did you mean 'bucket'?")]
    [InlineData("/api/analytics/videos?limt=5&ordr=views", "did you mean 'order'?")]
    [InlineData("/api/limits?verbose=true", "takes no query parameters")]
    [InlineData("/openapi/v1.json?pretty=1", "There is no 'pretty'")]
    public async Task A_misspelt_parameter_is_told_with_the_one_that_was_meant(string url, string told)
    {
        var problem = await ProblemAsync(HttpMethod.Get, url);
        Assert.EndsWith("/problems/unknown-parameter", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains(told, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/sessions?limit=1&limit=2", "repeated-parameter", "'limit' is given 2 times")]
    [InlineData("/api/sessions?video=a&VIDEO=b", "repeated-parameter", "is given 2 times")]
    [InlineData("/api/sessions?video=", "empty-parameter", "'video' has no value")]
    [InlineData("/api/videos/a/subtitles/de?draft", "empty-parameter", "'draft' has no value")]
    public async Task A_parameter_that_is_given_twice_or_has_no_value_is_told(string url, string slug, string told)
    {
        var problem = await ProblemAsync(HttpMethod.Get, url);
        Assert.EndsWith($"/problems/{slug}", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains(told, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/preview", """{"video":"a","trailer":"t","postion":"pre"}""", "unknown-key", "There is no 'postion'; did you mean 'position'? The body takes interstitial, position, trailer, video.")]
    [InlineData("/api/preview", """{"video":"a","trailer":"t","a.b['c":1}""", "unknown-key", "There is no 'a.b['c'.")]
    [InlineData("/api/preview", """{"video":"a","trailer":"t","trailer":"u"}""", "repeated-key", "'trailer' is given twice")]
    [InlineData("/api/preview", """{"video":"a","trailer":7}""", "bad-request", "at $.trailer")]
    [InlineData("/api/preview", """{"video":""", "bad-request", "not the JSON that this call takes")]
    public async Task A_key_of_a_body_that_is_not_known_or_given_twice_is_told(string url, string body, string slug, string told)
    {
        var problem = await ProblemAsync(HttpMethod.Post, url, body);
        Assert.EndsWith($"/problems/{slug}", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains(told, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_without_an_offset_in_a_body_is_refused_with_the_two_ways_to_say_it()
    {
        var problem = await ProblemAsync(HttpMethod.Put, "/api/trailers/active", """{"trailer":"t","from":"2026-11-30T12:00:00"}""");
        Assert.EndsWith("/problems/bad-time", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains("2026-11-30T12:00:00Z", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("2026-11-30T13:00:00+01:00", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_a_wrong_parameter_is_no_answer_about_the_call()
    {
        using var answer = await host.Client.GetAsync(new Uri("/api/sessions?vdeo=a", UriKind.Relative));
        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("/watch/a/playlist.m3u8?utm_source=x&utm_source=y")]
    [InlineData("/media/videos/a/r/x.ts?cache=1")]
    [InlineData("/healthz/live?probe=1")]
    public async Task Players_and_health_checks_may_add_what_they_like(string url)
    {
        using var answer = await host.Client.GetAsync(new Uri(url, UriKind.Relative));
        Assert.NotEqual(400, (int)answer.StatusCode);
    }

    private IEnumerable<string> Taken(string method, string path) => QueryParameters.TakenBy(Endpoints().Single(endpoint =>
        Path(endpoint) == path && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(method) == true)).Keys.Order(StringComparer.Ordinal);

    private IEnumerable<RouteEndpoint> Endpoints() =>
        host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => Path(endpoint).StartsWith("/api/", StringComparison.Ordinal));

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText?.Trim('/');

    private static string Filled(RouteEndpoint endpoint)
    {
        var path = Path(endpoint);
        foreach (var parameter in endpoint.RoutePattern.Parameters)
            path = System.Text.RegularExpressions.Regex.Replace(path, $"\\{{\\**{parameter.Name}[^}}]*\\}}", "x", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5));
        return path;
    }

    private async Task<JsonElement> ProblemAsync(HttpMethod method, string url, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(url, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await api.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 400, $"{method} {url}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }
}
