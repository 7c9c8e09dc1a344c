using System.Diagnostics;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Counting;

/// <summary>Degraded, never unhealthy: a gateway that cannot count still plays, and must not be taken out of service for it.</summary>
internal sealed class LedgerHealth(Outbox outbox) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var progress = outbox.Progress;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["outbox_depth"] = outbox.Depth,
            ["unmerged"] = progress.Committed - progress.Merged,
            ["lost"] = outbox.Lost,
            ["undecided"] = outbox.Undecided,
        };
        var forwarder = outbox.Forwarder;
        if (forwarder is not null)
        {
            data["forward_lag_seconds"] = Math.Round(forwarder.Lag.TotalSeconds, 3);
        }
        var recent = outbox.LastLossAt is > 0 and var at && Stopwatch.GetElapsedTime(at) < TimeSpan.FromMinutes(1);
        if ((progress.Trouble ?? progress.Aside ?? forwarder?.Trouble) is { } detail)
            data[Readiness.Detail] = detail;
        var why =
            progress.Trouble is not null ? "The ledger is closed; viewers are redirected uncounted." :
            progress.Aside is not null ? "A damaged ledger was put aside; counting goes on in a new one." :
            forwarder?.Trouble is not null ? "Nothing moves to PostgreSQL; the outbox holds it, viewers are served and counted." :
            forwarder is { Restored: true } ? "The outbox was restored from an older copy; what it held is counted once." :
            outbox.Undecided > 0 ? "The disk is slow: viewers are redirected before it has their requests, which stay in line." :
            recent ? "Requests were answered uncounted within the last minute." : null;
        return Task.FromResult(why is null ? HealthCheckResult.Healthy("Every answered request is on disk.", data) : HealthCheckResult.Degraded(why, data: data));
    }
}
