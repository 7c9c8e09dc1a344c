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
        HitsRecorded = meter.CreateCounter<long>("hlsgateway.ledger.recorded", "{request}", "Requests that are durable in the ledger.");
        HitsLost = meter.CreateCounter<long>("hlsgateway.ledger.lost", "{request}", "Requests that were answered and not recorded.");
        HitsLate = meter.CreateCounter<long>("hlsgateway.ledger.late", "{request}", "Requests that were answered before their commit ended, and were recorded after all.");
        LedgerFailures = meter.CreateCounter<long>("hlsgateway.ledger.failures", "{failure}", "Times the ledger was closed after an error.");
        CommitDuration = meter.CreateHistogram<double>("hlsgateway.ledger.commit.duration", "s", "From taking a batch to its fsync.");
        CommitSize = meter.CreateHistogram<int>("hlsgateway.ledger.commit.size", "{request}", "Requests that shared one commit.");
    }

    public Counter<long> AuthenticationFailures { get; }

    public Counter<long> HitsRecorded { get; }

    public Counter<long> HitsLost { get; }

    public Counter<long> HitsLate { get; }

    public Counter<long> LedgerFailures { get; }

    public Histogram<double> CommitDuration { get; }

    public Histogram<int> CommitSize { get; }

    /// <summary>Requests that wait for the disk, and those answered while their commit still runs.</summary>
    public void ObserveOutbox(Func<int> depth, Func<long> undecided)
    {
        meter.CreateObservableGauge("hlsgateway.ledger.depth", depth, "{request}", "Requests that wait for a commit.");
        meter.CreateObservableGauge("hlsgateway.ledger.undecided", undecided, "{request}", "Requests that were answered while their commit still runs.");
    }

    public void Dispose() => meter.Dispose();
}
