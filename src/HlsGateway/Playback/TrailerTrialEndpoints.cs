using System.Collections.Immutable;
using HlsGateway.Access;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Playback;

/// <summary>The part of the trailers' API that checks a trailer as viewers would get it: on demand, and before it enters the schedule.</summary>
internal static class TrailerTrialEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapPut("/active", ActivateAsync).RequireAuthorization(Roles.Editor).WithName("activateTrailer").WithSummary("Swaps the trailer of new sessions; running ones keep theirs. ?strict=true refuses where there would be a warning.")
            .TakesHeaders("If-Match").GivesHeaders("ETag").ProducesProblems(Problem.TwoEnds, Problem.BadSchedule, Problem.BadScope, Problem.NoTrailer, Problem.TrailerWithdrawn, Problem.TrailerRemoved,
                Problem.TrailerFaulty, Problem.ScheduleRefused, Problem.Outdated);
        group.MapPost("/schedule", AddAsync).RequireAuthorization(Roles.Editor).WithName("addScheduleEntry").WithSummary("Adds an entry above the others. ?strict=true refuses where there would be a warning.")
            .TakesHeaders("If-Match").GivesHeaders("ETag", "Location").ProducesProblems(Problem.TwoEnds, Problem.BadSchedule, Problem.BadScope, Problem.NoTrailer, Problem.TrailerWithdrawn, Problem.TrailerRemoved,
                Problem.TrailerFaulty, Problem.ScheduleRefused, Problem.Outdated);
        group.MapPatch("/schedule/{id}", ChangeAsync).RequireAuthorization(Roles.Editor).Accepts<ChangeScheduleEntry>("application/json", "application/merge-patch+json").WithName("changeScheduleEntry").WithSummary("Changes one entry (JSON Merge Patch). ?strict=true refuses where there would be a warning.")
            .TakesHeaders("If-Match").GivesHeaders("ETag").ProducesProblems(Problem.TwoEnds, Problem.BadSchedule, Problem.BadScope, Problem.NoTrailer, Problem.TrailerWithdrawn, Problem.TrailerRemoved,
                Problem.TrailerFaulty, Problem.ScheduleRefused, Problem.Outdated, Problem.NoEntry);
        group.MapPost("/{name}/check", CheckAsync).RequireAuthorization(Roles.Editor)
            .WithName("checkTrailer").WithSummary("Reads every copy back from the store and checks it as it would be served, rule by rule.")
            .ProducesProblems(Problem.NoTrailer);
    }

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> ActivateAsync(
        ActivateTrailer body, HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSchedule schedule, TrailerCheck check, CoversAnyVideo coversAny,
        TimeProvider time, CancellationToken ct, bool force = false, bool strict = false)
    {
        if (await WrongAsync(body, library, check, force, ct) is { } wrong)
            return wrong;
        if (!Revisions.TryExpected(request, out var expected))
            return Revisions.Outdated;
        try
        {
            var known = await ScheduleEndpoints.CoverageAsync(body.Videos, coversAny, ct);
            var outcome = await schedule.ActivateAsync(EntryOf(body), [.. known], strict, expected, actor, ct);
            return outcome.State is { } now ? ScheduleEndpoints.Told(now, library, time, response, outcome.Warnings) : Revisions.Outdated;
        }
        catch (ScheduleRefusedException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Created<ScheduledView>, ProblemHttpResult>> AddAsync(
        ActivateTrailer body, HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSchedule schedule, TrailerCheck check, CoversAnyVideo coversAny,
        TimeProvider time, CancellationToken ct, bool force = false, bool strict = false)
    {
        if (await WrongAsync(body, library, check, force, ct) is { } wrong)
            return wrong;
        if (!Revisions.TryExpected(request, out var expected))
            return Revisions.Outdated;
        try
        {
            var known = await ScheduleEndpoints.CoverageAsync(body.Videos, coversAny, ct);
            var outcome = await schedule.AddAsync(EntryOf(body), [.. known], strict, expected, actor, ct);
            return Told(outcome, library, time, response) is { } told ? TypedResults.Created($"/api/trailers/schedule/{told.Entry.Id}", told) : Revisions.Outdated;
        }
        catch (ScheduleRefusedException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Ok<ScheduledView>, ProblemHttpResult>> ChangeAsync(
        string id, ChangeScheduleEntry body, HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSchedule schedule, TrailerCheck check,
        CoversAnyVideo coversAny, TimeProvider time, CancellationToken ct, bool force = false, bool strict = false)
    {
        var asked = new ActivateTrailer(body.Trailer, body.From, body.To, body.Until, body.Videos, body.Position);
        if (await WrongAsync(asked, library, check, force, ct) is { } wrong)
            return wrong;
        if (!Revisions.TryExpected(request, out var expected))
            return Revisions.Outdated;
        try
        {
            ProblemHttpResult? empty = null;
            var given = EntryOf(asked);
            var known = await ScheduleEndpoints.CoverageAsync(body.Videos, coversAny, ct);
            var outcome = await schedule.ChangeAsync(
                ScheduleEndpoints.IdOf(id),
                entry =>
                {
                    var changed = entry with
                    {
                        Trailer = body.Has(nameof(body.Trailer)) ? given.Trailer : entry.Trailer,
                        Videos = body.Has(nameof(body.Videos)) ? given.Videos : entry.Videos,
                        From = body.Has(nameof(body.From)) ? given.From : entry.From,
                        Until = body.Has(nameof(body.To)) || body.Has(nameof(body.Until)) ? given.Until : entry.Until,
                        Position = body.Has(nameof(body.Position)) ? given.Position : entry.Position,
                    };
                    empty = changed.Until <= changed.From ? Empty : null;
                    return empty is null ? changed : null;
                },
                [.. known], strict, expected, actor, ct);
            if (outcome.Entry is null)
                return ScheduleEndpoints.NoEntry;
            return Told(outcome, library, time, response) is { } told ? TypedResults.Ok(told) : empty ?? Revisions.Outdated;
        }
        catch (ScheduleRefusedException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Ok<CheckReport>, ProblemHttpResult>> CheckAsync(string name, TrailerLibrary library, TrailerCheck check, CancellationToken ct) =>
        library.Snapshot.Find(name) is { } version
            ? TypedResults.Ok(await check.CheckAsync(library.ById(version.Id) ?? version, afresh: true, ct))
            : TrailerEndpoints.NotThere(library, name);

    /// <summary>Times are kept in milliseconds, as the lines in <c>/api/changes</c> have them.</summary>
    private static ActiveTrailer EntryOf(ActivateTrailer body) =>
        new(body.Trailer, body.Videos, Whole(body.From), Whole(body.To ?? body.Until), body.Position ?? TrailerPosition.Post);

    private static DateTimeOffset? Whole(DateTimeOffset? time) => time is { } given ? DateTimeOffset.FromUnixTimeMilliseconds(given.ToUnixTimeMilliseconds()) : null;

    private static ProblemHttpResult Empty => Problems.Of(Problem.BadSchedule, "'to' must be later than 'from'.");

    /// <summary>Why an entry makes no sense; null where it does.</summary>
    private static async Task<ProblemHttpResult?> WrongAsync(ActivateTrailer body, TrailerLibrary library, TrailerCheck check, bool force, CancellationToken ct)
    {
        if (body.To is { } to && body.Until is { } until && to != until)
            return Problems.Of(Problem.TwoEnds, $"'to' is {Rfc3339.Text(to)} and 'until' is {Rfc3339.Text(until)}. They are two names of the same time: give only 'to'.");
        if ((body.To ?? body.Until) <= body.From)
            return Empty;
        if (body.Videos is { Length: 0 or > VideoGlob.Longest })
            return Problems.Of(Problem.BadScope, $"'videos' must have 1 to {VideoGlob.Longest} characters, for instance shows/*; leave it out for all videos.");
        if (body.Trailer is not { } selector)
            return null;
        if (library.Snapshot.Playable(selector) is not { } version)
            return TrailerEndpoints.NotThere(library, selector);
        if (!force && (await check.CheckAsync(library.ById(version.Id) ?? version, afresh: false, ct)).Findings.FirstOrDefault(f => f.Severity == LintSeverity.Error) is { } fault)
        {
            return Problems.Of(Problem.TrailerFaulty,
                $"{fault.Where}, rule {fault.Rule}: {fault.Message} POST /api/trailers/{selector}/check lists everything; ?force=true activates it all the same.");
        }

        return null;
    }

    private static ScheduledView? Told(ScheduleOutcome outcome, TrailerLibrary library, TimeProvider time, HttpResponse response)
    {
        if (outcome.State is not { } state || outcome.Entry is not { } entry)
            return null;
        response.Headers.ETag = Revisions.ETagOf(state);
        return new ScheduledView(state.Revision, TrailerViews.Of(entry, library.Snapshot, time.GetUtcNow()), outcome.Warnings);
    }

    private static ProblemHttpResult Refused(ScheduleRefusedException refused) =>
        Problems.Of(Problem.ScheduleRefused, refused.Message, new Dictionary<string, object?>(StringComparer.Ordinal) { ["warnings"] = refused.Warnings });
}
