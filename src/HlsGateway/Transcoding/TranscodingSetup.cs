using HlsGateway.Captioning;

namespace HlsGateway.Transcoding;

/// <summary>Registers and maps the feature.</summary>
internal static class TranscodingSetup
{
    public static void AddTranscoding(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<TranscodeOptions>(TranscodeOptions.Section);
        builder.Services.AddSingleton<CaptionQueue>();
        builder.Services.AddSingleton<VideoPipeline>();
        builder.Services.AddSingleton<EarlierJobs>();
        builder.Services.AddSingleton<UploadIntake>();
        builder.Services.AddSingleton<PartialUploads>();
        builder.Services.AddHostedService<PartialUploadSweep>();
        builder.Services.AddHostedService<TranscodeWorker>();
        builder.Services.AddSingleton<ObjectSweep>();
        builder.Services.AddHostedService<ObjectSweepTimer>();
    }

    public static void MapTranscoding(this IEndpointRouteBuilder app)
    {
        app.MapUploads();
        app.MapTus();
    }
}
