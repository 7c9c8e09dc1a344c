namespace HlsGateway.Telemetry;

/// <summary>Registers and maps the feature.</summary>
public static class TelemetrySetup
{
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
    }

    public static void MapTelemetry(this IEndpointRouteBuilder app)
    {
    }
}
