using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Catalogue;

/// <summary>A video as the API tells it.</summary>
/// <param name="Status">Of the latest upload: queued, probing, transcoding, publishing, ready, failed, cancelled. foreign: a video of another origin that somebody watched.</param>
/// <param name="Progress">0 to 1 in hundredths; never less than it was, and 1 when the video is ready.</param>
/// <param name="EtaSeconds">Until it is ready, as the worker expects; null while nobody knows.</param>
/// <param name="QueuePosition">1 is next; null when it is not waiting.</param>
/// <param name="Error">What went wrong and what to do; null otherwise.</param>
/// <param name="Source">The durable copy: H.264 and AAC, made of the upload.</param>
/// <param name="Original">The uploaded file itself; null where it is not kept (Transcode:KeepOriginal).</param>
/// <param name="DurationSeconds">Length of the content.</param>
/// <param name="Duration">The older name of duration_seconds.</param>
/// <param name="PlaylistUrl">Null until a revision is published. A revision stays published while a later upload is made.</param>
/// <param name="CanRetry">The last upload failed, and POST /api/videos/{video}/retry makes it again: its file is still kept.</param>
/// <param name="CreatedAt">When the first upload of this id was taken; of a foreign video, the quarter of an hour in which it was first asked for, or null where nobody knows.</param>
internal sealed record VideoView(
    string Video, string Status, double Progress, double? EtaSeconds, int? QueuePosition, string? Error, string? Revision, KeptFile? Source, KeptFile? Original,
    double? DurationSeconds, double? Duration, ImmutableArray<PublishedRendition> Renditions, string? PlaylistUrl, string? PosterUrl, DateTimeOffset? CreatedAt, bool CanRetry);

/// <summary>A file that is kept of a video.</summary>
/// <param name="Key">In the store.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
/// <param name="IsTranscode">It was made of the upload; false: it is the upload.</param>
/// <param name="DownloadUrl">Asked with a token of an uploader or editor.</param>
internal sealed record KeptFile(string Key, string Sha256, long Bytes, bool IsTranscode, string DownloadUrl);

/// <summary>Reads videos and the state of their uploads as the API tells them.</summary>
internal sealed class VideoViews(
    CatalogueDatabase database, CatalogueStore catalogue, PublishedVideos published, BlobStore store, IOptions<GatewayOptions> gateway, TimeProvider time,
    ListsWatched watched, FindsWatched finds)
{
    private const string Select =
        """
        SELECT COALESCE(v.video, j.video) AS video, v.revision, r.duration_ms, r.renditions, r.source_key, r.source_sha256, r.source_bytes,
               r.original_key, r.original_sha256, r.original_bytes, r.poster_key,
               COALESCE(v.created_at, j.created_at) AS created_at, j.id, j.state, j.progress, j.error, j.eta_at, CASE WHEN j.state = 'failed' AND j.retryable = 1 AND j.swept = 0 THEN 1 ELSE 0 END AS can_retry
        FROM (SELECT video FROM video WHERE revision IS NOT NULL UNION SELECT video FROM job WHERE kind = 'video' AND latest = 1 AND state <> 'cancelled') ids
        LEFT JOIN video v ON v.video = ids.video
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

    /// <summary>Videos of other origins that somebody watched, those behind a name.</summary>
    /// <param name="most">One more is read, so that it is known whether more follow.</param>
    public async Task<IReadOnlyList<VideoView>> ListForeignAsync(string? after, int most, Func<string, bool> chosen, HttpRequest request, CancellationToken ct)
    {
        HashSet<string> own;
        await using (var connection = await database.OpenAsync(ct))
            own = (await connection.QueryAsync<string>(Ours)).ToHashSet(StringComparer.Ordinal);
        return [.. (await watched(after, most + 1, video => chosen(video) && !own.Contains(video), ct) ?? []).Select(video => Foreign(video, request))];
    }

    /// <returns>Null where it is or was one of ours, or nobody watched it.</returns>
    public async Task<VideoView?> FindForeignAsync(string video, HttpRequest request, CancellationToken ct)
    {
        await using (var connection = await database.OpenAsync(ct))
        {
            if (await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM ({Ours}) own WHERE video = @video", new { video }) > 0)
                return null;
        }
        return await finds(video, ct) is { } found ? Foreign(found, request) : null;
    }

    /// <summary>Also what was deleted: whoever watched it did not watch another origin's.</summary>
    private const string Ours = "SELECT video FROM video UNION SELECT video FROM job";

    private VideoView Foreign(WatchedVideo video, HttpRequest request)
    {
        double? length = video.LengthMs > 0 ? video.LengthMs / 1000.0 : null;
        return new VideoView(
            video.Video, "foreign", 1, null, null, null, null, null, null, length, length, [],
            $"{gateway.Value.SiteOf(request)}/watch/{string.Join('/', video.Video.Split('/').Select(Uri.EscapeDataString))}/playlist.m3u8", null,
            video.FirstMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(video.FirstMs) : null, CanRetry: false);
    }

    private VideoView View(VideoRow row, List<string> queue, HttpRequest request)
    {
        var status = row.State ?? "ready";
        var place = row.Id is null ? -1 : queue.IndexOf(row.Id);
        // 1 is said of what is ready, and of nothing else.
        var progress = status == "ready" ? 1 : Math.Min(Math.Floor(Math.Clamp(row.Progress ?? 0, 0, 1) * 100) / 100, 0.99);
        double? eta = row.EtaAt is not null && status is "probing" or "transcoding" or "publishing"
            ? Math.Round(Math.Max(0, row.EtaAt.GetValueOrDefault() - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000.0, 1)
            : null;
        var here = $"{gateway.Value.SiteOf(request)}/api/videos/{Uri.EscapeDataString(row.Video)}";
        return new VideoView(
            row.Video, status, progress, eta, place < 0 ? null : place + 1, row.Error, row.Revision,
            row.SourceKey is null ? null : new KeptFile(row.SourceKey, row.SourceSha256 ?? "", row.SourceBytes ?? 0, IsTranscode: true, $"{here}/source"),
            row.OriginalKey is null ? null : new KeptFile(row.OriginalKey, row.OriginalSha256 ?? "", row.OriginalBytes ?? 0, IsTranscode: false, $"{here}/original"),
            row.DurationMs / 1000.0,
            row.DurationMs / 1000.0,
            row.Renditions is null ? [] : JsonSerializer.Deserialize<ImmutableArray<PublishedRendition>>(row.Renditions),
            row.Revision is null ? null : $"{gateway.Value.SiteOf(request)}/watch/{BlobKey.UrlPath(row.Video)}/playlist.m3u8",
            row.PosterKey is null ? null : store.PublicUrl(row.PosterKey, request),
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt), row.CanRetry == 1);
    }

    private sealed record VideoRow
    {
        public string Video { get; init; } = "";

        public string? Revision { get; init; }

        public long CanRetry { get; init; }

        public long? DurationMs { get; init; }

        public string? Renditions { get; init; }

        public string? SourceKey { get; init; }

        public string? SourceSha256 { get; init; }

        public long? SourceBytes { get; init; }

        public string? OriginalKey { get; init; }

        public string? OriginalSha256 { get; init; }

        public long? OriginalBytes { get; init; }

        public string? PosterKey { get; init; }

        public long CreatedAt { get; init; }

        public string? Id { get; init; }

        public string? State { get; init; }

        public double? Progress { get; init; }

        public string? Error { get; init; }

        public long? EtaAt { get; init; }
    }
}
