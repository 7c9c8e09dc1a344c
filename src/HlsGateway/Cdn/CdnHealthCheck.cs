using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Cdn;

/// <summary>Degraded where a base does not answer its probe: its viewers are elsewhere.</summary>
internal sealed class CdnHealthCheck(CdnAddresses addresses, CdnHealth health) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var down = addresses.Names.Select((name, i) => (Name: name, Reason: health.ReasonOf(i))).Where(one => one.Reason is not null).ToList();
        if (down.Count == 0)
            return Task.FromResult(HealthCheckResult.Healthy("Every CDN base answers its probe."));
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { [Readiness.Detail] = string.Join("; ", down.Select(one => $"{one.Name}: {one.Reason}")) };
        return Task.FromResult(HealthCheckResult.Degraded(down.Count == addresses.Names.Count
            ? "No CDN base answers its probe; viewers are sent to all of them as if they did."
            : "A CDN base does not answer its probe; its viewers are sent to the others.", data: data));
    }
}
