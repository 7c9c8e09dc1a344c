using System.Collections.Immutable;
using System.ComponentModel;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Playback;

/// <summary>Body of <c>POST /api/preview</c>.</summary>
/// <param name="Trailer">A name, or <c>name@hash8</c>; null: what new viewers of the video get now.</param>
/// <param name="Position"><c>post</c> (default, also when null) or <c>pre</c>; without a trailer what the schedule says.</param>
/// <param name="Interstitial">Announce it as an HLS interstitial in place of splicing it in.</param>
internal sealed record PreviewRequest(string Video, string? Trailer = null, TrailerPosition? Position = null, bool? Interstitial = null);

/// <param name="Ready">How many of the copies that the video needs are made.</param>
/// <param name="Total">How many it needs; null while the video is being measured.</param>
internal sealed record PreviewCopies(int Ready, int? Total);

/// <param name="Code">As <c>skipped</c> of <c>GET /api/trailers</c> has it.</param>
internal sealed record PreviewWarning(string Code, string Message);

/// <param name="Status"><c>ready</c>; <c>waiting</c> (202) while copies are made; <c>without</c> where the video cannot carry the trailer.</param>
/// <param name="PlaylistUrl">Plays the video with that trailer and counts nothing; answers 202 while it waits.</param>
/// <param name="Trailer"><c>name@hash8</c>; null: no trailer is on the air for this video.</param>
/// <param name="Warnings">Why the video plays without the trailer; empty where it plays with it.</param>
internal sealed record PreviewView(string Status, string PlaylistUrl, string? Trailer, DateTimeOffset ExpiresAt, PreviewCopies Copies, ImmutableArray<PreviewWarning> Warnings);

/// <summary><c>/api/preview</c>: plays any trailer with any video, for those who decide.</summary>
internal static class PreviewEndpoints
{
    /// <summary>Seconds until somebody who waits asks again: a copy takes about as long as the trailer itself, and few are needed.</summary>
    public const string RetryAfter = "2";

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/preview").WithTags("Trailers").RequireAuthorization(Roles.AnalystOrEditor);
        group.MapPost("", (PreviewRequest body, HttpContext context, TrailerPreview preview, CancellationToken ct) => AnswerAsync(body, context, preview, ct))
            .WithName("previewTrailer").WithSummary("A playlist URL that plays a video with any trailer and counts nothing; 202 with the progress while copies are made.")
            .ProducesProblems(Problem.NoTrailer, Problem.BadVideo, Problem.TrailerWithdrawn, Problem.UnknownVideo, Problem.OriginUnreachable, Problem.OriginTimeout);
        group.MapGet("", (
                [Description("The video's id.")] string video, HttpContext context, TrailerPreview preview, CancellationToken ct,
                [Description("A name, or name@hash8; what new viewers of the video get now, unless given.")] string? trailer = null,
                [Description("post (default) or pre.")] string? position = null, [Description("As an HLS interstitial.")] bool? interstitial = null) =>
                AnswerAsync(video, trailer, position, interstitial, context, preview, ct))
            .WithName("getTrailerPreview").WithSummary("The same, to ask again after a 202.")
            .ProducesProblems(Problem.NoTrailer, Problem.BadVideo, Problem.TrailerWithdrawn, Problem.UnknownVideo, Problem.OriginUnreachable, Problem.OriginTimeout);
    }

    /// <summary>Names in a query are written as in JSON: the framework would read them as they stand in the program.</summary>
    private static async Task<Results<Ok<PreviewView>, Accepted<PreviewView>, ProblemHttpResult>> AnswerAsync(
        string video, string? trailer, string? position, bool? interstitial, HttpContext context, TrailerPreview preview, CancellationToken ct) =>
        position is null or "post" or "pre"
            ? await AnswerAsync(new(video, trailer, position is null ? null : position == "pre" ? TrailerPosition.Pre : TrailerPosition.Post, interstitial), context, preview, ct)
            : Problems.Of(Problem.BadParameter, "'position' must be one of post, pre.");

    private static async Task<Results<Ok<PreviewView>, Accepted<PreviewView>, ProblemHttpResult>> AnswerAsync(PreviewRequest body, HttpContext context, TrailerPreview preview, CancellationToken ct)
    {
        var (view, wrong) = await preview.OfAsync(body, context.Request, ct);
        if (view is null)
            return wrong ?? Problems.Of(Problem.NoTrailer, "");
        context.Response.Headers.CacheControl = "no-store";
        if (view.Status != TrailerPreview.Waiting)
            return TypedResults.Ok(view);
        context.Response.Headers.RetryAfter = RetryAfter;
        var again = QueryString.Create(
        [
            new("video", body.Video), .. view.Trailer is { } trailer ? [new KeyValuePair<string, string?>("trailer", trailer)] : Array.Empty<KeyValuePair<string, string?>>(),
            .. body.Position is { } position ? [new KeyValuePair<string, string?>("position", position == TrailerPosition.Pre ? "pre" : "post")] : Array.Empty<KeyValuePair<string, string?>>(),
            .. body.Interstitial is { } interstitial ? [new KeyValuePair<string, string?>("interstitial", interstitial ? "true" : "false")] : Array.Empty<KeyValuePair<string, string?>>(),
        ]);
        return TypedResults.Accepted($"/api/preview{again}", view);
    }
}
