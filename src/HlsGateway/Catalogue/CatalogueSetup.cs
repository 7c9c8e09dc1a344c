namespace HlsGateway.Catalogue;

/// <summary>Registers and maps the feature.</summary>
public static class CatalogueSetup
{
    public static void AddCatalogue(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PublishedVideos>();
        builder.Services.AddSingleton<CatalogueStore>();
        builder.Services.AddSingleton<VideoViews>();
        builder.Services.AddHostedService<CatalogueWatch>();
    }

    public static void MapCatalogue(this IEndpointRouteBuilder app) => app.MapVideoEndpoints();
}
