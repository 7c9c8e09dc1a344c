using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;

namespace HlsGateway.Telemetry;

/// <summary>
/// What a service manager is told (sd_notify(3)): that the gateway listens, that it ends, and, where there is a watchdog, that it lives.
/// A process whose threads run but whose server answers nobody is not called alive.
/// </summary>
internal sealed class ServiceNotices(ISystemdNotifier manager, IServer server, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ServiceNotices> log) : BackgroundService
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>Within which time the service manager wants to hear that we live; null where it does not. It sets both variables for the process that it started.</summary>
    private static TimeSpan? Watchdog =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } process || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStarted.Register(started.SetResult))
            await started.Task.WaitAsync(stoppingToken);
        manager.Notify(ServiceState.Ready);
        // Requests in progress are still answered then. Never taken back: this method may have ended long before.
        lifetime.ApplicationStopping.Register(() => manager.Notify(ServiceState.Stopping));
        if (Watchdog is { } within && server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address)
            await TellOfLifeAsync(address, within, stoppingToken);
    }

    private async Task TellOfLifeAsync(string address, TimeSpan within, CancellationToken ct)
    {
        // Three looks in the time, each with half of it: one that fails late leaves room for another.
        using var check = new LiveCheck(address, within / 2);
        using var timer = new PeriodicTimer(within / 3, clock);
        do
        {
            if (await check.IsAnsweredAsync(ct))
                manager.Notify(Alive);
            else
                log.NoSignOfLife(address, (within / 2).TotalSeconds);
        }
        while (await timer.WaitForNextTickAsync(ct));
    }
}
