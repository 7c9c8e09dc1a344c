using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Trailers;

/// <summary>Degraded where a trailer is on that is not in the library: sessions play without it, and somebody thinks they do not.</summary>
internal sealed class TrailerHealth(TrailerLibrary library, TrailerFolder folder) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // Until the library has been read from the store, nothing is missing from it.
        if (!folder.Loaded.IsCompleted)
            return Task.FromResult(HealthCheckResult.Healthy("The library is being read."));
        var snapshot = library.Snapshot;
        var missing = snapshot.Active.Select(line => line.Trailer).Where(name => name is not null && snapshot.Find(name) is null).Distinct(StringComparer.Ordinal).ToList();
        return Task.FromResult(missing.Count == 0
            ? HealthCheckResult.Healthy("Each trailer that is on is in the library.")
            : HealthCheckResult.Degraded("A trailer is on that is not in the library: sessions play without it.",
                data: new Dictionary<string, object>(StringComparer.Ordinal) { [Readiness.Detail] = $"Upload it, put it into Trailers:Folder, or choose another: {string.Join(", ", missing)}" }));
    }
}
