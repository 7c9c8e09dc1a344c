using HlsGateway.Database;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace HlsGateway.Tokens;

/// <summary>Tokens that are made and revoked while gateways run.</summary>
internal static class TokensSetup
{
    public static void AddTokens(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TokenStore>().AddSingleton<TokenRefresh>().AddSingleton<LoginLink>();
        builder.Services.AddDataProtection().SetApplicationName("HlsGateway");
        builder.Services.AddOptions<KeyManagementOptions>().Configure<CatalogueDatabase, TimeProvider>(static (keys, database, time) => keys.XmlRepository = new ProtectionKeys(database, time));
        // Its notes tell that the keys are not encrypted: they stand where all else does that must not be read, the tokens' digests among it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // The framework would read the keys in the way of the start, and wait there for a database that does not answer.
        foreach (var reader in builder.Services.Where(static service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
            builder.Services.Remove(reader);
        builder.Services.AddHostedService(static services => services.GetRequiredService<TokenRefresh>());
    }

    public static void MapTokens(this IEndpointRouteBuilder app)
    {
        TokenEndpoints.Map(app);
        SignInEndpoints.Map(app);
    }
}
