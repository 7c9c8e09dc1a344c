using System.ComponentModel;
using System.Globalization;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Sessions, for people who want to see the rows behind a figure.</summary>
internal static class SessionEndpoints
{
    private const int MostPerPage = 1000;

    public static void MapSessions(this IEndpointRouteBuilder app)
    {
        var sessions = app.MapGroup("/api/sessions").RequireAuthorization(Roles.Analyst).WithTags("Sessions");
        sessions.MapGet("", ListAsync).WithSummary("Sessions, newest first, with a strip of what each one fetched");
        sessions.MapGet("{session}", FindAsync).WithSummary("One session with its trace: each request and the rule that counted or ignored it");
    }

    private static async Task<Results<Ok<SessionPage>, ProblemHttpResult>> ListAsync(
        SessionQueries queries, CancellationToken cancellation,
        [Description("Only sessions of this video.")] string? video = null,
        [Description("Only sessions that began at this time or later (RFC 3339; a date alone is midnight UTC).")] string? from = null,
        [Description("Only sessions that began before this time.")] string? to = null,
        [Description("Sessions per page, 1 to 1000; 100 unless given.")] string? limit = null,
        [Description("next_cursor of the page before.")] string? cursor = null)
    {
        if (!TryTime(from, out var start)) return Wrong("from", "a time as RFC 3339 writes it, for example 2026-11-01T12:00:00Z, or a date");
        if (!TryTime(to, out var end)) return Wrong("to", "a time as RFC 3339 writes it, for example 2026-11-02T12:00:00Z, or a date");
        if (start >= end) return Wrong("to", "later than from");
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MostPerPage))
            return Wrong("limit", "a whole number from 1 to 1000");
        Guid? before = null;
        if (cursor is not null)
        {
            if (!Guid.TryParseExact(cursor, "D", out var last)) return Wrong("cursor", "the next_cursor of an answer to the same question");
            before = last;
        }
        return TypedResults.Ok(await queries.ListAsync(video, start, end, count, before, cancellation));
    }

    private static async Task<Results<Ok<SessionReport>, ProblemHttpResult>> FindAsync(
        [Description("The session's UUID, or the whole session_id of a player's URL.")] string session,
        SessionQueries queries, CancellationToken cancellation)
    {
        if (!SessionIds.TryParse(session, out var id))
            return Problems.Of(400, "bad-session", "That is no session id", "Give the session's UUID, or the 40 characters of session_id from a player's URL.");
        return await queries.FindAsync(id, cancellation) is { } report
            ? TypedResults.Ok(report)
            : Problems.Of(404, "no-such-session", "The ledger has no such session", "A session appears once a request of it was recorded. GET /api/sessions lists those there are.");
    }

    private static ProblemHttpResult Wrong(string parameter, string expected) =>
        Problems.Of(400, "bad-parameter", "A parameter cannot be used", $"'{parameter}' must be {expected}.");

    /// <summary>True for null too: the parameter was not given.</summary>
    internal static bool TryTime(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is null) return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed)) return false;
        if (parsed.Year is < 1970 or > 9000) return false;
        time = parsed;
        return true;
    }
}
