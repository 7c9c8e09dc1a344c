using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Access;

public sealed class RouteTests
{
    /// <summary>
    /// A route that takes one media type is passed over for a body of another one, and the request goes to whatever else matches its
    /// path: then a forgotten header makes a change into an upload. The other route must refuse the name.
    /// </summary>
    [Fact]
    public async Task A_body_of_the_wrong_type_comes_to_another_call_only_where_that_one_refuses_the_name()
    {
        await using var host = await GatewayHost.StartAsync();
        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        var passedOn =
            from literal in routes
            where literal.Metadata.GetMetadata<IAcceptsMetadata>() is { IsOptional: false }
            from other in routes
            where other != literal && Methods(other).Intersect(Methods(literal)).Any() && TakesAll(other.RoutePattern, literal.RoutePattern)
            select $"{Methods(literal)[0]} {literal.RoutePattern.RawText} to {other.RoutePattern.RawText}";
        // TrailerRemovalTests.A_name_that_the_api_uses_itself_is_no_trailers_and_a_swap_without_its_content_type_is_no_upload
        Assert.Equal(["PUT /api/trailers/active to /api/trailers/{name}"], passedOn);
    }

    private static IReadOnlyList<string> Methods(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    /// <summary>Whether one pattern matches each path that the other one matches.</summary>
    private static bool TakesAll(RoutePattern wide, RoutePattern narrow)
    {
        for (var at = 0; at < wide.PathSegments.Count; at++)
        {
            if (wide.PathSegments[at].Parts is [RoutePatternParameterPart { IsCatchAll: true }])
                return true;
            if (at >= narrow.PathSegments.Count)
                return false;
            if (wide.PathSegments[at].Parts is [RoutePatternLiteralPart text]
                && !(narrow.PathSegments[at].Parts is [RoutePatternLiteralPart same] && same.Content.Equals(text.Content, StringComparison.OrdinalIgnoreCase)))
                return false;
        }

        return wide.PathSegments.Count == narrow.PathSegments.Count;
    }
}
