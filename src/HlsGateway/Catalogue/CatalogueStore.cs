using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using HlsGateway.Content;
using HlsGateway.Database;

namespace HlsGateway.Catalogue;

/// <summary>One rung of the ladder, measured on what was made.</summary>
/// <param name="Path">Of its Media Playlist, below the video.</param>
/// <param name="FrameRate">Frames a second, three decimals at most.</param>
/// <param name="Bandwidth">Peak bits per second over any segment (RFC 8216, 4.3.4.2).</param>
internal sealed record PublishedRendition(
    string Name, string Path, int Width, int Height, double FrameRate, long Bandwidth, long AverageBandwidth, string Codecs);

/// <summary>A file that is kept of an upload: the durable copy that was made of it, or the file itself.</summary>
/// <param name="Sha256">Lower-case hexadecimal, compared with what the store gave back.</param>
internal sealed record SourceCopy(string Key, string Sha256, long Bytes);

/// <summary>Everything that becomes visible in one step.</summary>
internal sealed record Publication(
    string Video, string Revision, TimeSpan Duration, ImmutableArray<PublishedRendition> Renditions, ImmutableArray<RenditionFacts> Facts,
    SourceCopy? Source, string? PosterKey)
{
    /// <summary>The uploaded file as it came; null where it is not kept.</summary>
    public SourceCopy? Original { get; init; }

    /// <summary>Who uploaded it.</summary>
    public Actor By { get; init; } = Actor.System;

    /// <summary>Text tracks that the upload held.</summary>
    public ImmutableArray<PublishedCaptions> Captions { get; init; } = [];
}

/// <param name="Language">BCP 47, each once.</param>
/// <param name="Name">Null: the language's own name.</param>
/// <param name="WebVtt">The whole file.</param>
internal sealed record PublishedCaptions(string Language, string? Name, bool Sdh, string WebVtt);

/// <summary>The revision that new sessions of a video get.</summary>
/// <param name="Source">Null where none was kept.</param>
internal readonly record struct CurrentRevision(string Revision, SourceCopy? Source, bool HasAudio);

/// <summary>The rows of videos and revisions.</summary>
internal sealed class CatalogueStore(CatalogueDatabase database, PublishedVideos published, TimeProvider time)
{
    /// <summary>Grows with each change of a row, even where the clock of the machine that makes it is behind.</summary>
    internal const string Later = "CASE WHEN video.changed_at < @now THEN @now ELSE video.changed_at + 1 END";

    private const string Changed =
        """
        SELECT v.video, v.revision, v.changed_at, r.facts FROM video v
        LEFT JOIN revision r ON r.video = v.video AND r.revision = v.revision
        """;

    /// <summary>
    /// Remembers when a video's first upload was taken, ahead of the upload's job. Later uploads change nothing; the first one after the video was deleted
    /// counts as its first again.
    /// </summary>
    public Task ExpectAsync(string video, CancellationToken ct) => database.WriteAsync(
        (connection, transaction) => connection.ExecuteAsync(
            """
            INSERT INTO video (video, revision, created_at, changed_at) VALUES (@video, NULL, @now, @now)
            ON CONFLICT (video) DO UPDATE SET created_at = excluded.created_at
            WHERE video.revision IS NULL AND NOT EXISTS (SELECT 1 FROM job WHERE job.video = excluded.video AND job.kind = 'video' AND job.latest = 1 AND job.state <> 'cancelled')
            """,
            new { video, now = time.GetUtcNow().ToUnixTimeMilliseconds() }, transaction),
        ct);

    /// <summary>Makes a revision the one that new sessions get. All its objects must be in the store.</summary>
    /// <param name="with">Further writes in the same transaction; false rolls all of it back.</param>
    /// <returns>False when <paramref name="with"/> refused.</returns>
    public async Task<bool> PublishAsync(Publication publication, Func<DbConnection, DbTransaction, Task<bool>> with, CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var changedAt = await database.WriteAsync<long?>(
            async (connection, transaction) =>
            {
                if (!await with(connection, transaction))
                    return null;
                var old = await connection.ExecuteScalarAsync<string?>("SELECT revision FROM video WHERE video = @Video", new { publication.Video }, transaction);
                await connection.ExecuteAsync(
                    """
                    INSERT INTO revision (video, revision, published_at, duration_ms, renditions, facts, source_key, source_sha256, source_bytes,
                                          original_key, original_sha256, original_bytes, poster_key)
                    VALUES (@Video, @Revision, @now, @duration, @renditions, @facts, @key, @sha256, @bytes, @originalKey, @originalSha256, @originalBytes, @PosterKey)
                    """,
                    new
                    {
                        publication.Video,
                        publication.Revision,
                        now,
                        duration = (long)publication.Duration.TotalMilliseconds,
                        renditions = JsonSerializer.Serialize(publication.Renditions),
                        facts = JsonSerializer.Serialize(publication.Facts),
                        key = publication.Source?.Key,
                        sha256 = publication.Source?.Sha256,
                        bytes = publication.Source?.Bytes,
                        originalKey = publication.Original?.Key,
                        originalSha256 = publication.Original?.Sha256,
                        originalBytes = publication.Original?.Bytes,
                        publication.PosterKey,
                    },
                    transaction);
                var changed = await connection.ExecuteScalarAsync<long>(
                    $"""
                    INSERT INTO video (video, revision, created_at, changed_at) VALUES (@Video, @Revision, @now, @now)
                    ON CONFLICT (video) DO UPDATE SET revision = excluded.revision, changed_at = {Later}
                    RETURNING changed_at
                    """,
                    new { publication.Video, publication.Revision, now }, transaction);
                await new Change(changed, publication.By, "revision", publication.Revision, publication.Video, old, publication.Revision).WriteAsync(connection, transaction);
                return changed;
            },
            ct);
        if (changedAt is not { } at)
            return false;
        published.Apply([new(publication.Video, at, new PublishedVideo(publication.Video, publication.Revision, publication.Facts))]);
        return true;
    }

