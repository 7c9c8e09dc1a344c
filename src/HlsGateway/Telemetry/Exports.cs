using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HlsGateway.Telemetry;

/// <summary>
/// Where figures about the process go: to Prometheus, always (Access maps <c>/metrics</c> and says who may read it); metrics and traces over OTLP where
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. OpenTelemetry reads its other <c>OTEL_…</c> settings itself.
/// </summary>
internal static class Exports
{
    public const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static bool IsEndpoint(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";

    public static void AddMetricsAndTraces(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        builder.Services.AddStartCheck<ExportCheck>();
        // Anything else stops the start: ExportCheck tells it.
        var overOtlp = configuration[EndpointKey] is { Length: > 0 } given && IsEndpoint(given);

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(configuration["OTEL_SERVICE_NAME"] ?? "hlsgateway"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(GatewayMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "Npgsql");
                // A pre-release: the specification of this exporter is not final, so names of labels may still change with the package.
                metrics.AddPrometheusExporter(static prometheus => prometheus.ScopeInfoEnabled = false);
                // Measuring each request costs 3 µs of CPU, about a fifteenth of a redirect: only where somebody collects traces too.
                if (overOtlp)
                    metrics.AddMeter("Microsoft.AspNetCore.Hosting").AddOtlpExporter(Bound);
            });
        if (!overOtlp)
            return;
        telemetry.WithTracing(traces =>
        {
            traces.AddSource(GatewayMetrics.MeterName, "Microsoft.AspNetCore", "System.Net.Http", "Npgsql").AddOtlpExporter(Bound);
            // Each segment request would be a trace of its own: one in a hundred tells as much.
            if (configuration["OTEL_TRACES_SAMPLER"] is null)
                traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(0.01)));
        });

        // The last export runs while the process stops: a collector that does not answer must not hold that up.
        void Bound(OtlpExporterOptions exporter)
        {
            if (configuration["OTEL_EXPORTER_OTLP_TIMEOUT"] is null)
                exporter.TimeoutMilliseconds = 2000;
        }
    }
}
