namespace HlsGateway.Subtitles;

/// <summary>Registers and maps the feature.</summary>
public static class SubtitlesSetup
{
    public static void AddSubtitles(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SubtitleIndex>();
    }

    public static void MapSubtitles(this IEndpointRouteBuilder app)
    {
    }
}
