namespace HlsGateway.Storage;

/// <summary>Registers and maps the feature.</summary>
public static class StorageSetup
{
    public static void AddBlobStorage(this WebApplicationBuilder builder)
    {
    }

    public static void MapBlobStorage(this IEndpointRouteBuilder app)
    {
    }
}
