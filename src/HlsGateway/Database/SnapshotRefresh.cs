namespace HlsGateway.Database;

/// <summary>
/// Keeps what this process holds in memory in step with the database, which other processes change as well: reads before the first
/// request is served, then whenever a notice of the topic comes, and at an interval all the same. A database that does not answer
/// changes nothing and does not keep the gateway from starting: what was read last stays.
/// </summary>
internal abstract class SnapshotRefresh(ChangeNotices notices, string topic, TimeSpan interval) : BackgroundService
{
    private static readonly TimeSpan FirstRead = TimeSpan.FromSeconds(5);

    private bool away;

    /// <summary>False: the first read waits for something that starts later, so it comes after the start.</summary>
    protected virtual bool ReadsBeforeStart => true;

    /// <summary>Brings the snapshot up to date.</summary>
    protected abstract Task ReadAsync(CancellationToken ct);

    /// <summary>A read failed.</summary>
    /// <param name="first">The one before succeeded: an outage is told once.</param>
    protected abstract void Failed(Exception failure, bool first);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (ReadsBeforeStart)
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bound.CancelAfter(FirstRead);
            if (!await TryAsync(ReadAsync, bound.Token) && bound.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                Note(new TimeoutException($"no answer within {FirstRead.TotalSeconds} s"));
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (!ReadsBeforeStart)
            await TryAsync(ReadAsync, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await notices.WaitAsync(topic, interval, stoppingToken);
            await TryAsync(ReadAsync, stoppingToken);
        }
    }

    /// <summary>Playback goes on whatever the database does, so nothing that goes wrong here ends the process.</summary>
    /// <returns>False when it failed, or was cancelled.</returns>
    protected async Task<bool> TryAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
            away = false;
            return true;
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // The process stops, or the first read took too long: the next one tries again.
            return false;
        }
        catch (Exception failure)
        {
            Note(failure);
            return false;
        }
    }

    private void Note(Exception failure)
    {
        var first = !away;
        away = true;
        Failed(failure, first);
    }
}
