namespace HlsGateway.Captioning;

/// <summary>Automatic captions: registers and maps the feature. Their options stand with the other captions'.</summary>
internal static class CaptioningSetup
{
    public static void AddCaptioning(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SpeechProgram>();
        builder.Services.AddSingleton<CaptioningHealth>();
        builder.Services.AddHostedService<CaptionWorker>();
        builder.Services.AddHealthChecks().AddCheck<CaptioningHealth>("automatic_captions");
    }

    public static void MapCaptioning(this IEndpointRouteBuilder app) => app.MapAutomaticCaptions();
}
