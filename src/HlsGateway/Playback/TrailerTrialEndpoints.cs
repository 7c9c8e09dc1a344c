using System.Security.Claims;
using HlsGateway.Access;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>Body of <c>POST /api/preview</c>.</summary>
/// <param name="Trailer">A name, or <c>name@hash8</c>.</param>
/// <param name="Position"><c>post</c> (default, also when null) or <c>pre</c>.</param>
/// <param name="Interstitial">Announce it as an HLS interstitial in place of splicing it in.</param>
internal sealed record PreviewRequest(string Video, string Trailer, TrailerPosition? Position = null, bool? Interstitial = null);

/// <param name="PlaylistUrl">Plays the video with that trailer and counts nothing.</param>
internal sealed record PreviewView(string PlaylistUrl, string Trailer, DateTimeOffset ExpiresAt);

/// <summary>The part of the trailers' API that shows or checks a trailer as viewers would get it.</summary>
internal static class TrailerTrialEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapPut("/active", ActivateAsync).RequireAuthorization(Roles.Editor).WithSummary("Swaps the trailer of new sessions; running ones keep theirs.");
        group.MapPost("/{name}/check", CheckAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Reads every copy back from the store and checks it as it would be served, rule by rule.");
        app.MapPost("/api/preview", PreviewAsync).RequireAuthorization(Roles.Editor).WithTags("Trailers")
            .WithSummary("A playlist URL that plays a video with any trailer and counts nothing.");
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
        if (!TrailerEndpoints.TryExpected(request, out var expected))
            return TrailerEndpoints.Outdated;
        if (!force && body.Trailer is { } name && library.Snapshot.Find(name) is { } version
            && (await check.CheckAsync(library.ById(version.Id) ?? version, afresh: false, ct)).Findings.FirstOrDefault(f => f.Severity == LintSeverity.Error) is { } fault)
            return Problems.Of(StatusCodes.Status409Conflict, "trailer-faulty", "The trailer would break playback",
                $"{fault.Where}, rule {fault.Rule}: {fault.Message} POST /api/trailers/{name}/check lists everything; ?force=true activates it all the same.");
        var line = new ActiveTrailer(body.Trailer, body.Videos, body.From, body.Until, body.Position ?? TrailerPosition.Post);
        return await state.ActivateAsync(line, expected, user.Identity?.Name ?? "", ct) is { } now ? TrailerEndpoints.Told(now, library, response) : TrailerEndpoints.Outdated;
    }

    private static async Task<Results<Ok<CheckReport>, ProblemHttpResult>> CheckAsync(string name, TrailerLibrary library, TrailerCheck check, CancellationToken ct) =>
        library.Snapshot.Find(name) is { } version
            ? TypedResults.Ok(await check.CheckAsync(library.ById(version.Id) ?? version, afresh: true, ct))
            : Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");

    private static Results<Ok<PreviewView>, ProblemHttpResult> PreviewAsync(
        PreviewRequest body, HttpRequest request, TrailerLibrary library, SigningKeys keys, IOptions<SessionsOptions> sessions, IOptions<GatewayOptions> gateway, TimeProvider time)
    {
        if (library.Snapshot.Find(body.Trailer) is not { } version)
            return Problems.Of(StatusCodes.Status404NotFound, "no-trailer", "There is no such trailer", "GET /api/trailers lists names and versions.");
        var video = WatchPath.Of(body.Video.Trim('/'));
        if (video.Length is 0 or > 1000 || video.Contains("//", StringComparison.Ordinal) || video.AsSpan().Count('/') > 100)
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-video", "This is not the id of a video", "video is the path between /watch/ and /playlist.m3u8.");
        var now = time.GetUtcNow();
        Span<byte> token = stackalloc byte[SessionToken.Length];
        SessionToken.Begin(video, version.Id, now, preview: true, TrailerPlacements.Of(body.Position ?? TrailerPosition.Post, body.Interstitial ?? false)).Write(keys, video, token);
        return TypedResults.Ok(new PreviewView(
            $"{gateway.Value.SiteOf(request)}/watch/{video}/playlist.m3u8?session_id={System.Text.Encoding.ASCII.GetString(token)}", version.Label, now + sessions.Value.Lifetime));
    }
}
