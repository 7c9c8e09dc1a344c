using HlsGateway.Cdn;
using Microsoft.Extensions.Options;

namespace HlsGateway.Storage;

/// <summary>Registers the store that the options choose, and maps <c>/media/</c>.</summary>
internal static class StorageSetup
{
    private static readonly string[] Methods = ["GET", "HEAD", "OPTIONS"];

    public static void AddBlobStorage(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<StorageOptions>(StorageOptions.Section);
        builder.Services.AddStartCheck<StoreCheck>();
        builder.Services.AddSingleton(static services => new CdnAddresses(services.GetRequiredService<IOptions<CdnOptions>>().Value,
            services.GetRequiredService<IOptions<StorageOptions>>().Value.PublicUrl, services.GetRequiredService<CdnHealth>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<BlobStore>(services => services.GetRequiredService<IOptions<StorageOptions>>().Value.Kind == StorageKind.S3
            ? ActivatorUtilities.CreateInstance<S3Store>(services)
            : ActivatorUtilities.CreateInstance<DiskStore>(services));
    }

    public static void MapBlobStorage(this IEndpointRouteBuilder app) =>
        app.MapMethods("/media/{**key}", Methods, MediaEndpoint.Get).AllowAnonymous().ExcludeFromDescription();
}
