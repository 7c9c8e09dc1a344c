using System.Data.Common;
using Dapper;

namespace HlsGateway.Subtitles;

/// <summary>A row of <c>caption_history</c>: one publication.</summary>
internal sealed class CaptionPublication
{
    public string Video { get; init; } = "";

    public string Language { get; init; } = "";

    /// <summary>1 for the first of its language.</summary>
    public long Number { get; init; }

    /// <summary>What a rollback goes back to; 0: nothing.</summary>
    public long Parent { get; init; }

    /// <summary><c>publish</c> or <c>rollback</c>.</summary>
    public string Action { get; init; } = "";

    public string Sha256 { get; init; } = "";

    /// <summary>Null here and in the marks: not known.</summary>
    public string? Name { get; init; }

    public long? IsDefault { get; init; }

    public long? Sdh { get; init; }

    public long? Machine { get; init; }

    public long Bytes { get; init; }

    /// <summary>Null: not counted.</summary>
    public long? Cues { get; init; }

    public long SavedAt { get; init; }

    public string Actor { get; init; } = "";
}

/// <summary>The SQL of <c>caption_history</c>.</summary>
internal static class CaptionHistory
{
    private const string Columns = "video, language, number, parent, action, sha256, name, is_default, sdh, machine, bytes, cues, saved_at, actor";

    private const string OfOne = $"SELECT {Columns} FROM caption_history WHERE video = @video AND language = @language";

    /// <summary>The newest ones, newest first.</summary>
    public static async Task<IReadOnlyList<CaptionPublication>> ListAsync(string video, string language, int limit, DbConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync<CaptionPublication>(new CommandDefinition($"{OfOne} ORDER BY number DESC LIMIT @limit", new { video, language, limit }, cancellationToken: ct))).AsList();

    public static Task<CaptionPublication?> FindAsync(string video, string language, long number, DbConnection connection, DbTransaction transaction) =>
        connection.QuerySingleOrDefaultAsync<CaptionPublication>($"{OfOne} AND number = @number", new { video, language, number }, transaction);

    /// <param name="version">As URLs name it: <see cref="CaptionStore.Prefix"/>.</param>
    /// <returns>The latest publication of that file.</returns>
    public static Task<CaptionPublication?> FindAsync(string video, string language, string version, DbConnection connection, DbTransaction transaction) =>
        connection.QueryFirstOrDefaultAsync<CaptionPublication>($"{OfOne} AND substr(sha256, 1, 8) = @version ORDER BY number DESC", new { video, language, version }, transaction);

    /// <summary>The number of the next publication. Nobody else takes it before the transaction ends: the caller holds the captions' clock.</summary>
    public static Task<long> NextAsync(string video, string language, DbConnection connection, DbTransaction transaction) =>
        connection.ExecuteScalarAsync<long>("SELECT COALESCE(MAX(number), 0) + 1 FROM caption_history WHERE video = @video AND language = @language", new { video, language }, transaction);

    public static Task AddAsync(CaptionPublication one, DbConnection connection, DbTransaction transaction) => connection.ExecuteAsync(
        $"""
        INSERT INTO caption_history ({Columns})
        VALUES (@Video, @Language, @Number, @Parent, @Action, @Sha256, @Name, @IsDefault, @Sdh, @Machine, @Bytes, @Cues, @SavedAt, @Actor)
        """, one, transaction);
}