    /// <summary>Whether the revision was published, now or once, so that sessions may play it.</summary>
    public async Task<bool> IsKeptAsync(string video, string revision, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM revision WHERE video = @video AND revision = @revision", new { video, revision }) > 0;
    }

    /// <returns>Null when the video has no revision.</returns>
    internal static async Task<CurrentRevision?> FindCurrentAsync(string video, DbConnection connection, DbTransaction transaction)
    {
        var row = await connection.QuerySingleOrDefaultAsync<CurrentRow>(
            """
            SELECT r.revision, r.facts, r.source_key, r.source_sha256, r.source_bytes FROM video v
            JOIN revision r ON r.video = v.video AND r.revision = v.revision WHERE v.video = @video
            """,
            new { video }, transaction);
        if (row is null)
            return null;
        var source = row.SourceKey is { } key ? new SourceCopy(key, row.SourceSha256 ?? "", row.SourceBytes ?? 0) : null;
        return new(row.Revision, source, JsonSerializer.Deserialize<ImmutableArray<RenditionFacts>>(row.Facts).Any(facts => facts.Shape.HasAudio));
    }

    /// <summary>New sessions no longer get this video. Its objects stay until no session of the old revision can be valid.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> DeleteAsync(string video, Actor actor, CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var changedAt = await database.WriteAsync<long?>(
            async (connection, transaction) =>
            {
                var forUpdate = database.Dialect == Dialect.Postgres ? " FOR UPDATE" : "";
                var revision = await connection.ExecuteScalarAsync<string?>("SELECT revision FROM video WHERE video = @video" + forUpdate, new { video }, transaction);
                if (revision is null)
                    return null;
                var changed = await connection.ExecuteScalarAsync<long>(
                    $"UPDATE video SET revision = NULL, deleted_revision = revision, deleted_at = @now, changed_at = {Later} WHERE video = @video RETURNING changed_at", new { video, now }, transaction);
                await new Change(changed, actor, "revision", revision, video, revision, null).WriteAsync(connection, transaction);
                return changed;
            },
            ct);
        if (changedAt is not { } at)
            return false;
        published.Apply([new(video, at, null)]);
        return true;
    }

    /// <summary>Reads what changed at or after a time, into the snapshot.</summary>
    /// <returns>The latest change seen, Unix milliseconds.</returns>
    public async Task<long> RefreshAsync(long since, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = (await connection.QueryAsync<ChangedRow>($"{Changed} WHERE v.changed_at >= @since ORDER BY v.changed_at", new { since })).AsList();
        if (rows.Count == 0)
            return since;
        published.Apply(rows.Select(row => row.Change));
        return rows[^1].ChangedAt;
    }

    /// <summary>Reads one video into the snapshot, ahead of the next refresh.</summary>
    internal async Task ShowAsync(string video, DbConnection connection) =>
        published.Apply((await connection.QueryAsync<ChangedRow>($"{Changed} WHERE v.video = @video", new { video })).Select(row => row.Change));

    private sealed record ChangedRow
    {
        public string Video { get; init; } = "";

        public string? Revision { get; init; }

        public long ChangedAt { get; init; }

        public string? Facts { get; init; }

        public PublishedChange Change => new(Video, ChangedAt, Revision is null ? null : new PublishedVideo(
            Video, Revision, JsonSerializer.Deserialize<ImmutableArray<RenditionFacts>>(Facts ?? "[]")));
    }

    private sealed record CurrentRow
    {
        public string Revision { get; init; } = "";

        public string Facts { get; init; } = "[]";

        public string? SourceKey { get; init; }

        public string? SourceSha256 { get; init; }

        public long? SourceBytes { get; init; }
    }
}
