using System.Data.Common;
using HlsGateway.Telemetry;

namespace HlsGateway.Catalogue;

/// <summary>Keeps the snapshot in step with the database, which other processes publish to as well.</summary>
internal sealed class CatalogueWatch(CatalogueStore store, TimeProvider time, ILogger<CatalogueWatch> log) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Clocks of machines differ: changes are read again for this long.</summary>
    private const long Overlap = 60_000;

    private bool away;
    private long seen;

    /// <summary>Before the first request is served. A database that does not answer must not keep the gateway from starting.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        await RefreshAsync(patience.Token);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RefreshAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            seen = Math.Max(seen, await store.RefreshAsync(Math.Max(0, seen - Overlap), ct));
            away = false;
        }
        catch (Exception e) when (e is DbException or TimeoutException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            if (!away)
                log.CatalogueUnreadable(e.Message);
            away = true;
        }
        catch (OperationCanceledException) when (seen == 0)
        {
            log.CatalogueUnreadable("no answer within 5 s");
        }
    }
}
