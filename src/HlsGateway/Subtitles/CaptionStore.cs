using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Playlists;
using Microsoft.Extensions.Options;

namespace HlsGateway.Subtitles;

/// <summary>The SQL of captions. Every change writes what it did into <c>change</c> in its own transaction.</summary>
internal sealed class CaptionStore(CatalogueDatabase database, IOptions<SubtitlesOptions> options, TimeProvider time)
{
    private const string TrackColumns =
        "t.video, t.language, t.name, t.is_default, t.sdh, t.machine, t.sha256, t.saved_at, t.actor, t.changed, t.number";

    private const string WithContent =
        $"SELECT {TrackColumns}, v.content FROM caption_track t LEFT JOIN caption_version v ON v.video = t.video AND v.language = t.language AND v.sha256 = t.sha256";

    /// <summary>What versions are called in URLs and answers: the first 8 hexadecimal digits.</summary>
    public static string Prefix(string sha256) => sha256[..8];

    internal async Task<IReadOnlyList<LiveCaptions>> ChangedSinceAsync(long changed, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return [.. await connection.QueryAsync<LiveCaptions>(new CommandDefinition($"{WithContent} WHERE t.changed > @changed ORDER BY t.changed", new { changed }, cancellationToken: ct))];
    }

    internal async Task<LiveCaptions?> FindAsync(string video, string language, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<LiveCaptions>(new CommandDefinition(
            $"{WithContent} WHERE t.video = @video AND t.language = @language AND t.sha256 IS NOT NULL", new { video, language }, cancellationToken: ct));
    }

    internal async Task<CaptionVersion?> FindVersionAsync(string video, string language, string version, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<CaptionVersion>(new CommandDefinition(
            "SELECT language, sha256, content, saved_at, actor FROM caption_version WHERE video = @video AND language = @language AND substr(sha256, 1, 8) = @version",
            new { video, language, version }, cancellationToken: ct));
    }

    internal async Task<CaptionDraft?> FindDraftAsync(string video, string language, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<CaptionDraft>(new CommandDefinition(
            "SELECT language, content, saved_at, actor, changed FROM caption_draft WHERE video = @video AND language = @language", new { video, language }, cancellationToken: ct));
    }

    /// <summary>All that is known of a video's captions, without their texts: live tracks, drafts, every version from the newest on.</summary>
    internal async Task<(IReadOnlyList<LiveCaptions> Tracks, IReadOnlyList<CaptionDraft> Drafts, IReadOnlyList<CaptionVersion> Versions)> ListAsync(string video, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var tracks = await connection.QueryAsync<LiveCaptions>(new CommandDefinition(
            $"{WithContent} WHERE t.video = @video AND t.sha256 IS NOT NULL ORDER BY t.language", new { video }, cancellationToken: ct));
        var drafts = await connection.QueryAsync<CaptionDraft>(new CommandDefinition(
            "SELECT language, saved_at, actor, changed FROM caption_draft WHERE video = @video ORDER BY language", new { video }, cancellationToken: ct));
        var versions = await connection.QueryAsync<CaptionVersion>(new CommandDefinition(
            "SELECT language, sha256, saved_at, actor FROM caption_version WHERE video = @video ORDER BY saved_at DESC", new { video }, cancellationToken: ct));
        return ([.. tracks], [.. drafts], [.. versions]);
    }

    /// <summary>Makes a file the live one of its language. The same file with the same attributes again changes nothing.</summary>
    internal Task<CaptionSaved> PublishAsync(CaptionEdit edit, CancellationToken ct) =>
        database.WriteAsync<CaptionSaved>((connection, transaction) => PublishAsync(edit, connection, transaction), ct);

    /// <summary>
    /// Takes over a track that an upload held, in the transaction that publishes the upload. Only where there are no captions, or captions of an
    /// earlier upload or of a machine: what an editor wrote is never overwritten.
    /// </summary>
    internal async Task<CaptionOutcome> AdoptAsync(string video, PublishedCaptions track, DbConnection connection, DbTransaction transaction) =>
        await OwnerAsync(video, track.Language, connection, transaction) is not { } owner || owner == Actor.Upload || owner == Actor.Automatic
            ? (await PublishAsync(
                new CaptionEdit(video, track.Language, track.WebVtt, track.Name, Default: null, track.Sdh, Machine: null, Actor.Upload, default), connection, transaction)).Outcome
            : CaptionOutcome.PreconditionFailed;

    /// <summary>Publishes what a program wrote, in the transaction that ends its job. Only where there are no captions, or captions that a machine wrote.</summary>
    internal async Task<CaptionOutcome> PublishAutomaticAsync(
        string video, string language, string name, string content, DbConnection connection, DbTransaction transaction) =>
        await MayBeAutomaticAsync(video, language, connection, transaction)
            ? (await PublishAsync(new CaptionEdit(video, language, content, name, Default: null, Sdh: null, Machine: true, Actor.Automatic, default), connection, transaction)).Outcome
            : CaptionOutcome.PreconditionFailed;

