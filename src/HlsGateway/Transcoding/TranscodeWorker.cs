using System.Data.Common;
using HlsGateway.Captioning;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// Takes uploads and makes revisions of them. Any number of these share the jobs, on any number of machines. Whatever ends a
/// worker, its job is either published whole or starts again elsewhere when the lease has run out.
/// </summary>
internal sealed class TranscodeWorker(
    JobLoop loop, JobTable jobs, CaptionQueue queue, VideoPipeline pipeline, EarlierJobs earlier, Sandbox sandbox, BlobStore store, CatalogueStore catalogue, CaptionStore captions,
    CatalogueDatabase database, IOptions<TranscodeOptions> options, IOptions<GatewayOptions> gateway, ILogger<TranscodeWorker> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (gateway.Value.Has("worker"))
            await loop.RunAsync(JobKind.Video, options.Value.Concurrency, DoAsync, stoppingToken);
    }

    private async Task DoAsync(ClaimedJob job, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var step = new JobStep("probing", 0);
        var heart = loop.BeatAsync(job, () => step, ending);
        var prefix = PublishedVideo.Prefix(job.Video, job.Revision);
        try
        {
            // Nothing of this job is published, so nobody reads what its earlier attempts left.
            if (job.Again)
                await store.DeletePrefixAsync(PublishedVideo.Prefix(job.Video, job.Revisions).TrimEnd('/'), ending.Token);
            var publication = await MakeAsync(job, now => step = now, ending.Token);
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
        using var folder = sandbox.OpenFolder();
        await using (var upload = await store.OpenAsync(job.UploadKey, ct)
            ?? throw new UploadRefusedException("The uploaded file is no longer there. Upload it again."))
            await folder.AddAsync(EncodeArguments.Input, upload, ct);
        return await pipeline.MakeAsync(folder, job.Video, job.Revision, earlier.UsualAsync, report, ct) with { By = job.By };
    }

    /// <summary>
    /// Video, captions and the job's end become visible in one transaction. Automatic captions of an earlier revision are removed, since they belong to
    /// other sound; the job that transcribes the new sound is queued.
    /// </summary>
    private async Task<bool> FinishAsync(ClaimedJob job, Publication publication, DbConnection connection, DbTransaction transaction)
    {
        await JobTable.LockAsync(job.Video, database.Dialect, connection, transaction);
        if (!await jobs.FinishAsync(job, connection, transaction))
            return false;
        await captions.WithdrawAutomaticAsync(job.Video, connection, transaction);
        foreach (var track in publication.Captions)
            if (await captions.AdoptAsync(job.Video, track, connection, transaction) is CaptionOutcome.TooMany)
                log.CaptionsLeftOut(job.Id, track.Language);
        await queue.AddForPublishedAsync(publication, connection, transaction);
        return true;
    }

    private async Task EndAsync(ClaimedJob job, Exception e, string prefix, CancellationToken stopping)
    {
        try
        {
            var end = await loop.EndAsync(
                job, e, e is UploadRefusedException or SandboxException, "The store or the database failed while the video was made; it was tried again.", stopping, retryable: e is SandboxException);
            // What may be retried stays until the sweep.
            if (end is JobEnd.Cancelled || (end is JobEnd.Failed && e is UploadRefusedException))
                await store.DeleteAsync(job.UploadKey, CancellationToken.None);

            // A commit whose answer was lost may have published. It is decided by now: the write to the job's row above waited for it.
            if (!await catalogue.IsKeptAsync(job.Video, job.Revision, CancellationToken.None))
                await store.DeletePrefixAsync(prefix, CancellationToken.None);
        }
        catch (Exception further) when (further is DbException or IOException or TimeoutException or HttpRequestException)
        {
            // The lease runs out, and whoever takes the job next removes what this attempt left.
            log.JobsUnreachable(further.Message);
        }
    }

    /// <summary>The video is published even if the store fails now; the sweep removes what is left.</summary>
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
}
