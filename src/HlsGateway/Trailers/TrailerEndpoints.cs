using System.Security.Claims;
using HlsGateway.Access;
using HlsGateway.Media;
using HlsGateway.Playback;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Trailers;

/// <summary>Body of <c>POST /api/preview</c>.</summary>
/// <param name="Trailer">A name, or <c>name@hash8</c>.</param>
/// <param name="Position"><c>post</c> (default, also when null) or <c>pre</c>.</param>
/// <param name="Interstitial">Announce it as an HLS interstitial in place of splicing it in.</param>
public sealed record PreviewRequest(string Video, string Trailer, TrailerPosition? Position = null, bool? Interstitial = null);

/// <param name="PlaylistUrl">Plays the video with that trailer and counts nothing.</param>
public sealed record PreviewView(string PlaylistUrl, string Trailer, DateTimeOffset ExpiresAt);

/// <summary><c>/api/trailers</c>: the library, and what is on.</summary>
internal static class TrailerEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithSummary("The library: versions, their copies, and what is on.");
        group.MapGet("/active", GetActiveAsync).RequireAuthorization(Roles.Any).WithSummary("What is on, with its ETag.");
        group.MapPut("/active", ActivateAsync).RequireAuthorization(Roles.Editor).WithSummary("Swaps the trailer of new sessions; running ones keep theirs.");
        group.MapDelete("/active", ClearAsync).RequireAuthorization(Roles.Editor).WithSummary("No trailer for new sessions.");
        group.MapPost("/rollback", RollBackAsync).RequireAuthorization(Roles.Editor).WithSummary("Undoes the last change of what is on.");
        group.MapGet("/history", HistoryAsync).RequireAuthorization(Roles.Any).WithSummary("Who changed what is on, and when; latest first.");
        group.MapPost("/{name}/check", CheckAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Reads every copy back from the store and checks it as it would be served, rule by rule.");
        group.MapPost("/{name}/withdraw", WithdrawAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Withdraws a version now and for good: new sessions go without it, running ones are refused its segments.");
        group.MapPut("/{name}", UploadAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Takes a video (raw body) as a new version of a trailer.");
        app.MapPost("/api/preview", PreviewAsync).RequireAuthorization(Roles.Editor).WithTags("Trailers")
            .WithSummary("A playlist URL that plays a video with any trailer and counts nothing.");
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

    private static async Task<Results<Ok<ActiveView>, ProblemHttpResult>> ActivateAsync(
        ActivateTrailer body, HttpRequest request, HttpResponse response, ClaimsPrincipal user, TrailerLibrary library, TrailerSwitch state, TrailerCheck check,
        CancellationToken ct, bool force = false)
    {
        if (body.Trailer is { } selector && library.Snapshot.Find(selector) is null)
            return Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");
        if (body.Trailer is { } chosen && library.Snapshot.Find(chosen) is { Withdrawn: true })
            return Problems.Of(StatusCodes.Status409Conflict, "trailer-withdrawn", "The trailer was withdrawn", "Choose another version, or upload a new one.");
        if (body.Until <= body.From)
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-schedule", "The schedule is empty", "until must be later than from.");
        if (body.Videos is { Length: 0 or > 200 })
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-scope", "The scope is no glob", "videos is 1 to 200 characters, for instance shows/*; leave it out for all videos.");
        if (!TryExpected(request, out var expected))
            return Outdated;
        if (!force && body.Trailer is { } name && library.Snapshot.Find(name) is { } version
            && (await check.CheckAsync(library.ById(version.Id) ?? version, afresh: false, ct)).Findings.FirstOrDefault(f => f.Severity == LintSeverity.Error) is { } fault)
            return Problems.Of(StatusCodes.Status409Conflict, "trailer-faulty", "The trailer would break playback",
                $"{fault.Where}, rule {fault.Rule}: {fault.Message} POST /api/trailers/{name}/check lists everything; ?force=true activates it all the same.");
        var line = new ActiveTrailer(body.Trailer, body.Videos, body.From, body.Until, body.Position ?? TrailerPosition.Post);
        return await state.ActivateAsync(line, expected, user.Identity?.Name ?? "", ct) is { } now ? Told(now, library, response) : Outdated;
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

    private static async Task<Results<Ok<CheckReport>, ProblemHttpResult>> CheckAsync(string name, TrailerLibrary library, TrailerCheck check, CancellationToken ct) =>
        library.Snapshot.Find(name) is { } version
            ? TypedResults.Ok(await check.CheckAsync(library.ById(version.Id) ?? version, afresh: true, ct))
            : Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");

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

    private static Results<Ok<PreviewView>, ProblemHttpResult> PreviewAsync(
        PreviewRequest body, HttpRequest request, TrailerLibrary library, SigningKeys keys, IOptions<SessionsOptions> sessions, IOptions<GatewayOptions> gateway, TimeProvider time)
    {
        if (library.Snapshot.Find(body.Trailer) is not { } version)
            return Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");
        var video = WatchPath.Of(body.Video.Trim('/'));
        if (video.Length is 0 or > 1000 || video.Contains("//", StringComparison.Ordinal) || video.AsSpan().Count('/') > 100)
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-video", "That is no video's id", "video is the path between /watch/ and /playlist.m3u8.");
        var now = time.GetUtcNow();
        Span<byte> token = stackalloc byte[SessionToken.Length];
        SessionToken.Begin(video, version.Id, now, preview: true, TrailerAsset.PlacementOf(body.Position ?? TrailerPosition.Post, body.Interstitial ?? false)).Write(keys, video, token);
        return TypedResults.Ok(new PreviewView(
            $"{gateway.Value.SiteOf(request)}/watch/{video}/playlist.m3u8?session_id={System.Text.Encoding.ASCII.GetString(token)}", version.Label, now + sessions.Value.Lifetime));
    }

    private static Ok<ActiveView> Told(TrailerState state, TrailerLibrary library, HttpResponse response)
    {
        response.Headers.ETag = ETagOf(state);
        return TypedResults.Ok(TrailerViews.Of(state, state.Lines ?? library.Configured));
    }

    private static string ETagOf(TrailerState state) => $"\"{state.Revision}\"";

    /// <summary><c>If-Match</c>: the revision that the editor saw; null when not asked for. False for what names no revision.</summary>
    private static bool TryExpected(HttpRequest request, out long? expected)
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

    private static ProblemHttpResult Outdated => Problems.Of(
        StatusCodes.Status412PreconditionFailed, "outdated", "Somebody else changed it", "Read GET /api/trailers/active again and repeat the change with its ETag.");
}
