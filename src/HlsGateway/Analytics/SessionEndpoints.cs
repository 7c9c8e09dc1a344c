using System.ComponentModel;
using System.Globalization;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Sessions, for people who want to see the rows behind a figure.</summary>
internal static class SessionEndpoints
{
    private const int MostPerPage = 1000;

    public static void MapSessions(this IEndpointRouteBuilder app)
    {
        var sessions = app.MapGroup("/api/sessions").RequireAuthorization(Roles.Analyst).WithTags("Sessions");
        sessions.MapGet("", ListAsync).WithName("listSessions").WithSummary("Sessions, newest first, with a strip of what each one fetched")
            .ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.NoVideo, Problem.LedgerAway);
        sessions.MapGet("{session}", FindAsync).WithName("getSession").WithSummary("One session with its trace: each request and the rule that counted or ignored it")
            .ProducesProblems(Problem.BadSession, Problem.NoSuchSession, Problem.LedgerAway);
    }

    private static async Task<Results<Ok<SessionPage>, ProblemHttpResult>> ListAsync(
        HttpRequest request, SessionQueries queries, KnownVideos known, TrailerLibrary trailers, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, CancellationToken ct,
        [Description("Only sessions of this video.")] string? video = null,
        [Description("Sessions per page, 1 to 1000; 100 unless given.")] string? limit = null,
        [Description("next_cursor of the page before.")] string? cursor = null)
    {
        if (time.Read(out var range) is { } wrongTime)
            return wrongTime;
        if (asked.Read(trailers, out var filter) is { } wrong)
            return wrong;
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MostPerPage))
            return RangeQuery.Wrong("limit", "a whole number from 1 to 1000");
        Guid? before = null;
        if (cursor is not null)
        {
            if (!Guid.TryParseExact(cursor, "D", out var last))
                return RangeQuery.Wrong("cursor", "the next_cursor of an answer to the same question");
            before = last;
        }
        if (video is not null && await known.FindAsync(video, request, ct) is { } unknown)
            return unknown;
        if (video is not null && await known.FindNamesAsync(video, filter, ct) is { } unknownName)
            return unknownName;
        return TypedResults.Ok(await queries.ListAsync(video, range.From, range.To, filter, count, before, ct));
    }

    private static async Task<Results<Ok<SessionReport>, ProblemHttpResult>> FindAsync(
        [Description("The session's UUID, or the whole session_id of a player's URL.")] string session,
        SessionQueries queries, CancellationToken ct)
    {
        if (!SessionIds.TryParse(session, out var id))
            return Problems.Of(Problem.BadSession, "Give the session's UUID, or the 40 characters of session_id from a player's URL.");
        return await queries.FindAsync(id, ct) is { } report
            ? TypedResults.Ok(report)
            : Problems.Of(Problem.NoSuchSession, "A session appears once a request of it was recorded. GET /api/sessions lists those there are.");
    }
}
