using System.Security.Claims;
using HlsGateway.Access;
using HlsGateway.Jobs;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Catalogue;

/// <summary><c>/api/videos</c>: what we keep, and in what state.</summary>
internal static class VideoEndpoints
{
    public static void MapVideoEndpoints(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/videos").WithTags("Videos");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithSummary("Every video that we keep.");
        group.MapGet("/{video}", GetAsync).RequireAuthorization(Roles.Any).WithSummary("One video: its state, Renditions and addresses.");
        group.MapDelete("/{video}", DeleteAsync).RequireAuthorization(Roles.Uploader).WithSummary("Takes a video away from new sessions and ends its jobs.");
    }

    private static async Task<Ok<List<VideoView>>> ListAsync(HttpContext context, VideoViews videos, CancellationToken ct) =>
        TypedResults.Ok(await videos.ListAsync(context.Request, ct));

    private static async Task<Results<Ok<VideoView>, ProblemHttpResult>> GetAsync(string video, HttpContext context, VideoViews videos, CancellationToken ct) =>
        await videos.FindAsync(VideoId.FromRoute(video), context.Request, ct) is { } view ? TypedResults.Ok(view) : NotOurs();

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string video, ClaimsPrincipal user, CatalogueStore catalogue, JobTable jobs, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        var cancelled = await jobs.CancelAsync(id, ct);
        return await catalogue.DeleteAsync(id, user.Identity?.Name ?? "", ct) || cancelled ? TypedResults.NoContent() : NotOurs();
    }

    internal static ProblemHttpResult NotOurs() => Problems.Of(
        404, "no-video", "There is no such video", "GET /api/videos lists the videos kept here; videos of other origins need no upload and stand in no list.");
}