    /// <summary>Whether there are no captions of the language that a person wrote. Nobody can change that until the transaction ends.</summary>
    internal static async Task<bool> MayBeAutomaticAsync(string video, string language, DbConnection connection, DbTransaction transaction) =>
        await OwnerAsync(video, language, connection, transaction) is not { } owner || owner == Actor.Automatic;

    /// <summary>Deletes the tracks that a machine wrote: they were written from sound that the video no longer has.</summary>
    internal async Task WithdrawAutomaticAsync(string video, DbConnection connection, DbTransaction transaction)
    {
        var languages = (await connection.QueryAsync<string>(
            "SELECT language FROM caption_track WHERE video = @video AND actor = @automatic AND sha256 IS NOT NULL", new { video, automatic = Actor.Automatic.Text }, transaction)).AsList();
        foreach (var language in languages)
            if (await OwnerAsync(video, language, connection, transaction) == Actor.Automatic)
                await DeleteAsync(video, language, default, Actor.Automatic, connection, transaction);
    }

    /// <summary>The actor of a live track, null where there is none.</summary>
    private static async Task<Actor?> OwnerAsync(string video, string language, DbConnection connection, DbTransaction transaction)
    {
        await TickAsync(connection, transaction);
        return await connection.ExecuteScalarAsync<string?>(
            "SELECT actor FROM caption_track WHERE video = @video AND language = @language AND sha256 IS NOT NULL", new { video, language }, transaction) is { } text ? new Actor(text) : null;
    }

