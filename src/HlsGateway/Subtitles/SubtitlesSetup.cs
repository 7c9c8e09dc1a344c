using Microsoft.Extensions.Options;

namespace HlsGateway.Subtitles;

/// <summary>Captions: their files, the snapshot that players are served from, and the API of editors.</summary>
internal static class SubtitlesSetup
{
    public static void AddSubtitles(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<SubtitlesOptions>(SubtitlesOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<SubtitlesOptions>, AutomaticCaptionsOptionsValidator>();
        builder.Services.AddSingleton<CaptionStore>().AddSingleton<CaptionReview>().AddSingleton<SubtitleIndex>().AddHostedService<SubtitleRefresh>();
    }

    public static void MapSubtitles(this IEndpointRouteBuilder app) => SubtitleEndpoints.Map(app);
}
