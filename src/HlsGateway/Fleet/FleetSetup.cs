namespace HlsGateway.Fleet;

/// <summary>Registers what gateways that share a PostgreSQL database look at in each other.</summary>
internal static class FleetSetup
{
    public static void AddFleet(this WebApplicationBuilder builder)
    {
        // A process without players signs nothing; a ledger in a file is no other gateway's.
        if (!GatewayOptions.Of(builder.Configuration).Has("gateway") || builder.Configuration.GetConnectionString("Ledger") is not { Length: > 0 })
            return;
        builder.Services.AddSingleton<KeyAgreement>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<KeyAgreement>());
        builder.Services.AddHealthChecks().AddCheck<KeyAgreement>("session_keys");
    }
}
