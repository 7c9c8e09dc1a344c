using HlsGateway.Content;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>Registers and maps the feature.</summary>
internal static class TrailersSetup
{
    public static void AddTrailers(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<TrailersOptions>(TrailersOptions.Section);
        builder.Services.AddSingleton<WantsEnd>(services => services.GetRequiredService<IOptions<TrailersOptions>>().Value.GoesOnBehind);
        builder.Services.AddStartCheck<ActiveTrailerCheck>();
        builder.Services.AddHealthChecks().AddCheck<TrailerHealth>("trailers");
        builder.Services.AddSingleton<TrailerLibrary>();
        builder.Services.AddSingleton<TrailerRecords>();
        builder.Services.AddSingleton<StoredCopyCheck>();
        builder.Services.AddSingleton<PinnedTrailers>();
        builder.Services.AddSingleton<TrailerEncoder>();
        builder.Services.AddSingleton<ContinuingCopy>();
        builder.Services.AddSingleton<TrailerSwitch>();
        builder.Services.AddSingleton<TrailerSchedule>();
        builder.Services.AddSingleton<TrailerRemoval>();
        builder.Services.AddSingleton<TrailerForecast>();
        builder.Services.AddSingleton<TrailerIntake>();
        builder.Services.AddSingleton<TrailerPosters>();
        builder.Services.AddSingleton<TrailerFolder>();
        builder.Services.AddHostedService<TrailerConditioner>();
        builder.Services.AddHostedService(services => services.GetRequiredService<TrailerFolder>());
        builder.Services.AddHostedService<TrailerRefresh>();
    }

    public static void MapTrailers(this IEndpointRouteBuilder app)
    {
        TrailerEndpoints.Map(app);
        ScheduleEndpoints.Map(app);
    }
}
