namespace HlsGateway.Tokens;

/// <summary>Tokens that are made and revoked while gateways run.</summary>
internal static class TokensSetup
{
    public static void AddTokens(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TokenStore>().AddSingleton<TokenRefresh>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<TokenRefresh>());
    }

    public static void MapTokens(this IEndpointRouteBuilder app) => TokenEndpoints.Map(app);
}
