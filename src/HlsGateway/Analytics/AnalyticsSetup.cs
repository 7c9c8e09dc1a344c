using HlsGateway.Counting;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Registers and maps the feature.</summary>
internal static class AnalyticsSetup
{
    public static void AddAnalytics(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddAnnotatedOptions<AnalyticsOptions>(AnalyticsOptions.Section);
        if (GatewayOptions.Of(builder.Configuration).Has("gateway"))
            services.AddHostedService<CountingChanges>();
        services.AddSingleton<WatchedVideos>();
        services.AddSingleton<CoversAnyVideo>(static services => services.GetRequiredService<WatchedVideos>().CoversAnyAsync);
        services.AddSingleton<WasWatched>(static services => services.GetRequiredService<WatchedVideos>().WasWatchedAsync);
        services.AddSingleton<ListsWatched>(static services => services.GetRequiredService<WatchedVideos>().ListAsync);
        services.AddSingleton<FindsWatched>(static services => services.GetRequiredService<WatchedVideos>().FindAsync);
        services.AddSingleton<LedgerReader>().AddSingleton<SessionScan>().AddSingleton<SessionSums>().AddSingleton<VideoSums>().AddSingleton<Finality>().AddSingleton<KnownVideos>();
        services.AddSingleton<SessionQueries>().AddSingleton<VideoQueries>().AddSingleton<Rankings>().AddSingleton<MomentQueries>().AddSingleton<ExportRows>().AddSingleton<ExportContext>().AddSingleton<LiveEndpoint>();
        services.AddSingleton<NoteEndpoints>().AddSingleton<ViewEndpoints>().AddSingleton<ShareEndpoints>();
    }

    public static void MapAnalytics(this IEndpointRouteBuilder app)
    {
        // The ledger is read where it is written.
        if (!app.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.Has("gateway"))
            return;
        app.MapSessions();
        app.MapVideoReports();
        app.MapExports();
        app.MapChanges();
        LiveEndpoint.Map(app);
        NoteEndpoints.Map(app);
        ViewEndpoints.Map(app);
        ShareEndpoints.Map(app);
    }
}
