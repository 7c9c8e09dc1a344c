using System.Diagnostics.Metrics;
using HlsGateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Telemetry;

/// <summary>Every figure of the gateway's own meter, also those that show only with PostgreSQL or a probe.</summary>
internal static class GatewayFigures
{
    public static IReadOnlyList<Instrument> All { get; } = Read();

    /// <summary>Its family in Prometheus' text form: base units, counters with <c>_total</c>.</summary>
    public static string PrometheusName(Instrument figure) =>
        figure.Name.Replace('.', '_') + (figure.Unit == "s" ? "_seconds" : "") + (figure is Counter<long> or ObservableCounter<long> ? "_total" : "");

    /// <summary>The names of its samples.</summary>
    public static IEnumerable<string> Samples(Instrument figure)
    {
        var name = PrometheusName(figure);
        return figure.GetType().GetGenericTypeDefinition() == typeof(Histogram<>) ? [name + "_bucket", name + "_sum", name + "_count"] : [name];
    }

    private static List<Instrument> Read()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var found = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == factory) found.Add(instrument);
        };
        listener.Start();
        using var metrics = new GatewayMetrics(factory);
        metrics.ObserveOutbox(() => 0, () => 0);
        metrics.ObserveForwarder(() => 0, () => 0);
        metrics.ObserveCdn(() => []);
        Assert.Equal(3, typeof(GatewayMetrics).GetMethods().Count(method => method.Name.StartsWith("Observe", StringComparison.Ordinal)));
        return found;
    }
}
