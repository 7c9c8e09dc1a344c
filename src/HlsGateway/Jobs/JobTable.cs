using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using HlsGateway.Database;
using Microsoft.Extensions.Options;

namespace HlsGateway.Jobs;

/// <summary>What a job makes. Each kind has workers of its own: a transcription keeps no upload waiting.</summary>
internal static class JobKind
{
    /// <summary>A revision of an upload.</summary>
    public const string Video = "video";

    /// <summary>Automatic captions of a revision.</summary>
    public const string Captions = "captions";
}

/// <summary>A job that a worker holds.</summary>
/// <param name="UploadKey">The object that it reads: an upload, or a revision's source.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Revision">This attempt's own: two workers that both believe they hold the lease never write the same object.</param>
/// <param name="Again">There was an earlier attempt, whose objects are not used.</param>
internal sealed record ClaimedJob(string Id, string Video, string UploadKey, int Attempt, string Revision, bool Again, string Worker)
{
    /// <summary>Captions: of which language; empty for other kinds.</summary>
    public string Language { get; init; } = "";

    /// <summary>Captions: of which published revision; empty for other kinds.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Who asked for it.</summary>
    public Actor By { get; init; } = Actor.System;

    /// <summary>What the revisions of every attempt of this job begin with, and no other job's.</summary>
    public string Revisions => RevisionsOf(Id);

    internal static string RevisionsOf(string id) => id + "-";
}

/// <summary>Jobs as rows with a lease, shared by every worker on the database.</summary>
internal sealed class JobTable(CatalogueDatabase database, IOptions<JobsOptions> options, TimeProvider time)
{
    public const int MaxAttempts = 3;

    internal const string Unfinished = "('queued', 'probing', 'transcoding', 'publishing', 'listening')";

