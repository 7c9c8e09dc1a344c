using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Media;

/// <summary>Says at start and in health how well ffmpeg is shut in here.</summary>
public sealed class TranscoderHealth(Ffmpeg ffmpeg, ILogger<TranscoderHealth> log) : BackgroundService, IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        (await ffmpeg.ConfinementAsync()).Kind switch
        {
            IsolationKind.Bubblewrap => HealthCheckResult.Healthy("transcoder isolated"),
            IsolationKind.NoNetwork => HealthCheckResult.Degraded("transcoder isolated from the network only"),
            _ => HealthCheckResult.Degraded("transcoder not isolated"),
        };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        log.TranscoderIsolation((await ffmpeg.ConfinementAsync()).Kind);
    }
}
