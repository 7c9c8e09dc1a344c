using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Trailers;

/// <summary>Which trailer is on: one small row, so that a swap reaches the new sessions of every gateway within a second.</summary>
internal sealed class TrailerRefresh(TrailerSwitch state, TrailerLibrary library, TrailerRecords records, TrailerFolder folder, ChangeNotices notices, ILogger<TrailerRefresh> log)
    : SnapshotRefresh(notices, ChangeNotices.Trailers, TimeSpan.FromMilliseconds(500))
{
    private long seenLibrary = -1;

    protected override bool ReadsBeforeStart => false;

    protected override async Task ReadAsync(CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        library.Switch(now);
        if (now.Library == seenLibrary)
            return;
        // The first look finds what the folder's own start has loaded or is loading.
        if (seenLibrary >= 0)
            library.AddAll(await records.LoadAsync(library.Snapshot, ct));
        else
            await folder.Loaded.WaitAsync(ct);
        seenLibrary = now.Library;
    }

    protected override void Failed(Exception failure, bool first)
    {
        if (first)
            log.TrailerStateUnreadable(failure.GetType().Name);
    }
}
