using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace HlsGateway.Demo;

/// <summary>With <c>Demo:Enabled</c>: makes the demo in the background, then tells on the terminal where to look.</summary>
internal sealed class DemoStart(
    DemoVideo demo, IServer server, IHostApplicationLifetime lifetime, IOptions<DemoOptions> options, IOptions<GatewayOptions> gateway,
    IOptions<AccessOptions> access, PublishedVideos published, TrailerLibrary trailers, IOptions<TrailersOptions> trailer,
    IHostEnvironment environment, StartLines lines, ILogger<DemoStart> log) : BackgroundService
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
                    lines.Write(quarter == 0 ? "Making the demo video, once …" : $"  demo video {quarter * 25} %");
                },
                stoppingToken);
            await SpliceableAsync(stoppingToken);
            Tell();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception e) when (e is DemoException or SandboxException or IOException)
        {
            log.DemoFailed(e);
        }
    }

    /// <summary>Waits for the trailer's copies, a minute at most: the first session is to show it, and not only the second (rule S8).</summary>
    private async Task SpliceableAsync(CancellationToken ct)
    {
        if (trailer.Value.Active.Length == 0)
            return;
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (published.TryGet(DemoVideo.Video, out var video) && trailers.ActiveFor(DemoVideo.Video) is { } active)
            {
                var missing = video.Facts.Where(facts => !active.Copies.ContainsKey(facts.Shape.Profile) && trailers.FailureOf(active.Id, facts.Shape.Profile) is null).ToList();
                if (missing.Count == 0)
                    return;
                if (attempt == 0)
                    lines.Write("  the trailer's copies for it …");
                foreach (var facts in missing)
                    trailers.Want(active, facts.Shape);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), ct);
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
        lines.Write(
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
