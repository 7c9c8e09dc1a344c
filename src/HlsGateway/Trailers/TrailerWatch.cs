using System.Data.Common;
using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Trailers;

/// <summary>
/// Keeps this gateway in step with what others change: one small row is read whenever PostgreSQL tells of a change, and twice a second
/// all the same, so that a swap reaches the new sessions of every gateway within a second. A database that is away changes nothing:
/// what is on stays on.
/// </summary>
internal sealed class TrailerWatch(TrailerSwitch state, TrailerLibrary library, TrailerRecords records, TrailerFolder folder, ChangeNotices notices, ILogger<TrailerWatch> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private long seenLibrary = -1;
    private bool away;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            await notices.WaitAsync(ChangeNotices.Trailers, Interval, stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var now = await state.ReadAsync(ct);
            library.Switch(now);
            away = false;
            if (now.Library == seenLibrary)
                return;
            // The first look finds what the folder's own start has loaded or is loading.
            if (seenLibrary >= 0)
                library.AddAll(await records.LoadAsync(library.Snapshot, ct));
            else
                await folder.Loaded.WaitAsync(ct);
            seenLibrary = now.Library;
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException)
        {
            if (!away)
                log.TrailerStateUnreadable(e.GetType().Name);
            away = true;
        }
    }
}
