using System.Data.Common;
using System.Diagnostics;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Captioning;

/// <summary>
/// Takes jobs of <see cref="JobKind.Captions"/> and publishes what the configured program writes. The video is not touched: whatever
/// goes wrong here, it plays as before.
/// </summary>
internal sealed class CaptionWorker(
    JobLoop loop, JobTable jobs, SpeechProgram program, CaptionStore captions, CatalogueDatabase database, CaptioningHealth health,
    IOptions<SubtitlesOptions> options, IOptions<GatewayOptions> gateway, GatewayMetrics metrics, ILogger<CaptionWorker> log) : BackgroundService
{
    private const string ByHand = "This language has captions that a person wrote.";

    private AutomaticCaptionsOptions Automatic => options.Value.Automatic;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (gateway.Value.Has("worker") && Automatic.IsOn)
            await loop.RunAsync(JobKind.Captions, Automatic.Concurrency, DoAsync, stoppingToken);
    }

    private async Task DoAsync(ClaimedJob job, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var began = Stopwatch.GetTimestamp();
        var step = new JobStep("listening", 0);
        var heart = loop.BeatAsync(job, () => step, ending);
        try
        {
            // Checked before minutes are spent on captions that could not be published; the check that counts is at the end.
            var reason = await database.WriteAsync((connection, transaction) => ObjectionAsync(job, connection, transaction), ending.Token);
            if (reason is null)
            {
                var text = await program.WriteDownAsync(job.UploadKey, job.Language, progress => step = new JobStep("listening", progress), ending.Token);
                health.Succeeded();
                reason = await database.WriteAsync((connection, transaction) => PublishAsync(job, text, connection, transaction), ending.Token);
            }

            if (reason is null)
            {
                metrics.AutomaticCaptionsEnded("published");
                log.AutomaticCaptionsPublished(job.Id, job.Video, job.Language, Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
            else
            {
                metrics.AutomaticCaptionsEnded("superseded");
                log.AutomaticCaptionsDropped(job.Id, job.Video, job.Language, reason);
            }
        }
        catch (Exception e)
        {
            await EndAsync(job, e, stopping);
        }
        finally
        {
            await ending.CancelAsync();
            await heart;
        }
    }

    /// <summary>Captions and the job's end become visible in one transaction.</summary>
    /// <returns>Null, or why the job has ended without captions.</returns>
    private async Task<string?> PublishAsync(ClaimedJob job, string text, DbConnection connection, DbTransaction transaction)
    {
        if (await ObjectionAsync(job, connection, transaction) is { } reason)
            return reason;
        if (!await jobs.FinishAsync(job, connection, transaction))
            throw new OperationCanceledException("The job is no longer this worker's.");
        if (await captions.PublishAutomaticAsync(job.Video, job.Language, Automatic.NameOf(job.Language), text, connection, transaction) == CaptionOutcome.TooMany)
            throw new CaptioningException("The video has the greatest number of caption tracks that is allowed. Delete a language, or raise Subtitles:MaxTracks.");
        return null;
    }

    /// <summary>Ends the job where its captions must not be published; until the transaction ends nobody uploads a revision or changes captions.</summary>
    private async Task<string?> ObjectionAsync(ClaimedJob job, DbConnection connection, DbTransaction transaction)
    {
        await JobTable.LockAsync(job.Video, database.Dialect, connection, transaction);
        var reason = (await CatalogueStore.FindCurrentAsync(job.Video, connection, transaction))?.Revision != job.Subject ? CaptionQueue.Outdated
            : !await CaptionStore.MayBeAutomaticAsync(job.Video, job.Language, connection, transaction) ? ByHand
            : null;
        if (reason is not null && !await jobs.DropAsync(job, reason, connection, transaction))
            throw new OperationCanceledException("The job is no longer this worker's.");
        return reason;
    }

    private async Task EndAsync(ClaimedJob job, Exception e, CancellationToken stopping)
    {
        var failed = e is CaptioningException or SandboxException;
        if (failed)
            health.Failed(e.Message);
        try
        {
            var end = await loop.EndAsync(job, e, failed, "The store or the database failed while the captions were made; it was tried again.", stopping);
            if (end is JobEnd.Failed or JobEnd.Cancelled)
                metrics.AutomaticCaptionsEnded(end == JobEnd.Failed ? "failed" : "cancelled");
        }
        catch (Exception further) when (further is DbException or IOException or TimeoutException)
        {
            // The lease runs out, and another worker listens again.
            log.JobsUnreachable(further.Message);
        }
    }
}
