using System.Data.Common;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// Removes objects that no session and no job can ask for: 1. revisions that were replaced or deleted longer ago than a session lives and a deletion can be undone;
/// 2. what ended jobs left: half-published revisions, uploads, sources, originals; 3. uploads that never became a job. Each turn is bounded, and any
/// number of processes may do the same turn at once: rows go after their objects, and absent objects are no error.
/// Trailers are not touched: sessions, schedules and the undoing of a swap all name their versions.
/// </summary>
internal sealed class ObjectSweep(
    CatalogueDatabase database, BlobStore store, IOptions<TranscodeOptions> options, IOptions<SessionsOptions> sessions, TimeProvider time)
{
    /// <summary>Revisions and jobs, each.</summary>
    public const int PerTurn = 20;

    /// <summary>No upload of ours takes a day.</summary>
    private static readonly TimeSpan PartialAge = TimeSpan.FromDays(1);

    private const int UploadsPerTurn = 1000;

    /// <summary>When this process first saw an upload without a job. One that is just being queued is seen once at most.</summary>
    private readonly Dictionary<string, DateTimeOffset> strays = new(StringComparer.Ordinal);

    /// <returns>How many revisions, jobs and uploads were tidied up.</returns>
    public async Task<int> TurnAsync(CancellationToken ct)
    {
        await store.RemovePartialsAsync(PartialAge, ct);
        var removed = 0;
        // 1.
        await RetireAsync(ct);
        foreach (var revision in await RetiredAsync(ct))
            removed += await RemoveAsync(revision, ct) ? 1 : 0;
        // 2.
        foreach (var job in await EndedAsync(ct))
            removed += await RemoveAsync(job, ct) ? 1 : 0;
        // 3.
        return removed + await RemoveStraysAsync(ct);
    }

    /// <summary>How long a replaced revision stays is counted from when a sweep first sees it replaced, so never too short.</summary>
    private Task<int> RetireAsync(CancellationToken ct) => database.WriteAsync(
        (connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE revision SET retired_at = @now WHERE retired_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM video WHERE video.video = revision.video AND video.revision = revision.revision)
            """,
            new { now = Before(TimeSpan.Zero) }, transaction),
        ct);

    private async Task<IEnumerable<RetiredRevision>> RetiredAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QueryAsync<RetiredRevision>(
            $"SELECT video, revision, source_key, original_key FROM revision WHERE retired_at < @before ORDER BY retired_at LIMIT {PerTurn}",
            new { before = Before(DeletedVideos.Grace(sessions.Value) + options.Value.SweepMargin) });
    }

    private async Task<bool> RemoveAsync(RetiredRevision old, CancellationToken ct)
    {
        await store.DeletePrefixAsync(PublishedVideo.Prefix(old.Video, old.Revision), ct);
        return await AloneAsync(
            old.Video,
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync("DELETE FROM revision WHERE video = @Video AND revision = @Revision", old, transaction);
                foreach (var key in new[] { old.SourceKey, old.OriginalKey }.OfType<string>())
                    if (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM revision WHERE source_key = @key OR original_key = @key", new { key }, transaction) == 0)
                        await store.DeleteAsync(key, ct);
            },
            ct);
    }

    /// <summary>A worker that has lost its job stops within a lease; the margin is far longer.</summary>
    private async Task<IEnumerable<EndedJob>> EndedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QueryAsync<EndedJob>(
            $"SELECT id, video, upload_key FROM job WHERE swept = 0 AND state NOT IN {JobTable.Unfinished} AND changed_at < @before ORDER BY changed_at LIMIT {PerTurn}",
            new { before = Before(options.Value.SweepMargin) });
    }

    private async Task<bool> RemoveAsync(EndedJob job, CancellationToken ct)
    {
        HashSet<string> revisions;
        await using (var connection = await database.OpenAsync(ct))
            revisions = (await connection.QueryAsync<string>("SELECT revision FROM revision WHERE video = @Video", job)).ToHashSet(StringComparer.Ordinal);
        var folder = $"videos/{job.Video}/";
        await foreach (var key in store.ListAsync(folder + ClaimedJob.RevisionsOf(job.Id), ct))
            if (!revisions.Contains(key[folder.Length..].Split('/')[0]))
                await store.DeleteAsync(key, ct);

        return await AloneAsync(
            job.Video,
            async (connection, transaction) =>
            {
                var kept = (await connection.QueryAsync<string>(
                    "SELECT source_key FROM revision WHERE video = @Video UNION SELECT original_key FROM revision WHERE video = @Video", job, transaction)).ToHashSet(StringComparer.Ordinal);
                foreach (var copies in (string[])[$"sources/{job.Video}/", $"originals/{job.Video}/"])
                    // Those of a/b are below a/ too.
                    await foreach (var key in store.ListAsync(copies, ct))
                        if (!key.AsSpan(copies.Length).Contains('/') && !kept.Contains(key))
                            await store.DeleteAsync(key, ct);
                if (await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM job WHERE upload_key = @UploadKey AND (state IN {JobTable.Unfinished} OR (id <> @Id AND latest = 1 AND swept = 0))", job, transaction) == 0)
                    await store.DeleteAsync(job.UploadKey, ct);
                await connection.ExecuteAsync("UPDATE job SET swept = 1 WHERE id = @Id", job, transaction);
            },
            ct);
    }

    /// <summary>
    /// While no job of the video runs and none can be queued: a source has its content's name, so a job could at any moment store again
    /// what is about to be removed.
    /// </summary>
    /// <returns>False: a job runs, a later turn tries again.</returns>
    private Task<bool> AloneAsync(string video, Func<DbConnection, DbTransaction, Task> remove, CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await JobTable.LockAsync(video, database.Dialect, connection, transaction);
            if (await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM job WHERE video = @video AND state IN {JobTable.Unfinished}", new { video }, transaction) > 0)
                return false;
            await remove(connection, transaction);
            return true;
        },
        ct);

    private async Task<int> RemoveStraysAsync(CancellationToken ct)
    {
        HashSet<string> wanted;
        var found = await store.ListAsync("uploads/", ct).Take(UploadsPerTurn).ToListAsync(ct);
        // Asked after the list: whatever was queued meanwhile is among them.
        await using (var connection = await database.OpenAsync(ct))
            wanted = (await connection.QueryAsync<string>("SELECT upload_key FROM job WHERE swept = 0")).ToHashSet(StringComparer.Ordinal);
        var now = time.GetUtcNow();
        foreach (var gone in strays.Keys.Except(found, StringComparer.Ordinal).ToList())
            strays.Remove(gone);
        var removed = 0;
        foreach (var key in found.Where(key => !wanted.Contains(key)))
        {
            if (strays.TryAdd(key, now) || now - strays[key] < options.Value.SweepMargin)
                continue;
            await store.DeleteAsync(key, ct);
            removed++;
        }

        return removed;
    }

    private long Before(TimeSpan age) => (time.GetUtcNow() - age).ToUnixTimeMilliseconds();

    private sealed record RetiredRevision
    {
        public string Video { get; init; } = "";

        public string Revision { get; init; } = "";

        public string? SourceKey { get; init; }

        public string? OriginalKey { get; init; }
    }

    private sealed record EndedJob
    {
        public string Id { get; init; } = "";

        public string Video { get; init; } = "";

        public string UploadKey { get; init; } = "";
    }
}
