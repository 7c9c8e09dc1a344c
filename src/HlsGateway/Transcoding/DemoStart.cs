using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>With <c>Demo:Enabled</c>: makes the demo in the background, then tells on the terminal where to look.</summary>
internal sealed class DemoStart(
    DemoVideo demo, IServer server, IHostApplicationLifetime lifetime, IOptions<DemoOptions> options, IOptions<GatewayOptions> gateway,
    IOptions<AccessOptions> access, IHostEnvironment environment, ILogger<DemoStart> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
            return;
        try
        {
            await StartedAsync(stoppingToken);
            var told = -1;
            await demo.MakeAsync(
                progress =>
                {
                    var quarter = (int)(progress * 4);
                    if (quarter <= told)
                        return;
                    told = quarter;
                    Console.WriteLine(quarter == 0 ? "Making the demo video, once …" : $"  demo video {quarter * 25} %");
                },
                stoppingToken);
            Tell();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception e) when (e is FfmpegException or IOException)
        {
            log.DemoFailed(e);
        }
    }

    private void Tell()
    {
        var address = gateway.Value.PublicUrl is { Length: > 0 } configured
            ? configured.TrimEnd('/')
            : server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()?.TrimEnd('/') ?? "";
        var token = access.Value.ApiTokens.Length > 0
            ? "Gateway:ApiTokens of the configuration"
            : Path.Combine(gateway.Value.DataPath(environment), TokenTable.FileName);
        Console.WriteLine(
            $"""

              Page        {address}/
              Playlist    {address}/watch/{DemoVideo.Video}/playlist.m3u8
              API token   {token}

            """);
    }

    private async Task StartedAsync(CancellationToken ct)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var ready = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(ct);
    }
}
