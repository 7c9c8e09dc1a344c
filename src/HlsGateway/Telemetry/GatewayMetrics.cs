using System.Diagnostics.Metrics;

namespace HlsGateway.Telemetry;

/// <summary>
/// The one Meter. Tags are small closed sets (a rule, a kind, a reason): never a video or a session id, which would make a
/// time series per viewer.
/// </summary>
public sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "HlsGateway";

    private readonly Meter meter;

    public GatewayMetrics(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        AuthenticationFailures = meter.CreateCounter<long>("hlsgateway.access.failures", "{request}", "Requests that carried a token that is not ours.");
    }

    public Counter<long> AuthenticationFailures { get; }

    public void Dispose() => meter.Dispose();
}
