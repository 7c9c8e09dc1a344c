namespace HlsGateway.Analytics;

/// <summary>Registers and maps the feature.</summary>
public static class AnalyticsSetup
{
    public static void AddAnalytics(this WebApplicationBuilder builder)
    {
    }

    public static void MapAnalytics(this IEndpointRouteBuilder app)
    {
    }
}
