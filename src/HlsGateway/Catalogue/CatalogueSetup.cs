namespace HlsGateway.Catalogue;

/// <summary>Registers the catalogue of videos and maps its API.</summary>
internal static class CatalogueSetup
{
    public static void AddCatalogue(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PublishedVideos>();
        builder.Services.AddSingleton<CatalogueStore>();
        builder.Services.AddSingleton<VideoViews>();
        builder.Services.AddSingleton<DeletedVideos>();
        builder.Services.AddHostedService<CatalogueRefresh>();
    }

    public static void MapCatalogue(this IEndpointRouteBuilder app) => app.MapVideoEndpoints();
}
