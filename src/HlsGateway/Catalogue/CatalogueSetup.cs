namespace HlsGateway.Catalogue;

/// <summary>Registers and maps the feature.</summary>
public static class CatalogueSetup
{
    public static void AddCatalogue(this WebApplicationBuilder builder)
    {
    }

    public static void MapCatalogue(this IEndpointRouteBuilder app)
    {
    }
}
