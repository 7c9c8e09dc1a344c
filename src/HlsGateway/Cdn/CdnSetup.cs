using HlsGateway.Telemetry;

namespace HlsGateway.Cdn;

/// <summary>The CDNs that viewers are sent to, and how they are.</summary>
internal static class CdnSetup
{
    public static void AddCdn(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<CdnOptions>(CdnOptions.Section);
        builder.Services.AddStartCheck<CdnCheck>();
        builder.Services.AddSingleton(static services => new CdnHealth(services.GetRequiredService<Microsoft.Extensions.Options.IOptions<CdnOptions>>().Value.Probe));
        if (!GatewayOptions.Of(builder.Configuration).Has("gateway") || builder.Configuration[$"{CdnOptions.Section}:Probe:Path"] is not { Length: > 0 })
            return;
        builder.Services.AddHostedService<CdnProbe>();
        builder.Services.AddHealthChecks().AddCheck<CdnHealthCheck>("cdn");
    }
}
