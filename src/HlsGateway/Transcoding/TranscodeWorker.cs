using System.Data.Common;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// Takes jobs and makes revisions of them. Any number of these share the jobs, on any number of machines. Whatever ends a
/// worker, its job is either published whole or starts again elsewhere when the lease has run out.
/// </summary>
internal sealed class TranscodeWorker(
    JobTable jobs, VideoPipeline pipeline, Ffmpeg ffmpeg, BlobStore store, CatalogueStore catalogue, CaptionStore captions, IOptions<TranscodeOptions> options,
    IOptions<GatewayOptions> gateway, TimeProvider time, ILogger<TranscodeWorker> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Several in each lease, so that one slow write loses nothing.</summary>
    private TimeSpan Heartbeat => options.Value.Lease < TimeSpan.FromSeconds(5) ? options.Value.Lease / 5 : TimeSpan.FromSeconds(1);

    private readonly string name = $"{Environment.MachineName}/{Environment.ProcessId}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (gateway.Value.Has("worker"))
            await Task.WhenAll(Enumerable.Range(0, options.Value.Concurrency).Select(slot => WorkAsync($"{name}/{slot}", stoppingToken)));
    }

    private async Task WorkAsync(string worker, CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await jobs.AnyToDoAsync(stopping) && await jobs.ClaimAsync(worker, stopping) is { } job)
                {
                    await DoAsync(job, stopping);
                    continue;
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is DbException or TimeoutException or IOException)
            {
                log.JobsUnreachable(e.Message);
            }

            await Task.Delay(Pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DoAsync(ClaimedJob job, CancellationToken stopping)
    {
        log.JobStarted(job.Id, job.Attempt);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var step = new Step("probing", 0);
        var heart = BeatAsync(job, () => step, ending);
        var prefix = PublishedVideo.Prefix(job.Video, job.Revision);
        try
        {
            // Nothing of this job is published, so nobody reads what its earlier attempts left.
            if (job.Again)
                await store.DeletePrefixAsync(PublishedVideo.Prefix(job.Video, job.Revisions).TrimEnd('/'), ending.Token);
            var publication = await MakeAsync(job, (state, progress) => step = new Step(state, progress), ending.Token);
            if (!await catalogue.PublishAsync(publication, (connection, transaction) => FinishAsync(job, publication, connection, transaction), ending.Token))
                throw new OperationCanceledException("The job is no longer this worker's.");
            log.JobPublished(job.Id, job.Attempt);
            await DropUploadAsync(job);
        }
        catch (Exception e)
        {
            await EndAsync(job, e, prefix, stopping);
        }
        finally
        {
            await ending.CancelAsync();
            await heart;
        }
    }

    private async Task<Publication> MakeAsync(ClaimedJob job, VideoPipeline.Report report, CancellationToken ct)
    {
        using var folder = ffmpeg.OpenFolder();
        await using (var upload = await store.OpenAsync(job.UploadKey, ct)
            ?? throw new UploadRefusedException("The uploaded file is no longer there. Upload it again."))
            await folder.AddAsync(EncodeArguments.Input, upload, ct);
        return await pipeline.MakeAsync(folder, job.Video, job.Revision, report, ct);
    }

    /// <summary>Video, captions and the job's end become visible in one transaction.</summary>
    private async Task<bool> FinishAsync(ClaimedJob job, Publication publication, DbConnection connection, DbTransaction transaction)
    {
        if (!await jobs.FinishAsync(job, connection, transaction))
            return false;
        foreach (var track in publication.Captions)
            if (await captions.AdoptAsync(job.Video, track, connection, transaction) is CaptionOutcome.TooMany)
                log.CaptionsLeftOut(job.Id, track.Language);
        return true;
    }

    /// <summary>What is at fault decides: the file ends the job, the machine gives it back.</summary>
    private async Task EndAsync(ClaimedJob job, Exception e, string prefix, CancellationToken stopping)
    {
        try
        {
            if (e is UploadRefusedException or FfmpegException)
            {
                log.JobFailed(job.Id, e.Message);
                await jobs.FailAsync(job, e.Message, CancellationToken.None);
                await store.DeleteAsync(job.UploadKey, CancellationToken.None);
            }
            else if (stopping.IsCancellationRequested)
            {
                await jobs.HandBackAsync(job, CancellationToken.None);
            }
            else if (e is OperationCanceledException)
            {
                log.JobLost(job.Id);
                if (await jobs.IsCancelledAsync(job, CancellationToken.None))
                    await store.DeleteAsync(job.UploadKey, CancellationToken.None);
            }
            else
            {
                log.JobBroken(e, job.Id, job.Attempt);
                await jobs.ReleaseAsync(job, "The store or the database failed while the video was made; it was tried again.", CancellationToken.None);
                if (job.Attempt >= JobTable.MaxAttempts)
                    await store.DeleteAsync(job.UploadKey, CancellationToken.None);
            }

            // A commit whose answer was lost has published all the same. It is decided by now: what was written to the job's row above waited for it.
            if (!await catalogue.IsKeptAsync(job.Video, job.Revision, CancellationToken.None))
                await store.DeletePrefixAsync(prefix, CancellationToken.None);
        }
        catch (Exception further) when (further is DbException or IOException or TimeoutException or HttpRequestException)
        {
            // The lease runs out, and whoever takes the job next removes what this attempt left.
            log.JobsUnreachable(further.Message);
        }
    }

    /// <summary>The video is out, whatever the store says now; what stays is the sweep's.</summary>
    private async Task DropUploadAsync(ClaimedJob job)
    {
        try
        {
            await store.DeleteAsync(job.UploadKey, CancellationToken.None);
        }
        catch (IOException e)
        {
            log.ObjectsNotSwept(e.Message);
        }
    }

    private async Task BeatAsync(ClaimedJob job, Func<Step> step, CancellationTokenSource ending)
    {
        var renewed = time.GetTimestamp();
        using var timer = new PeriodicTimer(Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                var (state, progress) = step();
                try
                {
                    if (!await jobs.ReportAsync(job, state, progress, ending.Token))
                        break;
                    renewed = time.GetTimestamp();
                }
                catch (Exception e) when (e is DbException or TimeoutException && time.GetElapsedTime(renewed) < options.Value.Lease)
                {
                    log.JobsUnreachable(e.Message);
                }
            }

            await ending.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            // For a whole lease nobody heard of us: the job is another's by now.
            await ending.CancelAsync();
        }
    }

    private sealed record Step(string State, double Progress);
}
