namespace HlsGateway.Database;

/// <summary>Registers the catalogue's database and its notices.</summary>
internal static class DatabaseSetup
{
    public static void AddDatabase(this WebApplicationBuilder builder)
    {
        builder.Services.AddSectionNames<ConnectionStrings>("ConnectionStrings");
        builder.Services.AddStartCheck<DatabaseCheck>();
        builder.Services.AddSingleton<CatalogueDatabase>().AddSingleton<ChangeNotices>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ChangeNotices>());
    }
}
