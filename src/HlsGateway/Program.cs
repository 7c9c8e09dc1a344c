using HlsGateway;
using HlsGateway.Access;
using HlsGateway.Analytics;
using HlsGateway.Captioning;
using HlsGateway.Catalogue;
using HlsGateway.Cdn;
using HlsGateway.CommandLine;
using HlsGateway.Content;
using HlsGateway.Counting;
using HlsGateway.Database;
using HlsGateway.Demo;
using HlsGateway.Fleet;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Playback;
using HlsGateway.Starting;
using HlsGateway.Storage;
using HlsGateway.Studio;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using HlsGateway.Tokens;
using HlsGateway.Trailers;
using HlsGateway.Transcoding;

if (Verbs.AreAsked(args))
    return await Verbs.RunAsync(args);

WebApplication? app = null;
var stopping = CancellationToken.None;
try
{
    var (readable, faults) = ArgumentCheck.Run(ServeVerb.Configuration(args));
    app = Compose(readable).Build();
    stopping = app.Lifetime.ApplicationStopping;
    await StartCheck.RequireAsync(app, faults);

    app.UseAccess(PlaybackSetup.UsePlayers);
    app.MapTelemetry(AccessSetup.IsTrustedAsync);
    app.MapTokens();
    app.MapBlobStorage();
    app.MapCatalogue();
    app.MapTrailers();
    app.MapSubtitles();
    app.MapTranscoding();
    app.MapCaptioning();
    app.MapAnalytics();
    app.MapPlayback();
    app.MapStudio();
    app.MapDemo();
    app.TellStartAndEnd();

    await app.RunAsync();
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    // Stopped before it had started: not an error.
}
catch (Exception failure) when (StartFailure.IsOurs(failure))
{
    var code = StartFailure.Tell(failure);
    if (app is not null)
        await app.DisposeAsync();
    return code;
}

return 0;

/// <summary>Named so that tests can start the real host.</summary>
public partial class Program
{
    /// <summary>Everything that is registered, in the order of the rooms; nothing is opened.</summary>
    internal static WebApplicationBuilder Compose(string[] args)
    {
        SettingsFile.WatchByClock();
        var builder = WebApplication.CreateBuilder(args);
        builder.AddSettingsBesideProgram();

        builder.Services.AddAnnotatedOptions<GatewayOptions>(GatewayOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);

        builder.AddStarting();
        builder.AddTelemetry();
        builder.AddAccess();
        builder.AddDatabase();
        builder.AddTokens();
        builder.AddCdn();
        builder.AddBlobStorage();
        builder.AddMedia();
        builder.AddJobs();
        builder.AddCatalogue();
        builder.AddContent();
        builder.AddTrailers();
        builder.AddSubtitles();
        builder.AddCounting();
        builder.AddTranscoding();
        builder.AddCaptioning();
        builder.AddAnalytics();
        builder.AddPlayback();
        builder.AddFleet();
        builder.AddStudio();
        builder.AddDemo();

        return builder;
    }
}
