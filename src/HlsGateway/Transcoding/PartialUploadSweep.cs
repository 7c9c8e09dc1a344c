using HlsGateway.Telemetry;

namespace HlsGateway.Transcoding;

/// <summary>Removes abandoned resumable uploads.</summary>
internal sealed class PartialUploadSweep(PartialUploads uploads, TimeProvider time, ILogger<PartialUploadSweep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                try
                {
                    if (await uploads.SweepAsync(stoppingToken) is > 0 and var removed)
                        log.PartialUploadsRemoved(removed);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    log.PartialUploadsUnreadable(e.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
