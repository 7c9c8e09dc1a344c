using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Media;

/// <summary>Reports at start and in health how strongly programs are isolated here.</summary>
internal sealed class SandboxHealth(Sandbox sandbox, ILogger<SandboxHealth> log) : BackgroundService, IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        (await sandbox.ConfinementAsync()).Kind switch
        {
            IsolationKind.Bubblewrap => HealthCheckResult.Healthy("transcoder isolated"),
            IsolationKind.NoNetwork => HealthCheckResult.Degraded("transcoder isolated from the network only"),
            _ => HealthCheckResult.Degraded("transcoder not isolated"),
        };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        log.TranscoderIsolation((await sandbox.ConfinementAsync()).Kind);
    }
}
