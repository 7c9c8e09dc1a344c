using System.ComponentModel;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Trailers;

/// <summary>What is on and what is planned. What adds or changes an entry checks the trailer as viewers would get it, and is in Playback.</summary>
internal static class ScheduleEndpoints
{
    /// <summary>The longest time of which a plan tells the spans.</summary>
    private const int MostDays = 366;

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapGet("/active", GetActiveAsync).RequireAuthorization(Roles.Any).WithName("getActiveTrailer").WithSummary("What is on and planned, with its ETag.")
            .GivesHeaders("ETag");
        group.MapDelete("/active", ClearAsync).RequireAuthorization(Roles.Editor).WithName("clearActiveTrailer").WithSummary("No trailer for new sessions: removes every entry of the schedule.")
            .TakesHeaders("If-Match").GivesHeaders("ETag").ProducesProblems(Problem.Outdated);
        group.MapPost("/rollback", RollBackAsync).RequireAuthorization(Roles.Editor).WithName("rollBackTrailer").WithSummary("Undoes the last change of what is on or planned.")
            .TakesHeaders("If-Match").GivesHeaders("ETag").ProducesProblems(Problem.NothingToUndo, Problem.Outdated);
        group.MapGet("/history", HistoryAsync).RequireAuthorization(Roles.Any).WithName("getTrailerHistory").WithSummary("Who changed what is on, and when; latest first.");
        group.MapGet("/schedule", ListAsync).RequireAuthorization(Roles.Any).WithName("listSchedule").WithSummary("The entries of the schedule. The first that covers a video decides.")
            .GivesHeaders("ETag");
        group.MapGet("/schedule/{id}", GetAsync).RequireAuthorization(Roles.Any).WithName("getScheduleEntry").WithSummary("One entry of the schedule, with warnings about it.")
            .GivesHeaders("ETag").ProducesProblems(Problem.NoEntry);
        group.MapDelete("/schedule/{id}", RemoveAsync).RequireAuthorization(Roles.Editor).WithName("removeScheduleEntry").WithSummary("Removes one entry of the schedule; POST /api/trailers/rollback brings it back.")
            .TakesHeaders("If-Match").GivesHeaders("ETag").ProducesProblems(Problem.NoEntry, Problem.Outdated);
        group.MapGet("/plan", PlanAsync).RequireAuthorization(Roles.Any)
            .WithName("getTrailerPlan").WithSummary("What plays with a video at a time, which entry decides and which lost to it, and the next changes; with from and to also all spans between them.")
            .ProducesProblems(Problem.BadVideo, Problem.BadParameter);
    }

    internal static Ok<ActiveView> Told(TrailerState state, TrailerLibrary library, TimeProvider time, HttpResponse response, params IEnumerable<ScheduleWarning> warnings)
    {
        response.Headers.ETag = Revisions.ETagOf(state);
        return TypedResults.Ok(TrailerViews.Of(state, library, time.GetUtcNow(), [.. warnings]));
    }

    /// <summary>An id that none is has no entry either.</summary>
    internal static Guid IdOf(string id) => Guid.TryParse(id, out var given) ? given : Guid.Empty;

    internal static ProblemHttpResult NoEntry => Problems.Of(Problem.NoEntry, "GET /api/trailers/schedule lists the entries with their ids.");

    private static async Task<Ok<ActiveView>> GetActiveAsync(TrailerLibrary library, TrailerSwitch state, TimeProvider time, HttpResponse response, CancellationToken ct) =>
        Told(await state.ReadAsync(ct), library, time, response);

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> ClearAsync(
        HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSchedule schedule, TimeProvider time, CancellationToken ct) =>
        Revisions.TryExpected(request, out var expected) && await schedule.ClearAsync(expected, actor, ct) is ({ } now, var warnings)
            ? Told(now, library, time, response, warnings)
            : Revisions.Outdated;

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> RollBackAsync(
        HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSwitch state, TimeProvider time, CancellationToken ct)
    {
        try
        {
            return Revisions.TryExpected(request, out var expected) && await state.RollBackAsync(expected, actor, ct) is { } now
                ? Told(now, library, time, response)
                : Revisions.Outdated;
        }
        catch (TrailerRefusedException e)
        {
            return Problems.Of(Problem.NothingToUndo, e.Message);
        }
    }

    private static async Task<Results<Ok<IReadOnlyList<TrailerHistoryView>>, ProblemHttpResult>> HistoryAsync(
        TrailerSwitch state, TrailerLibrary library, CancellationToken ct, [Description("Rows, 1 to 1000; 100 unless given.")] int limit = 100) => limit is < 1 or > 1000
        ? Problems.Of(Problem.BadParameter, "'limit' must be a whole number from 1 to 1000.")
        : TypedResults.Ok<IReadOnlyList<TrailerHistoryView>>([.. (await state.HistoryAsync(limit, ct)).Select(row => TrailerViews.Of(row, library.Snapshot))]);

    private static async Task<Ok<ScheduleView>> ListAsync(TrailerSwitch state, TrailerLibrary library, TimeProvider time, HttpResponse response, CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        response.Headers.ETag = Revisions.ETagOf(now);
        return TypedResults.Ok(TrailerViews.Schedule(now, library, time.GetUtcNow()));
    }

    private static async Task<Results<Ok<ScheduledView>, ProblemHttpResult>> GetAsync(
        string id, TrailerSwitch state, TrailerLibrary library, CoversAnyVideo coversAny, TimeProvider time, HttpResponse response, CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        response.Headers.ETag = Revisions.ETagOf(now);
        var entries = now.Lines ?? library.Configured;
        if (entries.FirstOrDefault(entry => entry.Id == IdOf(id)) is not { } entry)
            return NoEntry;
        var at = time.GetUtcNow();
        return TypedResults.Ok(new ScheduledView(
            now.Revision, TrailerViews.Of(entry, library.Snapshot, at), [.. await CoverageAsync(entry.Videos, coversAny, ct), .. ScheduleReview.Of(entry, entries, library.Snapshot, at)]));
    }

    private static async Task<Results<Ok<ScheduleView>, ProblemHttpResult>> RemoveAsync(
        string id, HttpRequest request, HttpResponse response, Actor actor, TrailerSchedule schedule, TrailerLibrary library, TimeProvider time, CancellationToken ct)
    {
        if (!Revisions.TryExpected(request, out var expected))
            return Revisions.Outdated;
        var outcome = await schedule.RemoveAsync(IdOf(id), expected, actor, ct);
        if (outcome.Entry is null)
            return NoEntry;
        if (outcome.State is not { } now)
            return Revisions.Outdated;
        response.Headers.ETag = Revisions.ETagOf(now);
        return TypedResults.Ok(TrailerViews.Schedule(now, library, time.GetUtcNow()));
    }

    /// <summary>A warning where a glob covers no video that is known here.</summary>
    internal static async Task<IEnumerable<ScheduleWarning>> CoverageAsync(string? videos, CoversAnyVideo coversAny, CancellationToken ct) =>
        videos is not null && await coversAny(videos, ct) == false
            ? [new("no-such-video", $"No video that is published or was ever watched matches '{videos}'. It will apply to those that come; * also stands for slashes.")]
            : [];

    private static async Task<Results<Ok<PlanView>, ProblemHttpResult>> PlanAsync(
        [Description("The video's id.")] string video, TrailerForecast forecast, CancellationToken ct,
        [Description("The moment; now unless given. A time with its offset.")] string? at = null,
        [Description("With to: tells every span between these two, at most 366 days.")] string? from = null,
        [Description("With from.")] string? to = null)
    {
        video = video.Trim('/');
        if (video.Length is 0 or > 1000)
            return Problems.Of(Problem.BadVideo, "video is the path between /watch/ and /playlist.m3u8.");
        if (!TryTime("at", at, out var moment, out var wrong) || !TryTime("from", from, out var start, out wrong) || !TryTime("to", to, out var end, out wrong))
            return Problems.Of(Problem.BadParameter, wrong);
        if ((start is null) != (end is null))
            return Problems.Of(Problem.BadParameter, "'from' and 'to' go together: give both or none.");
        if (start >= end || end - start > TimeSpan.FromDays(MostDays))
            return Problems.Of(Problem.BadParameter, $"'to' must be later than 'from', by at most {MostDays} days.");
        return TypedResults.Ok(await forecast.TellAsync(video, moment, start, end, ct));
    }

    private static bool TryTime(string name, string? text, out DateTimeOffset? time, out string wrong)
    {
        (time, wrong) = (null, "");
        if (text is null)
            return true;
        if (!Rfc3339.TryRead(text, out var read, out var why))
        {
            wrong = $"'{name}' {why}.";
            return false;
        }

        time = read;
        return true;
    }
}

/// <summary>Whether a glob covers a video that is published here or was ever watched; null where that cannot be told now.</summary>
internal delegate Task<bool?> CoversAnyVideo(string glob, CancellationToken ct);
