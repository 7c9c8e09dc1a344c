using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Catalogue;

/// <summary>A video as the API tells it.</summary>
/// <param name="Status">Of the latest upload: queued, probing, transcoding, publishing, ready, failed, cancelled.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="QueuePosition">1 is next; null when it is not waiting.</param>
/// <param name="Error">What went wrong and what to do; null otherwise.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="PlaylistUrl">Null until a revision is published. A revision stays published while a later upload is made.</param>
internal sealed record VideoView(
    string Video, string Status, double Progress, double? EtaSeconds, int? QueuePosition, string? Error, string? Revision, SourceCopy? Source,
    double? Duration, ImmutableArray<PublishedRendition> Renditions, string? PlaylistUrl, string? PosterUrl, DateTimeOffset CreatedAt);

/// <summary>Reads videos and the state of their uploads as the API tells them.</summary>
internal sealed class VideoViews(
    CatalogueDatabase database, CatalogueStore catalogue, PublishedVideos published, BlobStore store, IOptions<GatewayOptions> gateway, TimeProvider time)
{
    private const string Select =
        """
        SELECT COALESCE(v.video, j.video) AS video, v.revision, r.duration_ms, r.renditions, r.source_key, r.source_sha256, r.source_bytes, r.poster_key,
               COALESCE(v.created_at, j.created_at) AS created_at, j.id, j.state, j.progress, j.error, j.started_at, j.created_at AS queued_at
        FROM (SELECT video FROM video WHERE revision IS NOT NULL UNION SELECT video FROM job WHERE kind = 'video' AND latest = 1 AND state <> 'cancelled') ids
        LEFT JOIN video v ON v.video = ids.video AND v.revision IS NOT NULL
        LEFT JOIN revision r ON r.video = v.video AND r.revision = v.revision
        LEFT JOIN job j ON j.video = ids.video AND j.kind = 'video' AND j.latest = 1
        """;

    public async Task<List<VideoView>> ListAsync(HttpRequest request, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<VideoRow>($"{Select} ORDER BY 1");
        var queue = await JobTable.WaitingAsync(connection);
        return rows.Select(row => View(row, queue, request)).ToList();
    }

    /// <summary>What the API says about one video is true for this gateway's viewers too: who reads "ready" and asks for the playlist gets it.</summary>
    /// <returns>Null when there is neither a revision nor an upload of it.</returns>
    public async Task<VideoView?> FindAsync(string video, HttpRequest request, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<VideoRow>($"{Select} WHERE ids.video = @video", new { video });
        if ((published.TryGet(video, out var shown) ? shown.Revision : null) != row?.Revision)
            await catalogue.ShowAsync(video, connection);
        return row is null ? null : View(row, await JobTable.WaitingAsync(connection), request);
    }

    private VideoView View(VideoRow row, List<string> queue, HttpRequest request)
    {
        var status = row.State ?? "ready";
        var place = row.Id is null ? -1 : queue.IndexOf(row.Id);
        var progress = status == "ready" ? 1 : Math.Clamp(row.Progress ?? 0, 0, 1);
        double? eta = progress is > 0.02 and < 1 && row.StartedAt is { } started && status is "transcoding" or "publishing"
            ? Math.Round((time.GetUtcNow().ToUnixTimeMilliseconds() - row.StartedAt.GetValueOrDefault()) / 1000.0 * (1 - progress) / progress, 1)
            : null;
        return new VideoView(
            row.Video, status, progress, eta, place < 0 ? null : place + 1, row.Error, row.Revision,
            row.SourceKey is null ? null : new SourceCopy(row.SourceKey, row.SourceSha256 ?? "", row.SourceBytes ?? 0),
            row.DurationMs / 1000.0,
            row.Renditions is null ? [] : JsonSerializer.Deserialize<ImmutableArray<PublishedRendition>>(row.Renditions),
            row.Revision is null ? null : $"{gateway.Value.SiteOf(request)}/watch/{BlobKey.UrlPath(row.Video)}/playlist.m3u8",
            row.PosterKey is null ? null : store.PublicUrl(row.PosterKey, request),
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt));
    }

    private sealed record VideoRow
    {
        public string Video { get; init; } = "";

        public string? Revision { get; init; }

        public long? DurationMs { get; init; }

        public string? Renditions { get; init; }

        public string? SourceKey { get; init; }

        public string? SourceSha256 { get; init; }

        public long? SourceBytes { get; init; }

        public string? PosterKey { get; init; }

        public long CreatedAt { get; init; }

        public string? Id { get; init; }

        public string? State { get; init; }

        public double? Progress { get; init; }

        public string? Error { get; init; }

        public long? StartedAt { get; init; }
    }
}
