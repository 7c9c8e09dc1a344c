namespace HlsGateway.Starting;

/// <summary>Registers what is looked at on every machine; each room registers what it needs itself.</summary>
internal static class StartingSetup
{
    public static void AddStarting(this WebApplicationBuilder builder)
    {
        builder.Services.AddStartCheck<DataDirectoryCheck>();
        builder.Services.AddStartCheck<AddressCheck>();
    }
}
