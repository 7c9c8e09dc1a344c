using System.Diagnostics.Metrics;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Playback.Lane;

/// <summary>How many requests one host's fast lane has answered.</summary>
internal sealed class LaneMetric : IDisposable
{
    private readonly MeterListener listener = new();
    private long answers;

    public LaneMetric(GatewayHost host)
    {
        var mine = host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Scope == mine && instrument.Name == "hlsgateway.fast_lane.answers") own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, sum, _, _) => answers = sum);
        listener.Start();
    }

    public long Read()
    {
        listener.RecordObservableInstruments();
        return answers;
    }

    public void Dispose() => listener.Dispose();
}
