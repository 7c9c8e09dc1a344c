namespace HlsGateway.Counting;

/// <summary>Registers the outbox as the process's one writer of the ledger.</summary>
internal static class CountingSetup
{
    public static void AddCounting(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddAnnotatedOptions<LedgerOptions>(LedgerOptions.Section);
        services.AddSingleton<Outbox>();
        // A process without the gateway role redirects nobody and counts nothing: it must not take the ledger's lock from a gateway on the same machine.
        if (!GatewayOptions.Of(builder.Configuration).Has("gateway"))
            return;
        services.AddStartCheck<LedgerCheck>();
        services.AddHostedService(static services => services.GetRequiredService<Outbox>());
        services.AddHealthChecks().AddCheck<LedgerHealth>("ledger");
    }
}
