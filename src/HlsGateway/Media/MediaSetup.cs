namespace HlsGateway.Media;

/// <summary>Registers the sandbox, and ffmpeg and ffprobe in it.</summary>
internal static class MediaSetup
{
    public static void AddMedia(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<MediaOptions>(MediaOptions.Section);
        builder.Services.AddStartCheck<ProgramCheck>();
        builder.Services.AddSingleton<Sandbox>();
        builder.Services.AddSingleton<Ffmpeg>();
        builder.Services.AddSingleton<SandboxHealth>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SandboxHealth>());
        builder.Services.AddHealthChecks().AddCheck<SandboxHealth>("transcoder");
    }
}
