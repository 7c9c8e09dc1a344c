namespace HlsGateway.Studio;

/// <summary>Registers and maps the feature.</summary>
public static class StudioSetup
{
    public static void AddStudio(this WebApplicationBuilder builder)
    {
    }

    public static void MapStudio(this IEndpointRouteBuilder app)
    {
    }
}
