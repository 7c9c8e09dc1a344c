using System.Data.Common;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Jobs;

/// <summary>How far a job is: a state of the table, and 0 to 1.</summary>
/// <param name="Remaining">Seconds until it is done, as its worker expects now; null while it cannot tell.</param>
internal sealed record JobStep(string State, double Progress, double? Remaining = null);

internal enum JobEnd
{
    /// <summary>It starts again, here or elsewhere.</summary>
    GivenBack,

    /// <summary>Ended for good, with a reason in its row.</summary>
    Failed,

    /// <summary>Somebody ended it.</summary>
    Cancelled,

    /// <summary>Another worker has it by now.</summary>
    Lost,
}

/// <summary>What workers of every kind share: they take jobs, keep their leases, and say how a job ended that was not finished.</summary>
internal sealed class JobLoop(JobTable jobs, IOptions<JobsOptions> options, TimeProvider time, ILogger<JobLoop> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly LogPace pace = new(time, TimeSpan.FromMinutes(1));
    private readonly string name = $"{Environment.MachineName}/{Environment.ProcessId}";

    /// <summary>Several in each lease, so that one slow write loses nothing.</summary>
    private TimeSpan Heartbeat => options.Value.Lease < TimeSpan.FromSeconds(5) ? options.Value.Lease / 5 : TimeSpan.FromSeconds(1);

    /// <summary>Does jobs of a kind until the process stops, so many at a time.</summary>
    /// <param name="doAsync">Ends a job in one way or another and throws nothing of its own.</param>
    public Task RunAsync(string kind, int slots, Func<ClaimedJob, CancellationToken, Task> doAsync, CancellationToken stopping) =>
        Task.WhenAll(Enumerable.Range(0, slots).Select(slot => WorkAsync(kind, $"{name}/{kind}-{slot}", doAsync, stopping)));

    /// <summary>Renews the lease until <paramref name="ending"/>, which it cancels itself when the job is no longer ours.</summary>
    public async Task BeatAsync(ClaimedJob job, Func<JobStep> step, CancellationTokenSource ending)
    {
        var renewed = time.GetTimestamp();
        using var timer = new PeriodicTimer(Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                try
                {
                    if (!await jobs.ReportAsync(job, step(), ending.Token))
                        break;
                    renewed = time.GetTimestamp();
                }
                catch (Exception e) when (e is DbException or TimeoutException && time.GetElapsedTime(renewed) < options.Value.Lease)
                {
                    Unreachable(e);
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
            // The lease could not be renewed for its whole length: another worker may have the job.
            await ending.CancelAsync();
        }
    }

    /// <summary>A fault of the file ends the job; a fault of the machine gives it back to the queue.</summary>
    /// <param name="theFiles">The fault is the file's: the exception's message is shown to people, and another attempt would end the same way.</param>
    /// <param name="otherwise">The reason where it is the machine.</param>
    /// <param name="retryable">Of a fault of the file: other limits, or another version of the program, may yet get through it.</param>
    public async Task<JobEnd> EndAsync(ClaimedJob job, Exception e, bool theFiles, string otherwise, CancellationToken stopping, bool retryable = false)
    {
        if (theFiles)
        {
            log.JobFailed(job.Id, e.Message);
            await jobs.FailAsync(job, e.Message, CancellationToken.None, retryable);
            return JobEnd.Failed;
        }

        if (stopping.IsCancellationRequested)
        {
            await jobs.HandBackAsync(job, CancellationToken.None);
            return JobEnd.GivenBack;
        }

        if (e is OperationCanceledException)
        {
            log.JobLost(job.Id);
            return await jobs.IsCancelledAsync(job, CancellationToken.None) ? JobEnd.Cancelled : JobEnd.Lost;
        }

        log.JobBroken(e, job.Id, job.Attempt);
        await jobs.ReleaseAsync(job, otherwise, CancellationToken.None);
        return job.Attempt >= JobTable.MaxAttempts ? JobEnd.Failed : JobEnd.GivenBack;
    }

    private async Task WorkAsync(string kind, string worker, Func<ClaimedJob, CancellationToken, Task> doAsync, CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await jobs.AnyToDoAsync(kind, stopping) && await jobs.ClaimAsync(kind, worker, stopping) is { } job)
                {
                    log.JobStarted(job.Id, job.Attempt);
                    await doAsync(job, stopping);
                    continue;
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is DbException or TimeoutException or IOException)
            {
                Unreachable(e);
            }

            await Task.Delay(Pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asked twice a second by each loop, a database that is away would fill the log.</summary>
    private void Unreachable(Exception failure)
    {
        if (pace.TryTake(out _))
            log.JobsUnreachable(failure.Message);
    }
}
