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
            if (forwarder.MovesHistory)
                data["history_left"] = Math.Max(0, forwarder.History.All - forwarder.History.Moved);
            data["taken_back"] = forwarder.TakenBack;
        }
        var recent = outbox.LastLossAt is > 0 and var at && Stopwatch.GetElapsedTime(at) < TimeSpan.FromMinutes(1);
        if ((progress.Trouble ?? progress.Aside ?? forwarder?.Trouble) is { } detail)
            data[Readiness.Detail] = detail;
        var why =
            progress.Trouble is not null ? "The ledger cannot be opened or written. Viewers are served, but not counted; the log says why." :
            progress.Aside is not null ? "The ledger was damaged and moved aside. A new one counts; the log names the old file." :
            forwarder?.Trouble is not null ? "PostgreSQL cannot be written to. Viewers are served and counted; the outbox on disk keeps their requests until it can." :
            forwarder is { MovesHistory: true } ? "What was counted before PostgreSQL was configured is being carried over. Viewers are served and counted; reports lack what is not there yet." :
            forwarder is { Restored: true } ? "The outbox was restored from a backup. Requests that PostgreSQL has already are not counted again." :
            forwarder is { TakenBack: > 0 } ? "PostgreSQL lacks requests that it had confirmed: a standby without them became the primary. Synchronous replication keeps them." :
            outbox.Undecided > 0 ? "The disk is slow. Viewers are redirected before their requests are on disk; the requests stay queued and are recorded late." :
            recent ? "Within the last minute requests were answered that are not counted." : null;
        return Task.FromResult(why is null ? HealthCheckResult.Healthy("Every answered request is on disk.", data) : HealthCheckResult.Degraded(why, data: data));
    }
}
