using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using HlsGateway.Content;
using HlsGateway.Database;
using HlsGateway.Jobs;

namespace HlsGateway.Catalogue;

internal enum Restored
{
    Done,

    /// <summary>Nothing of this id was deleted.</summary>
    NeverThere,

    /// <summary>Its objects may be gone by now.</summary>
    TooLate,

    /// <summary>The id has a revision, or an upload that is on its way to one.</summary>
    Taken,
}

/// <summary>Brings deleted videos back: a video's objects stay for as long as sessions that began before may play them.</summary>
internal sealed class DeletedVideos(CatalogueDatabase database, PublishedVideos published, TimeProvider time)
{
    /// <summary>How long after its deletion a video can be brought back. Its objects stay longer, by <c>Transcode:SweepMargin</c>.</summary>
    public static TimeSpan Grace(SessionsOptions sessions)
    {
        var least = TimeSpan.FromMinutes(10);
        return sessions.Lifetime > least ? sessions.Lifetime : least;
    }

    /// <summary>New sessions get the revision again that was deleted.</summary>
    public async Task<Restored> RestoreAsync(string video, TimeSpan grace, Actor actor, CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (outcome, at, shown) = await database.WriteAsync<(Restored, long, PublishedVideo?)>(
            async (connection, transaction) =>
            {
                await JobTable.LockAsync(video, database.Dialect, connection, transaction);
                var forUpdate = database.Dialect == Dialect.Postgres ? " FOR UPDATE" : "";
                var row = await connection.QuerySingleOrDefaultAsync<Row>("SELECT revision, deleted_revision, deleted_at FROM video WHERE video = @video" + forUpdate, new { video }, transaction);
                var uploads = await connection.ExecuteScalarAsync<long>(
                    $"SELECT COUNT(*) FROM job WHERE video = @video AND kind = '{JobKind.Video}' AND state IN {JobTable.Unfinished}", new { video }, transaction);
                if (row?.Revision is not null || uploads > 0)
                    return (Restored.Taken, 0, null);
                if (row?.DeletedRevision is not { } revision)
                    return (Restored.NeverThere, 0, null);
                var facts = row.DeletedAt.GetValueOrDefault() + (long)grace.TotalMilliseconds <= now ? null : await connection.ExecuteScalarAsync<string?>(
                    "UPDATE revision SET retired_at = NULL WHERE video = @video AND revision = @revision RETURNING facts", new { video, revision }, transaction);
                if (facts is null)
                    return (Restored.TooLate, 0, null);
                var changed = await connection.ExecuteScalarAsync<long>(
                    $"UPDATE video SET revision = @revision, deleted_revision = NULL, deleted_at = NULL, changed_at = {CatalogueStore.Later} WHERE video = @video RETURNING changed_at",
                    new { video, revision, now }, transaction);
                await new Change(changed, actor, "revision", revision, video, null, revision).WriteAsync(connection, transaction);
                return (Restored.Done, changed, new PublishedVideo(video, revision, JsonSerializer.Deserialize<ImmutableArray<RenditionFacts>>(facts)));
            },
            ct);
        if (shown is not null)
            published.Apply([new(video, at, shown)]);
        return outcome;
    }

    private sealed record Row
    {
        public string? Revision { get; init; }

        public string? DeletedRevision { get; init; }

        public long? DeletedAt { get; init; }
    }
}
