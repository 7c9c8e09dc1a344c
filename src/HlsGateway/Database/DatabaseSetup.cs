namespace HlsGateway.Database;

/// <summary>Registers and maps the feature.</summary>
public static class DatabaseSetup
{
    public static void AddDatabase(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CatalogueDatabase>().AddSingleton<ChangeNotices>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ChangeNotices>());
    }
}
