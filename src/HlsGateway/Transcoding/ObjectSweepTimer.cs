using System.Data.Common;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>A turn of <see cref="ObjectSweep"/> each <c>Transcode:SweepInterval</c>, in every process that is a worker.</summary>
internal sealed class ObjectSweepTimer(
    ObjectSweep sweep, IOptions<TranscodeOptions> options, IOptions<GatewayOptions> gateway, TimeProvider time, ILogger<ObjectSweepTimer> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!gateway.Value.Has("worker"))
            return;
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    if (await sweep.TurnAsync(stoppingToken) is > 0 and var removed)
                        log.ObjectsSwept(removed);
                }
                catch (Exception e) when (e is DbException or IOException or TimeoutException or UnauthorizedAccessException)
                {
                    log.ObjectsNotSwept(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
