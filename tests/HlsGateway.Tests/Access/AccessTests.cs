using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Access;

/// <summary>Who may call what, read from the endpoints themselves: an endpoint that states nothing fails here.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private GatewayHost host = null!;

    public async Task InitializeAsync() => host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void Every_endpoint_states_its_role_or_that_it_is_open() => Assert.All(Endpoints(), endpoint =>
        Assert.True(endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null || Allowed(endpoint).Contains(Roles.Admin),
            $"{endpoint.DisplayName} states no role: add RequireAuthorization(Roles.…) or AllowAnonymous()."));

    [Fact]
    public void Nothing_below_api_is_open_but_the_sign_in_and_shared_links_which_take_a_secret_themselves() => Assert.DoesNotContain(Endpoints(), endpoint =>
        !TakesSecret(endpoint) && Path(endpoint).StartsWith("/api/", StringComparison.Ordinal) && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null);

    [Fact]
    public async Task Each_call_of_the_api_refuses_no_token_a_wrong_one_one_in_the_query_and_a_lesser_role()
    {
        foreach (var (endpoint, method, url) in ApiCalls().Where(call => !TakesSecret(call.Endpoint)))
        {
            var allowed = Allowed(endpoint);
            await ExpectAsync(HttpStatusCode.Unauthorized, method, url, null);
            await ExpectAsync(HttpStatusCode.Unauthorized, method, $"{url}?access_token={GatewayHost.TokenOf("admin")}&token={GatewayHost.TokenOf("admin")}", null);
            foreach (var role in new[] { Roles.Analyst, Roles.Editor, Roles.Uploader }.Except(allowed))
                await ExpectAsync(HttpStatusCode.Forbidden, method, url, GatewayHost.TokenOf(role));
        }
    }

    [Fact]
    public async Task Each_call_of_the_api_lets_its_role_and_admin_pass()
    {
        foreach (var (endpoint, method, url) in ApiCalls())
        {
            foreach (var role in Allowed(endpoint))
            {
                using var response = await SendAsync(method, url, GatewayHost.TokenOf(role));
                Assert.False(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{role} {method} {url}: {response.StatusCode}");
                Assert.True((int)response.StatusCode < 500, $"{role} {method} {url}: {response.StatusCode}");
            }
        }
    }

    [Theory]
    [InlineData("Bearer", "unauthenticated", "Authorization: Bearer")]
    [InlineData("Bearer wrong-token", "wrong-token", "Compare it")]
    [InlineData("Basic YWRtaW46YWRtaW4=", "unauthenticated", "Authorization: Bearer")]
    [InlineData("bearer  ", "unauthenticated", "Authorization: Bearer")]
    [InlineData("admin-token-for-tests", "unauthenticated", "Authorization: Bearer")]
    [InlineData("Bearer ADMIN-TOKEN-FOR-TESTS", "wrong-token", "Compare it")]
    public async Task A_header_that_carries_no_token_of_ours_is_a_401_that_tells_what_to_send(string authorization, string slug, string advice)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiCalls().First(call => call.Method == HttpMethod.Get).Url);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal($"{host.Address}problems/{slug}", problem.GetProperty("type").GetString());
        Assert.Equal(401, problem.GetProperty("status").GetInt32());
        Assert.Contains(advice, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_tokens_are_rationed_and_a_right_one_behind_the_same_address_always_passes()
    {
        var url = new Uri(ApiCalls().First(call => call.Method == HttpMethod.Get).Url, UriKind.Relative);
        using var guesser = host.NewClient("a-guess-that-is-wrong");
        using var admin = host.Api();
        // Five wrong ones a second are let through again: bursts, until they are too many for that.
        var refused = await Eventually.GetAsync(async () =>
        {
            var mixed = await Task.WhenAll(Enumerable.Range(0, 440).Select(i => (i % 11 == 0 ? admin : guesser).GetAsync(url)));
            Assert.All(mixed.Where((_, i) => i % 11 == 0), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
            return mixed.FirstOrDefault(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        }, "wrong tokens are refused for their number");
        Assert.NotNull(refused.Headers.RetryAfter);
        // The right one behind the very address that has none left.
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync(url)).StatusCode);
    }

    [Fact]
    public async Task What_is_not_there_is_a_404_and_tells_where_the_api_is_described()
    {
        using var response = await host.Client.GetAsync(new Uri("/api/no-such-call", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("/openapi/v1.json", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_describes_itself_with_roles_and_without_its_address()
    {
        var text = await host.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("token-for-tests", text, StringComparison.Ordinal);
        var document = JsonDocument.Parse(text).RootElement;
        var described = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject())
            .Count(operation => operation.Value.TryGetProperty("security", out var security) && security.GetArrayLength() == 2);
        Assert.True(described > 0, "no call of the API says that it takes a bearer token or the cookie");
    }

    [Fact]
    public async Task Answers_of_the_api_carry_the_headers_that_keep_browsers_safe_and_no_cors()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/no-such-call");
        request.Headers.Add("Origin", "https://evil.example");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.Contains("frame-ancestors 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(response.Headers.Contains("Server"));
    }

    /// <summary>The roles that the endpoint's policies name, and admin; none when it states no policy. What a policy does is what is tested here.</summary>
    private static IReadOnlyList<string> Allowed(RouteEndpoint endpoint)
    {
        // "analyst", "any", "analyst or editor".
        var named = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).OfType<string>().ToArray();
        string[] roles = [Roles.Analyst, Roles.Editor, Roles.Uploader, Roles.Admin];
        return named.Length == 0 ? [] : [.. roles.Where(role => Array.TrueForAll(named, name => role == Roles.Admin || name == Roles.Any || name.Split(" or ").Contains(role)))];
    }

    private IEnumerable<RouteEndpoint> Endpoints() =>
        host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText?.TrimStart('/');

    private IEnumerable<(RouteEndpoint Endpoint, HttpMethod Method, string Url)> ApiCalls() =>
        from endpoint in Endpoints()
        where Path(endpoint).StartsWith("/api/", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (endpoint, new HttpMethod(method), Filled(endpoint));

    private static bool TakesSecret(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName == "signIn"
        || Path(endpoint) == "/api/shared/{secret}";

    // Every parameter becomes a name that nothing in an empty gateway has.
    private static string Filled(RouteEndpoint endpoint) => "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment =>
        string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            _ => "nothing-of-this-name",
        }))));

    private async Task ExpectAsync(HttpStatusCode expected, HttpMethod method, string url, string? token)
    {
        using var response = await SendAsync(method, url, token);
        Assert.True(expected == response.StatusCode, $"{method} {url}: {response.StatusCode} instead of {expected}");
        if (method != HttpMethod.Head) Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string url, string? token)
    {
        using var request = new HttpRequestMessage(method, url);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // Headers only: the live tail never ends.
        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
