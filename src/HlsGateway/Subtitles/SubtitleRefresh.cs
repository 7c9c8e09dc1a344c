using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Subtitles;

/// <summary>Loads the index before the first request and then looks for what other processes have changed: when PostgreSQL tells of it, and each second.</summary>
internal sealed class SubtitleRefresh(SubtitleIndex index, ChangeNotices notices, ILogger<SubtitleRefresh> log, GatewayMetrics metrics) : BackgroundService
{
    /// <summary>An edit is in new sessions of every gateway within a second.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A database that does not answer must not stop playback: after this time the gateway starts without captions and goes on trying.</summary>
    private static readonly TimeSpan FirstLoad = TimeSpan.FromSeconds(5);

    private bool away;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(FirstLoad);
        await TryAsync(bound.Token);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await notices.WaitAsync(ChangeNotices.Captions, Period, stoppingToken);
            await TryAsync(stoppingToken);
        }
    }

    private async Task TryAsync(CancellationToken ct)
    {
        try
        {
            await index.RefreshAsync(ct);
            away = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            metrics.SubtitleRefreshFailures.Add(1);
            if (!away)
                log.SubtitleRefreshFailed(failure.Message);
            away = true;
        }
        catch (OperationCanceledException)
        {
            // The process stops, or the first load took too long: the next tick tries again.
        }
    }
}
