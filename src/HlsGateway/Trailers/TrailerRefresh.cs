using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Trailers;

/// <summary>Which trailer is on: one small row, so that a swap reaches the new sessions of every gateway within a second.</summary>
internal sealed class TrailerRefresh(
    TrailerSwitch state, TrailerRemoval removal, TrailerLibrary library, TrailerRecords records, TrailerFolder folder, ChangeNotices notices, TimeProvider time,
    ILogger<TrailerRefresh> log)
    : SnapshotRefresh(notices, ChangeNotices.Trailers, TimeSpan.FromMilliseconds(500))
{
    private long seenLibrary = -1;

    /// <summary>Up to when the moments of a revision's entries have been written by this process.</summary>
    private (long Revision, DateTimeOffset UpTo) settled = (-1, default);

    protected override bool ReadsBeforeStart => false;

    protected override async Task ReadAsync(CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        library.Switch(now);
        await SettleAsync(now, ct);
        if (now.Library == seenLibrary)
            return;
        library.Remove(await removal.ReadAsync(ct));
        // The first look finds what the folder's own start has loaded or is loading.
        if (seenLibrary >= 0)
            library.AddAll(await records.LoadAsync(library.Snapshot, ct));
        else
            await folder.Loaded.WaitAsync(ct);
        seenLibrary = now.Library;
    }

    /// <summary>
    /// Viewers see entries begin and end by the clock alone; this only writes it down. A moment that passed while no gateway ran is
    /// written when one starts.
    /// </summary>
    private async Task SettleAsync(TrailerState now, CancellationToken ct)
    {
        var at = time.GetUtcNow();
        var since = settled.Revision == now.Revision ? settled.UpTo : now.At;
        if (ScheduleMoment.Between(now.Lines ?? [], since, at).Any())
            await state.SettleAsync(ct);
        settled = (now.Revision, at);
    }

    protected override void Failed(Exception failure, bool first)
    {
        if (first)
            log.TrailerStateUnreadable(failure.GetType().Name);
    }
}
