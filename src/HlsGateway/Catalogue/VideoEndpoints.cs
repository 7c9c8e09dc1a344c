using HlsGateway.Access;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Catalogue;

/// <summary><c>/api/videos</c>: what we keep, and in what state.</summary>
internal static class VideoEndpoints
{
    public static void MapVideoEndpoints(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/videos").WithTags("Videos");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithName("listVideos").WithSummary("Every video that we keep.");
        group.MapGet("/{video}", GetAsync).RequireAuthorization(Roles.Any).WithName("getVideo").WithSummary("One video: its state, Renditions and addresses.")
            .ProducesProblems(Problem.NoVideo);
        group.MapGet("/{video}/source", (string video, HttpContext context, VideoViews videos, BlobStore store, CancellationToken ct) =>
                DownloadAsync(video, "transcode", view => view.Source, context, videos, store, ct))
            .RequireAuthorization(Roles.UploaderOrEditor).WithName("downloadSource").WithSummary("Downloads the durable source: an H.264 and AAC transcode of the upload.")
            .GivesBytes("video/mp4", "The file; parts of it with Range.").ProducesProblems(Problem.NoVideo, Problem.NoFile);
        group.MapGet("/{video}/original", (string video, HttpContext context, VideoViews videos, BlobStore store, CancellationToken ct) =>
                DownloadAsync(video, "original", view => view.Original, context, videos, store, ct))
            .RequireAuthorization(Roles.UploaderOrEditor).WithName("downloadOriginal").WithSummary("Downloads the uploaded file itself, where it is kept.")
            .GivesBytes("application/octet-stream", "The file; parts of it with Range.").ProducesProblems(Problem.NoVideo, Problem.NoFile);
        group.MapDelete("/{video}", DeleteAsync).RequireAuthorization(Roles.Uploader).WithName("deleteVideo").WithSummary("Takes a video away from new sessions and ends its jobs.")
            .ProducesProblems(Problem.NoVideo);
    }

    private static async Task<IResult> DownloadAsync(string video, string what, Func<VideoView, KeptFile?> file, HttpContext context, VideoViews videos, BlobStore store, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        if (await videos.FindAsync(id, context.Request, ct) is not { } view)
            return NotOurs();
        return file(view) is { } kept && await store.DownloadAsync(kept.Key, DownloadName.Of(id, what, kept.Key), context.Response, ct) is { } answer
            ? answer
            : Problems.Of(Problem.NoFile, Problem.NoFile.Meaning);
    }

    private static async Task<Ok<List<VideoView>>> ListAsync(HttpContext context, VideoViews videos, CancellationToken ct) =>
        TypedResults.Ok(await videos.ListAsync(context.Request, ct));

    private static async Task<Results<Ok<VideoView>, ProblemHttpResult>> GetAsync(string video, HttpContext context, VideoViews videos, CancellationToken ct) =>
        await videos.FindAsync(VideoId.FromRoute(video), context.Request, ct) is { } view ? TypedResults.Ok(view) : NotOurs();

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string video, Actor actor, CatalogueStore catalogue, JobTable jobs, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        var cancelled = await jobs.CancelAsync(id, ct);
        return await catalogue.DeleteAsync(id, actor, ct) || cancelled ? TypedResults.NoContent() : NotOurs();
    }

    internal static ProblemHttpResult NotOurs() => Problems.Of(Problem.NoVideo,
        "GET /api/videos lists the videos kept here; videos of other origins need no upload and stand in no list.");
}
