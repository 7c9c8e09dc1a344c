using System.ComponentModel;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace HlsGateway.Subtitles;

/// <summary>Body of <c>POST …/subtitles/{language}/rollback</c>, which may be left out.</summary>
/// <param name="Version">One of those that …/versions lists; null: the one before.</param>
internal sealed record CaptionRollback(string? Version = null);

/// <summary>Earlier versions of captions: their list, and the way back.</summary>
internal static class CaptionHistoryEndpoints
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/{language}/versions", ListAsync).RequireAuthorization(Roles.AnalystOrEditor)
            .WithName("listCaptionVersions").WithSummary("Every publication of a language, newest first, and its draft: when, by whom, how large, which one is active")
            .GivesHeaders("ETag").ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.BadParameter, Problem.NoCaptions);
        group.MapPost("/{language}/rollback", RollBackAsync).RequireAuthorization(Roles.Editor)
            .WithName("rollBackCaptions").WithSummary("Publishes the version before, or a given one, again as a new version; brings deleted captions back")
            .TakesHeaders("If-Match").GivesHeaders("ETag")
            .ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.NoCaptions, Problem.NoEarlierCaptions, Problem.CaptionsChanged, Problem.TooManyTracks);
    }

    private static async Task<Results<Ok<CaptionHistoryView>, ProblemHttpResult>> ListAsync(
        string video, string language, CaptionStore store, HttpResponse response, CancellationToken ct,
        [Description("Publications at most, 1 to 1000.")] int limit = 100)
    {
        if (CaptionProblems.Read(video, language, out var id, out var tag) is { } wrong)
            return wrong;
        if (limit is < 1 or > 1000)
            return Problems.Of(Problem.BadParameter, "'limit' must be a whole number from 1 to 1000.");
        var (live, draft, versions) = await store.HistoryAsync(id, tag, limit, ct);
        if (versions.Count == 0 && draft is null)
            return CaptionProblems.Absent;
        if (live is not null)
            response.Headers.ETag = live.ETag;
        return TypedResults.Ok(CaptionHistoryView.Of(id, tag, live, draft, versions));
    }

    private static async Task<Results<Ok<CaptionTrackView>, ProblemHttpResult>> RollBackAsync(
        string video, string language, Actor actor, HttpRequest request, HttpResponse response, CaptionStore store, SubtitleIndex index, ILogger<SubtitleIndex> log,
        CancellationToken ct, [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] CaptionRollback? body = null)
    {
        if (CaptionProblems.Read(video, language, out var id, out var tag) is { } wrong)
            return wrong;
        var saved = await store.RollBackAsync(id, tag, body?.Version, CaptionPrecondition.Of(request), actor, ct);
        switch (saved.Outcome)
        {
            case CaptionOutcome.PreconditionFailed: return CaptionProblems.Outdated;
            case CaptionOutcome.Absent: return CaptionProblems.Absent;
            case CaptionOutcome.TooMany: return CaptionProblems.TooMany;
            case CaptionOutcome.NoVersion: return Problems.Of(Problem.NoCaptions, $"There is no version '{body?.Version}'. GET …/subtitles/{tag}/versions lists those that there are.");
            case CaptionOutcome.NothingToUndo: return Problems.Of(Problem.NoEarlierCaptions, "What is published is the first version. DELETE takes the captions away.");
        }

        await index.RefreshAsync(ct);
        if (await store.FindAsync(id, tag, ct) is not { } row)
            return CaptionProblems.Outdated;
        log.CaptionsPublished(id, tag, CaptionStore.Prefix(row.Sha256 ?? ""));
        response.Headers.ETag = row.ETag;
        return TypedResults.Ok(CaptionTrackView.Of(row));
    }
}
