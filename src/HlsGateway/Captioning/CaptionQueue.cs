using System.Data.Common;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Subtitles;
using Microsoft.Extensions.Options;

namespace HlsGateway.Captioning;

/// <summary>A job of <see cref="JobKind.Captions"/>, as its row tells it.</summary>
internal sealed class CaptionJob
{
    public string Language { get; set; } = "";

    /// <summary>queued, listening, ready, failed, cancelled.</summary>
    public string State { get; set; } = "";

    public double Progress { get; set; }

    public long Attempts { get; set; }

    public string? Error { get; set; }

    /// <summary>The revision whose sound is transcribed.</summary>
    public string Subject { get; set; } = "";

    /// <summary>Unix milliseconds, as the next.</summary>
    public long CreatedAt { get; set; }

    public long ChangedAt { get; set; }
}

/// <summary>Why no job is queued.</summary>
internal enum CaptionRefusal
{
    None,

    /// <summary>Not an upload of ours, or not ready yet.</summary>
    NoVideo,
    NoSound,

    /// <summary>People wrote captions of that language.</summary>
    ByHand,
}

/// <summary>Jobs that write automatic captions: queued with a revision, or when somebody asks. One at a time for each language of a video.</summary>
internal sealed class CaptionQueue(CatalogueDatabase database, IOptions<SubtitlesOptions> options, TimeProvider time)
{
    internal const string Outdated = "A newer upload replaced the one that these captions were written for.";

    private const string Columns = "language, state, progress, attempts, error, subject, created_at, changed_at";

    private const string Latest = "video = @video AND kind = 'captions' AND latest = 1";

    /// <summary>In the transaction that publishes a revision, so that no crash can separate them. The video's lock is held.</summary>
    internal async Task AddForPublishedAsync(Publication publication, DbConnection connection, DbTransaction transaction)
    {
        // Captions from an earlier revision would not match the new sound.
        await EndAsync(publication.Video, null, Outdated, connection, transaction);
        var automatic = options.Value.Automatic;
        if (!automatic.IsOn || !automatic.OnPublish || publication.Source is not { } source || !publication.Facts.Any(facts => facts.Shape.HasAudio))
            return;
        LanguageTag.TryRead(automatic.Language, out var language);
        if (await CaptionStore.MayBeAutomaticAsync(publication.Video, language, connection, transaction))
            await InsertAsync(publication.Video, language, publication.Revision, source, connection, transaction);
    }

    /// <summary>Queues one, or returns the one that already waits or runs.</summary>
    internal Task<(CaptionJob? Job, CaptionRefusal Refusal)> AddAsync(string video, string language, CancellationToken ct) =>
        database.WriteAsync<(CaptionJob?, CaptionRefusal)>(
            async (connection, transaction) =>
            {
                await JobTable.LockAsync(video, database.Dialect, connection, transaction);
                if (await CatalogueStore.FindCurrentAsync(video, connection, transaction) is not { Source: { } source } current)
                    return (null, CaptionRefusal.NoVideo);
                if (!current.HasAudio)
                    return (null, CaptionRefusal.NoSound);
                if (!await CaptionStore.MayBeAutomaticAsync(video, language, connection, transaction))
                    return (null, CaptionRefusal.ByHand);
                var find = $"SELECT {Columns} FROM job WHERE {Latest} AND language = @language";
                var running = await connection.QuerySingleOrDefaultAsync<CaptionJob>(
                    $"{find} AND subject = @Revision AND state IN {JobTable.Unfinished}", new { video, language, current.Revision }, transaction);
                if (running is not null)
                    return (running, CaptionRefusal.None);
                await InsertAsync(video, language, current.Revision, source, connection, transaction);
                return (await connection.QuerySingleAsync<CaptionJob>(find, new { video, language }, transaction), CaptionRefusal.None);
            },
            ct);

    /// <returns>False when none of that language was waiting or running.</returns>
    internal Task<bool> CancelAsync(string video, string language, CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await JobTable.LockAsync(video, database.Dialect, connection, transaction);
            return await EndAsync(video, language, null, connection, transaction) > 0;
        },
        ct);

    /// <summary>The newest job of each language of a video.</summary>
    internal async Task<IReadOnlyList<CaptionJob>> ListAsync(string video, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return [.. await connection.QueryAsync<CaptionJob>(new CommandDefinition($"SELECT {Columns} FROM job WHERE {Latest} ORDER BY language", new { video }, cancellationToken: ct))];
    }

    private async Task InsertAsync(string video, string language, string revision, SourceCopy source, DbConnection connection, DbTransaction transaction)
    {
        await EndAsync(video, language, null, connection, transaction);
        await connection.ExecuteAsync($"UPDATE job SET latest = 0 WHERE {Latest} AND language = @language", new { video, language }, transaction);
        // Such a job keeps nothing in the store, so there is nothing to sweep: what it reads is the revision's own source.
        await connection.ExecuteAsync(
            """
            INSERT INTO job (id, video, latest, state, upload_key, bytes, attempts, lease_until, progress, created_at, changed_at, swept, kind, language, subject)
            VALUES (@id, @video, 1, 'queued', @Key, @Bytes, 0, 0, 0, @now, @now, 1, 'captions', @language, @revision)
            """,
            new { id = Guid.CreateVersion7(time.GetUtcNow()).ToString("n"), video, source.Key, source.Bytes, now = Now(), language, revision }, transaction);
    }

    /// <param name="language">Null: of every language.</param>
    private Task<int> EndAsync(string video, string? language, string? reason, DbConnection connection, DbTransaction transaction) => connection.ExecuteAsync(
        $"""
        UPDATE job SET state = 'cancelled', error = @reason, changed_at = @now
        WHERE video = @video AND kind = 'captions' AND state IN {JobTable.Unfinished} AND (CAST(@language AS text) IS NULL OR language = @language)
        """,
        new { video, language, reason, now = Now() }, transaction);

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
