namespace HlsGateway.Trailers;

/// <summary>Registers and maps the feature.</summary>
public static class TrailersSetup
{
    public static void AddTrailers(this WebApplicationBuilder builder)
    {
    }

    public static void MapTrailers(this IEndpointRouteBuilder app)
    {
    }
}
