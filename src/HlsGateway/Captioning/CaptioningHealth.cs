using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HlsGateway.Captioning;

/// <summary>Whether the program that writes captions works, as this process last saw it. One failure may be the video's; several in a row are reported.</summary>
internal sealed class CaptioningHealth(IOptions<SubtitlesOptions> options, IOptions<GatewayOptions> gateway) : IHealthCheck
{
    public const int Patience = 3;

    private readonly Lock gate = new();
    private int failures;
    private string last = "";

    public void Succeeded()
    {
        lock (gate)
            (failures, last) = (0, "");
    }

    public void Failed(string reason)
    {
        lock (gate)
            (failures, last) = (failures + 1, reason);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (gate)
            return Task.FromResult(
                !options.Value.Automatic.IsOn ? HealthCheckResult.Healthy("no automatic captions")
                : failures >= Patience ? HealthCheckResult.Degraded("several automatic captions in a row failed", data: new Dictionary<string, object>(StringComparer.Ordinal) { ["failures"] = failures, [Readiness.Detail] = last })
                : HealthCheckResult.Healthy(gateway.Value.Has("worker") ? "automatic captions are written here" : "automatic captions are written by workers"));
    }
}
