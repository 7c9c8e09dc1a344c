using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Catalogue;

/// <summary>Published videos, as this process and others publish and delete them.</summary>
internal sealed class CatalogueRefresh(CatalogueStore store, ChangeNotices notices, ILogger<CatalogueRefresh> log)
    : SnapshotRefresh(notices, ChangeNotices.Videos, TimeSpan.FromSeconds(1))
{
    /// <summary>Milliseconds. Clocks of machines differ: changes are read again for this long.</summary>
    private const long Overlap = 60_000;

    private long seen;

    protected override async Task ReadAsync(CancellationToken ct) => seen = Math.Max(seen, await store.RefreshAsync(Math.Max(0, seen - Overlap), ct));

    protected override void Failed(Exception failure, bool first)
    {
        if (first)
            log.CatalogueUnreadable(failure.Message);
    }
}
