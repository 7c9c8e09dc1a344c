using System.Security.Claims;
using HlsGateway.Access;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Trailers;

/// <summary><c>/api/trailers</c>: the library, and which trailers are active.</summary>
internal static class TrailerEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithSummary("The library: versions, their copies, and what is on.");
        group.MapGet("/active", GetActiveAsync).RequireAuthorization(Roles.Any).WithSummary("What is on, with its ETag.");
        group.MapDelete("/active", ClearAsync).RequireAuthorization(Roles.Editor).WithSummary("No trailer for new sessions.");
        group.MapPost("/rollback", RollBackAsync).RequireAuthorization(Roles.Editor).WithSummary("Undoes the last change of what is on.");
        group.MapGet("/history", HistoryAsync).RequireAuthorization(Roles.Any).WithSummary("Who changed what is on, and when; latest first.");
        group.MapPost("/{name}/withdraw", WithdrawAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Withdraws a version now and for good: new sessions go without it, running ones are refused its segments.");
        group.MapPut("/{name}", UploadAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Takes a video (raw body) as a new version of a trailer.");
    }

    private static async Task<Ok<TrailersView>> ListAsync(TrailerLibrary library, TrailerFolder folder, TrailerSwitch state, HttpResponse response, CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        response.Headers.ETag = ETagOf(now);
        return TypedResults.Ok(TrailerViews.Of(library, now, folder.Refused));
    }

    private static async Task<Ok<ActiveView>> GetActiveAsync(TrailerLibrary library, TrailerSwitch state, HttpResponse response, CancellationToken ct) =>
        Told(await state.ReadAsync(ct), library, response);

    private static async Task<Results<Created<TrailerVersionView>, Ok<TrailerVersionView>, ProblemHttpResult>> UploadAsync(
        string name, HttpContext context, TrailerIntake intake, TrailerLibrary library, IOptions<TrailersOptions> options, CancellationToken ct)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.Value.MaxBytes;
        try
        {
            var known = library.Snapshot.Versions.Length;
            var version = await intake.TakeAsync(name, context.Request.Body, ct);
            var view = TrailerViews.Of(library, version, library.Snapshot.Find(name) == version, active: library.Snapshot.Active.Any(l => l.Trailer is { } t && library.Snapshot.Find(t) == version));
            return library.Snapshot.Versions.Length > known ? TypedResults.Created("/api/trailers", view) : TypedResults.Ok(view);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, "trailer-refused", "The file cannot be a trailer", intake.TooLarge);
        }
        catch (TrailerRefusedException e)
        {
            return Problems.Of(StatusCodes.Status422UnprocessableEntity, "trailer-refused", "The file cannot be a trailer", e.Message);
        }
        catch (SandboxException e)
        {
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "trailer-unchecked", "The file could not be checked", e.Message);
        }
    }

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> ClearAsync(
        HttpRequest request, HttpResponse response, ClaimsPrincipal user, TrailerLibrary library, TrailerSwitch state, CancellationToken ct) =>
        TryExpected(request, out var expected) && await state.ClearAsync(expected, user.Identity?.Name ?? "", ct) is { } now ? Told(now, library, response) : Outdated;

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> RollBackAsync(
        HttpRequest request, HttpResponse response, ClaimsPrincipal user, TrailerLibrary library, TrailerSwitch state, CancellationToken ct)
    {
        try
        {
            return TryExpected(request, out var expected) && await state.RollBackAsync(expected, user.Identity?.Name ?? "", ct) is { } now ? Told(now, library, response) : Outdated;
        }
        catch (TrailerRefusedException e)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "nothing-to-undo", "Nothing to undo", e.Message);
        }
    }

    private static async Task<Results<Ok<TrailerVersionView>, ProblemHttpResult>> WithdrawAsync(
        string name, ClaimsPrincipal user, TrailerLibrary library, TrailerRecords records, TrailerSwitch state, CancellationToken ct)
    {
        if (library.Snapshot.Find(name) is not { } version)
            return Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");
        if (!version.Withdrawn)
        {
            await records.WithdrawAsync(version, ct);
            version = version with { Withdrawn = true };
            library.AddAll([version]);
            await state.NoteWithdrawnAsync(version, user.Identity?.Name ?? "", ct);
        }
        return TypedResults.Ok(TrailerViews.Of(library, version, current: false, active: false));
    }

    private static async Task<Ok<IReadOnlyList<TrailerHistoryEntry>>> HistoryAsync(TrailerSwitch state, CancellationToken ct, int limit = 100) =>
        TypedResults.Ok(await state.HistoryAsync(Math.Clamp(limit, 1, 1000), ct));

    internal static Ok<ActiveView> Told(TrailerState state, TrailerLibrary library, HttpResponse response)
    {
        response.Headers.ETag = ETagOf(state);
        return TypedResults.Ok(TrailerViews.Of(state, state.Lines ?? library.Configured));
    }

    private static string ETagOf(TrailerState state) => $"\"{state.Revision}\"";

    /// <summary><c>If-Match</c>: the revision that the editor saw; null when not asked for. False where the header names no revision.</summary>
    internal static bool TryExpected(HttpRequest request, out long? expected)
    {
        expected = null;
        var asked = request.Headers.IfMatch.ToString();
        if (asked.Length == 0 || asked == "*")
            return true;
        if (!EntityTagHeaderValue.TryParse(asked, out var tag) || tag.IsWeak || !long.TryParse(tag.Tag.AsSpan().Trim('"'), out var revision))
            return false;
        expected = revision;
        return true;
    }

    internal static ProblemHttpResult Outdated => Problems.Of(
        StatusCodes.Status412PreconditionFailed, "outdated", "Somebody else changed it", "Read GET /api/trailers/active again and repeat the change with its ETag.");
}