    /// <summary>Queues an upload, as the newest of its video; one of the same video that still waits or runs is cancelled. Its captions' jobs go on.</summary>
    public Task<string> AddAsync(string video, string uploadKey, long bytes, Actor by, CancellationToken ct) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                // Neither of two uploads at once would see the other's row, and both would be the latest.
                await LockAsync(video, database.Dialect, connection, transaction);
                return await InsertAsync(video, uploadKey, bytes, by, connection, transaction);
            },
            ct);

    /// <summary>Queues the upload of a video's newest job once more, where that job failed and may be retried: as a new job, so that nothing of the old one is mixed with it.</summary>
    /// <param name="isKept">Whether the store still has the upload.</param>
    public Task<bool> RetryAsync(string video, Actor by, Func<string, Task<bool>> isKept, CancellationToken ct) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                // The sweep holds it too while it removes uploads.
                await LockAsync(video, database.Dialect, connection, transaction);
                var (upload, bytes) = await connection.QueryFirstOrDefaultAsync<(string?, long)>(
                    $"SELECT upload_key, bytes FROM job WHERE video = @video AND kind = '{JobKind.Video}' AND latest = 1 AND state = 'failed' AND retryable = 1 AND swept = 0", new { video }, transaction);
                if (upload is null || !await isKept(upload))
                    return false;
                await InsertAsync(video, upload, bytes, by, connection, transaction);
                return true;
            },
            ct);

    private async Task<string> InsertAsync(string video, string uploadKey, long bytes, Actor by, DbConnection connection, DbTransaction transaction)
    {
        var now = Now();
        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString("n");
        await connection.ExecuteAsync(
            $"UPDATE job SET state = 'cancelled', changed_at = @now WHERE video = @video AND kind = '{JobKind.Video}' AND state IN {Unfinished}", new { video, now }, transaction);
        await connection.ExecuteAsync(
            $"UPDATE job SET latest = 0 WHERE video = @video AND kind = '{JobKind.Video}' AND latest = 1", new { video }, transaction);
        await connection.ExecuteAsync(
            """
            INSERT INTO job (id, video, latest, state, upload_key, bytes, attempts, lease_until, progress, created_at, changed_at, actor)
            VALUES (@id, @video, 1, 'queued', @uploadKey, @bytes, 0, 0, 0, @now, @now, @actor)
            """,
            new { id, video, uploadKey, bytes, now, actor = by.Text }, transaction);
        return id;
    }

    /// <summary>
    /// Until the transaction ends nobody else queues a job of the video, ends them or publishes. Taken before any row of its jobs, or two
    /// transactions would wait for each other. SQLite runs one at a time anyway.
    /// </summary>
    internal static async Task LockAsync(string video, Dialect dialect, DbConnection connection, DbTransaction transaction)
    {
        if (dialect == Dialect.Postgres)
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended(@video, 0))", new { video }, transaction);
    }

    /// <summary>Takes the oldest job of a kind that nobody holds, or null.</summary>
    /// <param name="kind">One of <see cref="JobKind"/>.</param>
    public Task<ClaimedJob?> ClaimAsync(string kind, string worker, CancellationToken ct)
    {
        var (begun, advice) = kind == JobKind.Captions
            ? ("listening", "while it wrote the captions of this video. Read the worker's log before you ask for them again.")
            : ("probing", "while it worked on this file. Save it with another program and upload it again.");
        var skip = database.Dialect == Dialect.Postgres ? "FOR UPDATE SKIP LOCKED" : "";
        return database.WriteAsync<ClaimedJob?>(
            async (connection, transaction) =>
            {
                var now = Now();
                // A job that took its worker down three times would take down a fourth.
                await connection.ExecuteAsync(
                    $"""
                    UPDATE job SET state = 'failed', changed_at = @now, error = @error
                    WHERE kind = @kind AND state IN {Unfinished} AND lease_until < @now AND attempts >= {MaxAttempts}
                    """,
                    new { now, kind, error = $"The worker stopped {MaxAttempts} times {advice}" }, transaction);
                var row = await connection.QueryFirstOrDefaultAsync<JobRow>(
                    $"SELECT id, video, upload_key, attempts, revision, language, subject, actor FROM job WHERE kind = @kind AND state IN {Unfinished} AND lease_until < @now ORDER BY created_at, id LIMIT 1 {skip}",
                    new { now, kind }, transaction);
                if (row is null)
                    return null;
                var revision = $"{row.Id}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
                await connection.ExecuteAsync(
                    """
                    UPDATE job SET state = @begun, attempts = attempts + 1, revision = @revision, worker = @worker, lease_until = @until, eta_at = NULL,
                                   error = NULL, started_at = @now, changed_at = @now WHERE id = @Id
                    """,
                    new { begun, revision, worker, until = now + Lease, now, row.Id }, transaction);
                return new ClaimedJob(row.Id, row.Video, row.UploadKey, (int)row.Attempts + 1, revision, row.Revision is not null, worker)
                {
                    Language = row.Language ?? "",
                    Subject = row.Subject ?? "",
                    By = row.Actor.Length > 0 ? new Actor(row.Actor) : Actor.System,
                };
            },
            ct);
    }

    /// <summary>Renews the lease and tells how far the job is. Progress only grows, also where a later attempt begins again.</summary>
    /// <returns>False: the job is no longer this worker's, or was cancelled; it must stop at once.</returns>
    public async Task<bool> ReportAsync(ClaimedJob job, JobStep step, CancellationToken ct) =>
        await database.WriteAsync(
            (connection, transaction) =>
            {
                // Read inside the transaction: after a wait for it, a lease counted from an earlier time could already be over.
                var now = Now();
                return connection.ExecuteAsync(
                    $"""
                    UPDATE job SET state = @State, progress = CASE WHEN progress < @Progress THEN @Progress ELSE progress END, eta_at = @eta, lease_until = @until, changed_at = @now
                    WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}
                    """,
                    new { step.State, step.Progress, eta = now + (long?)(step.Remaining * 1000), until = now + Lease, now, job.Id, job.Worker, job.Revision }, transaction);
            },
            ct) == 1;

    /// <summary>Part of the transaction that publishes: only who holds the job may end it.</summary>
    public async Task<bool> FinishAsync(ClaimedJob job, DbConnection connection, DbTransaction transaction) =>
        await connection.ExecuteAsync(
            $"UPDATE job SET state = 'ready', progress = 1, changed_at = @now WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}",
            new { now = Now(), job.Id, job.Worker, job.Revision }, transaction) == 1;

    /// <summary>Ends a job whose result is no longer wanted, with a reason. Only the worker that holds the job may.</summary>
    public async Task<bool> DropAsync(ClaimedJob job, string reason, DbConnection connection, DbTransaction transaction) =>
        await connection.ExecuteAsync(
            $"UPDATE job SET state = 'cancelled', error = @reason, changed_at = @now WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}",
            new { reason, now = Now(), job.Id, job.Worker, job.Revision }, transaction) == 1;

    /// <summary>Ends a job for good, with a reason for the uploader.</summary>
    /// <param name="retryable">What it read is kept for a while: it may be asked for once more.</param>
    public Task FailAsync(ClaimedJob job, string reason, CancellationToken ct, bool retryable = false) =>
        database.WriteAsync(
            (connection, transaction) => connection.ExecuteAsync(
                $"UPDATE job SET state = 'failed', error = @reason, retryable = @retryable, changed_at = @now WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}",
                new { reason, retryable = retryable ? 1L : 0L, now = Now(), job.Id, job.Worker, job.Revision }, transaction),
            ct);

    /// <summary>
    /// Gives a job back after trouble that is not the file's: it starts again, here or elsewhere, after a pause that grows, so that
    /// a store or a disk that is away for a while does not use up the attempts.
    /// </summary>
    public Task ReleaseAsync(ClaimedJob job, string reason, CancellationToken ct) =>
        database.WriteAsync(
            (connection, transaction) => connection.ExecuteAsync(
                $"""
                UPDATE job SET state = CASE WHEN attempts >= {MaxAttempts} THEN 'failed' ELSE 'queued' END, retryable = CASE WHEN attempts >= {MaxAttempts} THEN 1 ELSE 0 END, error = @reason, lease_until = @until, changed_at = @now
                WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}
                """,
                new { reason, now = Now(), until = Retries.NextTry(time, job.Attempt).ToUnixTimeMilliseconds(), job.Id, job.Worker, job.Revision }, transaction),
            ct);

    /// <summary>Gives a job back because this process stops; that is no failed attempt.</summary>
    public Task HandBackAsync(ClaimedJob job, CancellationToken ct) =>
        database.WriteAsync(
            (connection, transaction) => connection.ExecuteAsync(
                $"""
                UPDATE job SET state = 'queued', attempts = attempts - 1, lease_until = 0, eta_at = NULL, changed_at = @now
                WHERE id = @Id AND worker = @Worker AND revision = @Revision AND state IN {Unfinished}
                """,
                new { now = Now(), job.Id, job.Worker, job.Revision }, transaction),
            ct);

    public async Task<bool> IsCancelledAsync(ClaimedJob job, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.ExecuteScalarAsync<string>("SELECT state FROM job WHERE id = @Id", new { job.Id }) == "cancelled";
    }

    /// <summary>State, progress and error of a video's newest upload; nulls when it has none.</summary>
    public async Task<(string? State, double Progress, string? Error)> StateAsync(string video, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<(string?, double, string?)>(
            $"SELECT state, progress, error FROM job WHERE video = @video AND kind = '{JobKind.Video}' AND latest = 1", new { video });
    }

    /// <summary>Whether an upload of the video waits or runs.</summary>
    public async Task<bool> IsBusyAsync(string video, CancellationToken ct) =>
        (await StateAsync(video, ct)).State is "queued" or "probing" or "transcoding" or "publishing";

    /// <summary>A cheap look before the lock that a claim takes.</summary>
    public async Task<bool> AnyToDoAsync(string kind, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.ExecuteScalarAsync<long>(
            $"SELECT COUNT(*) FROM job WHERE kind = @kind AND state IN {Unfinished} AND lease_until < @now", new { kind, now = Now() }) > 0;
    }

    /// <summary>Ends every job of a video, of whatever kind.</summary>
    /// <returns>False when no job of the video was waiting or running.</returns>
    public async Task<bool> CancelAsync(string video, CancellationToken ct)
    {
        var now = Now();
        return await database.WriteAsync(
            async (connection, transaction) =>
            {
                await LockAsync(video, database.Dialect, connection, transaction);
                var ended = await connection.ExecuteAsync(
                    $"UPDATE job SET state = 'cancelled', changed_at = @now WHERE video = @video AND (state IN {Unfinished} OR (latest = 1 AND state = 'failed'))",
                    new { video, now }, transaction);
                await connection.ExecuteAsync("UPDATE job SET latest = 0 WHERE video = @video AND latest = 1", new { video }, transaction);
                return ended;
            },
            ct) > 0;
    }

    /// <summary>Ids of the uploads that wait, next first.</summary>
    internal static async Task<List<string>> WaitingAsync(DbConnection connection) =>
        (await connection.QueryAsync<string>($"SELECT id FROM job WHERE kind = '{JobKind.Video}' AND state = 'queued' ORDER BY created_at, id")).AsList();

    private long Lease => (long)options.Value.Lease.TotalMilliseconds;

    private Backoff Retries => new(options.Value.Lease, options.Value.Lease * 4) { Growth = 4 };

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed record JobRow
    {
        public string Id { get; init; } = "";

        public string Video { get; init; } = "";

        public string UploadKey { get; init; } = "";

        public long Attempts { get; init; }

        public string? Revision { get; init; }

        public string? Language { get; init; }

        public string? Subject { get; init; }

        public string Actor { get; init; } = "";
    }
}
