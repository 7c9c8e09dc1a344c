using System.ComponentModel;
using System.Globalization;
using Dapper;
using HlsGateway.Access;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>What was changed, by whom and when: the reasons why a curve changes.</summary>
internal static class ChangeEndpoints
{
    internal const string Query = """
        SELECT id, at_ms, actor, kind, subject, video, "before", "after" FROM change
        WHERE at_ms >= @from AND at_ms < @until AND (at_ms < @at OR id < @id) ORDER BY at_ms DESC, id DESC LIMIT @limit
        """;

    public static void MapChanges(this IEndpointRouteBuilder app) => app.MapGet("/api/changes", ListAsync).RequireAuthorization(Roles.AnalystOrEditor).WithTags("Changes")
        .WithName("listChanges").ProducesProblems(Problem.BadParameter)
        .WithSummary("What was changed, by whom, when, newest first")
        .WithDescription("Trailer swaps, captions, published and deleted revisions, starts and stops of gateways, gaps in the counting, tokens made and revoked, notes of the team. Each is written in the transaction of the change itself.");

    private static async Task<Results<Ok<ChangePage>, ProblemHttpResult>> ListAsync(
        CatalogueDatabase database, TimeProvider time, [AsParameters] RangeQuery asked, CancellationToken ct,
        [Description("Only changes that can concern this video: its own, and those of all videos or of a glob that covers it.")] string? video = null,
        [Description("Changes per page, 1 to 1000; 100 unless given. With a video a page may hold fewer though more follow.")] string? limit = null,
        [Description("next_cursor of the page before.")] string? cursor = null)
    {
        if (asked.Read(out var range) is { } wrong)
            return wrong;
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > 1000))
            return RangeQuery.Wrong("limit", "a whole number from 1 to 1000");
        var (at, id) = (long.MaxValue, "");
        if (cursor is not null && !TryCursor(cursor, out at, out id))
            return RangeQuery.Wrong("cursor", "the next_cursor of an answer to the same question");

        var asOf = time.GetUtcNow();
        await using var connection = await database.OpenAsync(ct);
        var rows = (await connection.QueryAsync<ChangeRow>(new CommandDefinition(
            Query,
            new
            {
                from = range.From?.ToUnixTimeMilliseconds() ?? 0,
                // Those at the cursor's own time are read as well; their ids tell which were already returned.
                until = Math.Min(range.To?.ToUnixTimeMilliseconds() ?? long.MaxValue, cursor is null ? long.MaxValue : at + 1),
                at,
                id,
                limit = count + 1,
            },
            commandTimeout: 30, cancellationToken: ct))).AsList();
        var more = rows.Count > count;
        if (more)
            rows.RemoveAt(count);
        var told = rows.Where(row => video is null || row.Concerns(video)).Select(row => row.Tell()).ToList();
        return TypedResults.Ok(new ChangePage(told, more ? $"{rows[^1].AtMs}.{rows[^1].Id}" : null, asOf.UtcDateTime));
    }

    private static bool TryCursor(string text, out long at, out string id)
    {
        (at, id) = (0, "");
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !long.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out at) || at == long.MaxValue)
            return false;
        if (!Guid.TryParseExact(text[(dot + 1)..], "D", out var last))
            return false;
        id = last.ToString();
        return true;
    }
}

/// <param name="Actor">Name and role of the token that asked for it (<c>Anna (editor)</c>), its role where it has no name, or <c>system</c>.</param>
/// <param name="Kind"><c>trailer</c>, <c>captions</c>, <c>revision</c>, <c>start</c>, <c>stop</c>, <c>gap</c>, <c>token</c>, <c>note</c> (of the team, at the moment that it is about).</param>
/// <param name="Subject">What was done to the trailer, a language, a revision, a gateway's id, or a token's.</param>
/// <param name="Video">Empty when it concerns every video; a glob where a trailer was chosen for some.</param>
/// <param name="Before">Null when there was nothing.</param>
/// <param name="After">Null when it is gone.</param>
internal sealed record ToldChange(Guid Id, DateTime At, string Actor, string Kind, string Subject, string Video, string? Before, string? After);

/// <summary>Paged: give the cursor back to get what follows.</summary>
/// <param name="NextCursor">Null on the last page.</param>
/// <param name="AsOf">Changes up to this time are in it; a gap or a restart is told within seconds.</param>
internal sealed record ChangePage(IReadOnlyList<ToldChange> Changes, string? NextCursor, DateTime AsOf);
