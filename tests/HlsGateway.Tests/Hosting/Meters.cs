using System.Diagnostics.Metrics;
using HlsGateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hosting;

/// <summary>What one counter of one host's meter has counted since this was made.</summary>
internal sealed class Meters : IDisposable
{
    private readonly MeterListener listener = new();
    private long sum;

    public Meters(GatewayHost host, string name)
    {
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name == name) own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, added, _, _) => Interlocked.Add(ref sum, added));
        _ = host.Services.GetRequiredService<GatewayMetrics>();
        listener.Start();
    }

    public long Sum => Volatile.Read(ref sum);

    public void Dispose() => listener.Dispose();
}
