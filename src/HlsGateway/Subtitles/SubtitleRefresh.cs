using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Subtitles;

/// <summary>Captions that are live: an edit is in the new sessions of every gateway within a second.</summary>
internal sealed class SubtitleRefresh(SubtitleIndex index, ChangeNotices notices, ILogger<SubtitleRefresh> log, GatewayMetrics metrics)
    : SnapshotRefresh(notices, ChangeNotices.Captions, TimeSpan.FromSeconds(1))
{
    protected override Task ReadAsync(CancellationToken ct) => index.RefreshAsync(ct);

    protected override void Failed(Exception failure, bool first)
    {
        metrics.SubtitleRefreshFailures.Add(1);
        if (first)
            log.SubtitleRefreshFailed(failure.Message);
    }
}
