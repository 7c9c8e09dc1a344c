using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace HlsGateway.Telemetry;

/// <summary>Log lines, the Meter, health checks, metrics for Prometheus and OTLP. Features add their checks with <c>Services.AddHealthChecks().AddCheck&lt;T&gt;(name)</c>.</summary>
internal static class TelemetrySetup
{
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = QuietByDefault() });
        builder.Logging.AddConsole().AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        // Before the framework's own of the same name: the first is taken.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<ConsoleFormatter, JsonFormatter>());
        // Three lines of each start and one of each end, which say less than ours.
        builder.Services.Configure<ConsoleLifetimeOptions>(static lifetime => lifetime.SuppressStatusMessages = true);
        builder.Services.AddSingleton<StartLines>();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>().AddProblemDetails();
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<Departure>().AddHostedService(static services => services.GetRequiredService<Departure>());
        // What is in progress has as long to end as without the delay.
        builder.Services.AddOptions<HostOptions>().PostConfigure<IConfiguration>(static (host, configuration) => host.ShutdownTimeout += StopDelay(configuration));
        // Without the package's own lifetime and log format: signals and lines are the same under every service manager.
        var manager = new SystemdNotifier();
        if (manager.IsEnabled)
            builder.Services.AddSingleton<ISystemdNotifier>(manager).AddHostedService<ServiceNotices>();
        builder.AddMetricsAndTraces();
    }

    /// <param name="isTrusted">Whether who asks may read more than fixed words.</param>
    public static void MapTelemetry(this IEndpointRouteBuilder app, Func<HttpContext, Task<bool>> isTrusted)
    {
        // Not before: the exporters listen once the host has started.
        app.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(app.ServiceProvider.GetRequiredService<GatewayMetrics>().Begin);
        var health = app.MapGroup("/healthz").AllowAnonymous().WithTags("Health");
        health.MapGet("/live", static () => TypedResults.Ok(new ReadyAnswer("healthy", []))).WithName("getLiveness").WithSummary("The process answers.");
        health.MapGet("/ready", async (HttpContext context, Readiness readiness) => await readiness.AnswerAsync(await isTrusted(context)))
            .Produces<ReadyAnswer>().Produces<ReadyAnswer>(503).WithName("getReadiness").WithSummary("Each check's state; 503 when one is unhealthy. Figures and messages with a token of the role analyst or admin.");
    }

    // The host asks before the options are checked, and a wrong one is told in words of ours: so it is not read as an option here.
    private static TimeSpan StopDelay(IConfiguration configuration) =>
        TimeSpan.TryParse(configuration[$"{GatewayOptions.Section}:{nameof(GatewayOptions.StopDelay)}"], CultureInfo.InvariantCulture, out var delay) && delay > TimeSpan.Zero && delay <= GatewayOptions.LongestStopDelay
            ? delay
            : TimeSpan.Zero;

    // The lowest layer of the configuration: holds also where no appsettings.json is found. Per-request lines of the framework
    // would name sessions and cost more than the request; without its own category it makes no Activity per request either.
    private static Dictionary<string, string?> QuietByDefault() => new(StringComparer.Ordinal)
    {
        ["Logging:Console:FormatterName"] = LineFormatter.FormatterName,
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
        ["Logging:LogLevel:Yarp"] = "Warning",
        // One line for each request that fails, and one for each look at a check that is not healthy: told by lines of ours, paced.
        ["Logging:LogLevel:Yarp.ReverseProxy.Forwarder.HttpForwarder"] = "Error",
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
    };
}
