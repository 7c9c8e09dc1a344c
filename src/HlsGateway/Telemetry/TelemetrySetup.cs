namespace HlsGateway.Telemetry;

/// <summary>Log messages, the Meter, health checks, OTLP.</summary>
public static class TelemetrySetup
{
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<GatewayMetrics>();
    }

    public static void MapTelemetry(this IEndpointRouteBuilder app)
    {
    }
}
