using Microsoft.Extensions.Options;

namespace HlsGateway.Storage;

/// <summary>Registers and maps the feature.</summary>
public static class StorageSetup
{
    private static readonly string[] Methods = ["GET", "HEAD", "OPTIONS"];

    public static void AddBlobStorage(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        builder.Services.AddSingleton<BlobStore>(services => services.GetRequiredService<IOptions<StorageOptions>>().Value.Kind == StorageKind.S3
            ? ActivatorUtilities.CreateInstance<S3Store>(services)
            : ActivatorUtilities.CreateInstance<DiskStore>(services));
    }

    public static void MapBlobStorage(this IEndpointRouteBuilder app) =>
        app.MapMethods("/media/{**key}", Methods, MediaEndpoint.Get).AllowAnonymous().ExcludeFromDescription();
}