    /// <param name="restored">The publication that a rollback brings back, with what the next rollback goes back to.</param>
    private async Task<CaptionSaved> PublishAsync(CaptionEdit edit, DbConnection connection, DbTransaction transaction, (CaptionPublication Of, long Parent)? restored = null)
    {
        var clock = await TickAsync(connection, transaction);
        var tracks = (await connection.QueryAsync<LiveCaptions>(
            $"SELECT {TrackColumns} FROM caption_track t WHERE t.video = @Video AND t.sha256 IS NOT NULL", new { edit.Video }, transaction)).ToList();
        var old = tracks.Find(track => string.Equals(track.Language, edit.Language, StringComparison.Ordinal));
        if (!edit.Precondition.Allows(old?.ETag))
            return new(CaptionOutcome.PreconditionFailed, old);
        if (old is null && tracks.Count >= options.Value.MaxTracks)
            return new(CaptionOutcome.TooMany, null);

        tracks.Remove(old ?? new());
        // A machine's name and marks say nothing about what a person wrote.
        var before = old?.Actor == Actor.Automatic.Text && edit.Actor != Actor.Automatic ? null : old;
        var row = new LiveCaptions
        {
            Video = edit.Video,
            Language = edit.Language,
            Name = edit.Name ?? before?.Name ?? Unique(LanguageTag.NativeName(edit.Language), tracks),
            IsDefault = Flag(edit.Default, before?.IsDefault),
            Sdh = Flag(edit.Sdh, before?.Sdh),
            Machine = Flag(edit.Machine, before?.Machine),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(edit.Content))),
            SavedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Actor = edit.Actor.Text,
            Changed = clock,
        };
        row.Name = Unique(row.Name, tracks);
        if (restored is null)
            await DropDraftAsync(edit.Video, edit.Language, edit.Actor, connection, transaction);
        if (before is not null && before.Says(row))
            return new(CaptionOutcome.Unchanged, before);
        var last = await connection.ExecuteScalarAsync<long>("SELECT COALESCE(MAX(number), 0) FROM caption_track WHERE video = @Video AND language = @Language", row, transaction);
        row.Number = await CaptionHistory.NextAsync(row.Video, row.Language, connection, transaction);

        await connection.ExecuteAsync(
            "INSERT INTO caption_version (video, language, sha256, content, saved_at, actor) VALUES (@Video, @Language, @Sha256, @Content, @SavedAt, @Actor) ON CONFLICT DO NOTHING",
            new { row.Video, row.Language, row.Sha256, edit.Content, row.SavedAt, row.Actor }, transaction);
        await CaptionHistory.AddAsync(
            new CaptionPublication
            {
                Video = row.Video,
                Language = row.Language,
                Number = row.Number,
                Parent = restored?.Parent ?? last,
                Action = restored is null ? "publish" : "rollback",
                Sha256 = row.Sha256,
                Name = row.Name,
                IsDefault = row.IsDefault,
                Sdh = row.Sdh,
                Machine = row.Machine,
                Bytes = Encoding.UTF8.GetByteCount(edit.Content),
                Cues = restored?.Of.Cues ?? CuesOf(edit.Content),
                SavedAt = row.SavedAt,
                Actor = row.Actor,
            }, connection, transaction);
        await connection.ExecuteAsync(
            """
            INSERT INTO caption_track (video, language, name, is_default, sdh, machine, sha256, saved_at, actor, changed, number)
            VALUES (@Video, @Language, @Name, @IsDefault, @Sdh, @Machine, @Sha256, @SavedAt, @Actor, @Changed, @Number)
            ON CONFLICT (video, language) DO UPDATE SET name = excluded.name, is_default = excluded.is_default, sdh = excluded.sdh, machine = excluded.machine,
                sha256 = excluded.sha256, saved_at = excluded.saved_at, actor = excluded.actor, changed = excluded.changed, number = excluded.number
            """, row, transaction);
        if (row.IsDefault != 0)
            await connection.ExecuteAsync(
                "UPDATE caption_track SET is_default = 0, changed = @Changed WHERE video = @Video AND language <> @Language AND is_default <> 0", row, transaction);
        await new Change(row.SavedAt, edit.Actor, "captions", row.Language, row.Video, old?.Description, row.Description).WriteAsync(connection, transaction);
        return new(old is null ? CaptionOutcome.Created : CaptionOutcome.Replaced, row);
    }

    /// <summary>
    /// Publishes an earlier version again, as a new one. Without a version it undoes the last publication that has not been undone, or brings deleted
    /// captions back; a further call goes further back.
    /// </summary>
    /// <param name="version">The version to go back to, as URLs name it; null: the one before.</param>
    internal Task<CaptionSaved> RollBackAsync(string video, string language, string? version, CaptionPrecondition precondition, Actor actor, CancellationToken ct) =>
        database.WriteAsync<CaptionSaved>(
            async (connection, transaction) =>
            {
                await TickAsync(connection, transaction);
                var track = await connection.QuerySingleOrDefaultAsync<LiveCaptions>(
                    $"SELECT {TrackColumns} FROM caption_track t WHERE t.video = @video AND t.language = @language", new { video, language }, transaction);
                if (!precondition.Allows(track?.Sha256 is null ? null : track.ETag))
                    return new(CaptionOutcome.PreconditionFailed, track);
                if (track is null)
                    return new(CaptionOutcome.Absent, null);
                var current = await CaptionHistory.FindAsync(video, language, track.Number, connection, transaction);
                var target = version is not null ? await CaptionHistory.FindAsync(video, language, version, connection, transaction)
                    : track.Sha256 is null ? current
                    : current is { Parent: > 0 } ? await CaptionHistory.FindAsync(video, language, current.Parent, connection, transaction)
                    : null;
                if (target is null)
                    return new(version is null ? CaptionOutcome.NothingToUndo : CaptionOutcome.NoVersion, track);
                var content = await connection.QuerySingleAsync<string>(
                    "SELECT content FROM caption_version WHERE video = @Video AND language = @Language AND sha256 = @Sha256", target, transaction);
                var edit = new CaptionEdit(video, language, content, target.Name, Set(target.IsDefault), Set(target.Sdh), Set(target.Machine), actor, default);
                // A version that somebody chose is a change like any other, which the next rollback undoes.
                return await PublishAsync(edit, connection, transaction, (target, version is null ? target.Parent : track.Number));
            },
            ct);

    /// <summary>Publications of a language, newest first, with what viewers get and what is in work.</summary>
    internal async Task<(LiveCaptions? Live, CaptionDraft? Draft, IReadOnlyList<CaptionPublication> Versions)> HistoryAsync(string video, string language, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var live = await connection.QuerySingleOrDefaultAsync<LiveCaptions>(new CommandDefinition(
            $"SELECT {TrackColumns} FROM caption_track t WHERE t.video = @video AND t.language = @language AND t.sha256 IS NOT NULL", new { video, language }, cancellationToken: ct));
        var draft = await connection.QuerySingleOrDefaultAsync<CaptionDraft>(new CommandDefinition(
            "SELECT language, content, saved_at, actor, changed FROM caption_draft WHERE video = @video AND language = @language", new { video, language }, cancellationToken: ct));
        return (live, draft, await CaptionHistory.ListAsync(video, language, limit, connection, ct));
    }

    /// <summary>Takes a language away from new sessions; its versions stay.</summary>
    internal Task<CaptionOutcome> DeleteAsync(string video, string language, CaptionPrecondition precondition, Actor actor, CancellationToken ct) =>
        database.WriteAsync<CaptionOutcome>((connection, transaction) => DeleteAsync(video, language, precondition, actor, connection, transaction), ct);

    private async Task<CaptionOutcome> DeleteAsync(
        string video, string language, CaptionPrecondition precondition, Actor actor, DbConnection connection, DbTransaction transaction)
    {
        var changed = await TickAsync(connection, transaction);
        var old = await connection.QuerySingleOrDefaultAsync<LiveCaptions>(
            $"SELECT {TrackColumns} FROM caption_track t WHERE t.video = @video AND t.language = @language AND t.sha256 IS NOT NULL", new { video, language }, transaction);
        if (old is null)
            return precondition.IsNone ? CaptionOutcome.Absent : CaptionOutcome.PreconditionFailed;
        if (!precondition.Allows(old.ETag))
            return CaptionOutcome.PreconditionFailed;
        await connection.ExecuteAsync(
            "UPDATE caption_track SET sha256 = NULL, is_default = 0, changed = @changed WHERE video = @video AND language = @language", new { video, language, changed }, transaction);
        await DropDraftAsync(video, language, actor, connection, transaction);
        await new Change(time.GetUtcNow().ToUnixTimeMilliseconds(), actor, "captions", language, video, old.Description, null).WriteAsync(connection, transaction);
        return CaptionOutcome.Deleted;
    }

    /// <summary>Keeps work in progress; viewers do not see it, and it is not written to <c>change</c>.</summary>
    internal Task<CaptionDraft?> SaveDraftAsync(CaptionEdit edit, CancellationToken ct) => database.WriteAsync<CaptionDraft?>(async (connection, transaction) =>
    {
        var clock = await TickAsync(connection, transaction);
        var old = await connection.QuerySingleOrDefaultAsync<CaptionDraft>(
            "SELECT language, changed FROM caption_draft WHERE video = @Video AND language = @Language", edit, transaction);
        if (!edit.Precondition.Allows(old?.ETag))
            return null;
        var draft = new CaptionDraft { Language = edit.Language, Content = edit.Content, SavedAt = time.GetUtcNow().ToUnixTimeMilliseconds(), Actor = edit.Actor.Text, Changed = clock };
        await connection.ExecuteAsync(
            """
            INSERT INTO caption_draft (video, language, content, saved_at, actor, changed) VALUES (@Video, @Language, @Content, @SavedAt, @Actor, @Changed)
            ON CONFLICT (video, language) DO UPDATE SET content = excluded.content, saved_at = excluded.saved_at, actor = excluded.actor, changed = excluded.changed
            """, new { edit.Video, draft.Language, draft.Content, draft.SavedAt, draft.Actor, draft.Changed }, transaction);
        return draft;
    }, ct);

    internal Task<CaptionOutcome> DeleteDraftAsync(string video, string language, CaptionPrecondition precondition, CancellationToken ct) =>
        database.WriteAsync<CaptionOutcome>(async (connection, transaction) =>
        {
            await TickAsync(connection, transaction);
            var old = await connection.QuerySingleOrDefaultAsync<CaptionDraft>(
                "SELECT language, changed FROM caption_draft WHERE video = @video AND language = @language", new { video, language }, transaction);
            if (!precondition.Allows(old?.ETag))
                return CaptionOutcome.PreconditionFailed;
            var rows = await connection.ExecuteAsync("DELETE FROM caption_draft WHERE video = @video AND language = @language", new { video, language }, transaction);
            return rows == 0 ? CaptionOutcome.Absent : CaptionOutcome.Deleted;
        }, ct);

    /// <summary>A person who publishes or deletes captions is done with the draft. An upload or a machine leaves the draft to its editor.</summary>
    private static async Task DropDraftAsync(string video, string language, Actor actor, DbConnection connection, DbTransaction transaction)
    {
        if (actor != Actor.Automatic && actor != Actor.Upload)
            await connection.ExecuteAsync("DELETE FROM caption_draft WHERE video = @video AND language = @language", new { video, language }, transaction);
    }

    /// <summary>Takes the next value and, until the transaction ends, the right to change captions.</summary>
    private static Task<long> TickAsync(DbConnection connection, DbTransaction transaction) =>
        connection.ExecuteScalarAsync<long>("UPDATE caption_clock SET value = value + 1 WHERE id = 1 RETURNING value", null, transaction);

    private static long Flag(bool? asked, long? old) => asked is { } set ? set ? 1 : 0 : old ?? 0;

    private static bool? Set(long? flag) => flag is { } set ? set != 0 : null;

    private static long? CuesOf(string content) => WebVtt.TryParse(Encoding.UTF8.GetBytes(content), out var file, out _) ? file?.Cues.Length : null;

    private static string Unique(string name, List<LiveCaptions> others)
    {
        var unique = name;
        for (var n = 2; others.Exists(other => string.Equals(other.Name, unique, StringComparison.OrdinalIgnoreCase)); n++)
            unique = $"{name} {n}";
        return unique;
    }
}
