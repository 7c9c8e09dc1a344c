using System.Data.Common;
using Dapper;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Cdn;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using HlsGateway.Transcoding;

namespace HlsGateway.CommandLine;

/// <summary>
/// A data directory, with no server: this process queues the file as an upload does and is itself the worker. Others that work on the same
/// directory or database share the queue with it.
/// </summary>
internal sealed class OfflineTarget : VideoTarget
{
    private readonly WebApplication parts;
    private readonly TranscodeWorker worker;

    private OfflineTarget(WebApplication parts, TranscodeWorker worker) => (this.parts, this.worker) = (parts, worker);

    public static async Task<OfflineTarget> OpenAsync(string data)
    {
        var builder = WebApplication.CreateBuilder([$"--Gateway:DataDirectory={data}", "--Gateway:Roles:0=worker", "--Logging:LogLevel:Default=Error"]);
        builder.AddSettingsBesideProgram();
        // Only the services that a job needs are registered, and only the worker is started.
        builder.Host.UseDefaultServiceProvider(static provider => provider.ValidateOnBuild = false);
        builder.Services.AddAnnotatedOptions<GatewayOptions>(GatewayOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddTelemetry();
        builder.AddAccess();
        builder.AddDatabase();
        builder.AddCdn();
        builder.AddBlobStorage();
        builder.AddMedia();
        builder.AddJobs();
        builder.AddCatalogue();
        builder.AddSubtitles();
        builder.AddTranscoding();
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var parts = builder.Build();
        try
        {
            var worker = ActivatorUtilities.CreateInstance<TranscodeWorker>(parts.Services);
            await worker.StartAsync(CancellationToken.None);
            return new OfflineTarget(parts, worker);
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    public override Task<UploadOutcome?> SendAsync(UploadTask task, Action<double> sent, CancellationToken ct) => TellAsync(async () =>
    {
        var intake = parts.Services.GetRequiredService<UploadIntake>();
        var refusal = intake.Check(task.Video, task.File.Length);
        if (refusal is null)
        {
            using var folder = parts.Services.GetRequiredService<Sandbox>().OpenFolder();
            await using (var content = task.File.OpenRead())
                await folder.AddAsync(EncodeArguments.Input, content, ct);
            sent(0.5);
            refusal = await intake.TakeAsync(task.Video, folder, Actor.CommandLine, ct);
            sent(1);
        }

        return refusal is null ? null : UploadOutcome.Refused(task.Video, refusal.Text);
    });

    public override Task<UploadOutcome?> StateAsync(string video, CancellationToken ct) => TellAsync(async () =>
    {
        var (state, progress, error) = await parts.Services.GetRequiredService<JobTable>().StateAsync(video, ct);
        await using var connection = await parts.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(ct);
        var (revision, duration) = await connection.QueryFirstOrDefaultAsync<(string?, long?)>(
            "SELECT r.revision, r.duration_ms FROM video v JOIN revision r ON r.video = v.video AND r.revision = v.revision WHERE v.video = @video", new { video });
        return state is null && revision is null ? null : new UploadOutcome(video, state ?? "ready", progress, error, revision, duration / 1000.0, null);
    });

    public override async ValueTask DisposeAsync()
    {
        // A running job goes back to the queue.
        await worker.StopAsync(CancellationToken.None);
        worker.Dispose();
        await parts.DisposeAsync();
    }

    private static async Task<T> TellAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is DbException or IOException or TimeoutException)
        {
            throw new UnreachableTargetException($"The data directory, its database or its store cannot be used: {e.Message}");
        }
    }
}
