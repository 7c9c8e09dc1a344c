using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HlsGateway.Telemetry;

/// <summary>Sends metrics and traces over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; otherwise it is not even registered.</summary>
internal sealed class OtlpExport(IConfiguration configuration) : IHostedService, IDisposable
{
    public const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private MeterProvider? meters;
    private TracerProvider? traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService(configuration["OTEL_SERVICE_NAME"] ?? "hlsgateway");
        meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter(GatewayMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel",
                "System.Net.Http", "Npgsql")
            .AddOtlpExporter((exporter, reader) =>
            {
                Target(exporter, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds =
                    configuration.GetValue("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
            }).Build();
        var tracing = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource(GatewayMetrics.MeterName, "Microsoft.AspNetCore", "System.Net.Http", "Npgsql")
            .AddOtlpExporter(exporter => Target(exporter, "v1/traces"));
        // Each segment request would be a trace of its own: one in a hundred tells as much.
        if (configuration["OTEL_TRACES_SAMPLER"] is null)
            tracing.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(0.01)));
        traces = tracing.Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Bounded: a collector that is away must not hold up a shutdown.
        meters?.Shutdown(2000);
        traces?.Shutdown(2000);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        meters?.Dispose();
        traces?.Dispose();
    }

    private void Target(OtlpExporterOptions exporter, string signal)
    {
        var endpoint = new Uri(configuration[EndpointKey]!);
        // The specification has the signal's path appended over HTTP and not over gRPC.
        var http = string.Equals(configuration["OTEL_EXPORTER_OTLP_PROTOCOL"], "http/protobuf", StringComparison.OrdinalIgnoreCase);
        exporter.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = http ? new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{signal}") : endpoint;
    }
}
