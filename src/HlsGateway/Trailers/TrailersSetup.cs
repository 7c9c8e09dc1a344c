namespace HlsGateway.Trailers;

/// <summary>Registers and maps the feature.</summary>
public static class TrailersSetup
{
    public static void AddTrailers(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TrailerLibrary>().AddSingleton<TrailerPlan>();
    }

    public static void MapTrailers(this IEndpointRouteBuilder app)
    {
    }
}
