using System.ComponentModel;
using System.Globalization;
using HlsGateway.Access;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Catalogue;

/// <summary><c>/api/videos</c>: what we keep, and in what state.</summary>
internal static class VideoEndpoints
{
    private const int MostForeign = 1000;

    private const string OwnCursor = "own.";

    private const string ForeignCursor = "foreign.";

    public static void MapVideoEndpoints(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/videos").WithTags("Videos");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithName("listVideos")
            .WithSummary("Every video that we keep, then those of other origins that were watched.")
            .WithDescription("Videos of other origins have the status `foreign` and are told to analysts and editors. Without `limit` every video that we keep is in the first answer, with at most 1000 of other origins; where more follow, the header `Link` has the address of the next page.")
            .GivesHeaders("Link").ProducesProblems(Problem.BadParameter);
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
        group.MapGet("/{video}/peaks", PeaksAsync).RequireAuthorization(Roles.Any).WithName("getPeaks").WithSummary("The loudest sample of each twentieth of a second, for drawing a wave.")
            .ProducesProblems(Problem.NoVideo, Problem.NoFile);
        group.MapDelete("/{video}", DeleteAsync).RequireAuthorization(Roles.Uploader).WithName("deleteVideo").WithSummary("Takes a video away from new sessions and ends its jobs.")
            .WithDescription("The header `Restorable-Until` says how long `POST /api/videos/{video}/restore` brings it back; absent where only an upload was ended. Sessions that began before play on.")
            .GivesHeaders("Restorable-Until").ProducesProblems(Problem.NoVideo);
        group.MapPost("/{video}/restore", RestoreAsync).RequireAuthorization(Roles.Uploader).WithName("restoreVideo").WithSummary("Undoes the deletion of a video: new sessions get the same revision again.")
            .WithDescription("Captions and trailers apply as before. Jobs that the deletion ended stay ended.")
            .ProducesProblems(Problem.NoVideo, Problem.VideoGone, Problem.VideoTaken);
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

    private static async Task<Results<Ok<List<VideoView>>, ProblemHttpResult>> ListAsync(
        HttpContext context, VideoViews videos, CancellationToken ct,
        [Description("own: only videos that we keep; foreign: only those of other origins.")] string? kind = null,
        [Description("Words that the id holds, in any order; capital letters count as small ones.")] string? q = null,
        [Description("Videos per page, 1 to 1000.")] string? limit = null,
        [Description("As the Link of the page before has it.")] string? cursor = null)
    {
        if (kind is not (null or "own" or "foreign"))
            return Problems.Of(Problem.BadParameter, "'kind' must be own or foreign.");
        var count = 0;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MostForeign))
            return Problems.Of(Problem.BadParameter, $"'limit' must be a whole number from 1 to {MostForeign}.");
        if (q is { Length: > 500 })
            return Problems.Of(Problem.BadParameter, "'q' must be 500 characters or fewer.");
        var (last, afterOwn) = ((string?)null, false);
        if (cursor is not null)
        {
            afterOwn = cursor.StartsWith(ForeignCursor, StringComparison.Ordinal);
            if (!afterOwn && !cursor.StartsWith(OwnCursor, StringComparison.Ordinal))
                return Problems.Of(Problem.BadParameter, "'cursor' must be the one of the Link of an answer to the same question.");
            last = cursor[(afterOwn ? ForeignCursor : OwnCursor).Length..];
        }

        var words = (q ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        bool Chosen(string video) => Array.TrueForAll(words, word => video.Contains(word, StringComparison.OrdinalIgnoreCase));

        var page = new List<VideoView>();
        string? next = null;
        if (kind != "foreign" && !afterOwn)
        {
            page = [.. (await videos.ListAsync(context.Request, ct)).Where(view => Chosen(view.Video)).OrderBy(view => view.Video, StringComparer.Ordinal).Where(view => last is null || string.CompareOrdinal(view.Video, last) > 0)];
            if (count > 0 && page.Count > count)
            {
                page.RemoveRange(count, page.Count - count);
                next = OwnCursor + page[^1].Video;
            }
        }
        if (kind != "own" && next is null && SeesForeign(context))
        {
            var room = count > 0 ? count - page.Count : MostForeign;
            var foreign = await videos.ListForeignAsync(afterOwn && last?.Length > 0 ? last : null, room, Chosen, context.Request, ct);
            page.AddRange(foreign.Take(room));
            if (foreign.Count > room)
                next = ForeignCursor + (room > 0 ? foreign[room - 1].Video : "");
        }
        if (next is not null)
        {
            var query = QueryString.Create([.. from pair in new[] { ("kind", kind), ("q", q), ("limit", limit), ("cursor", next) } where pair.Item2 is not null select KeyValuePair.Create(pair.Item1, pair.Item2)]);
            context.Response.Headers.Link = $"<{query}>; rel=\"next\"";
        }
        return TypedResults.Ok(page);
    }

    private static async Task<Results<Ok<VideoView>, ProblemHttpResult>> GetAsync(string video, HttpContext context, VideoViews videos, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        if (await videos.FindAsync(id, context.Request, ct) is { } own)
            return TypedResults.Ok(own);
        return SeesForeign(context) && await videos.FindForeignAsync(id, context.Request, ct) is { } foreign ? TypedResults.Ok(foreign) : NotOurs();
    }

    /// <summary>What was watched is nothing that an uploader is told.</summary>
    private static bool SeesForeign(HttpContext context) => Array.Exists([Roles.Analyst, Roles.Editor, Roles.Admin], context.User.IsInRole);

    private static async Task<Results<Ok<AudioPeaksView>, ProblemHttpResult>> PeaksAsync(string video, HttpContext context, VideoViews videos, BlobStore store, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        if (await videos.FindAsync(id, context.Request, ct) is not { } view)
            return SeesForeign(context) && await videos.FindForeignAsync(id, context.Request, ct) is not null
                ? Problems.Of(Problem.NoFile, "This video is of another origin: nothing is kept of its sound here.")
                : NotOurs();
        return view.Revision is { } revision && await AudioPeaksView.ReadAsync(store, PublishedVideo.Prefix(id, revision), ct) is { } peaks
            ? TypedResults.Ok(peaks)
            : Problems.Of(Problem.NoFile, view.Revision is null ? "The video is not ready yet." : "The video has no sound, or was made before peaks were kept; then upload it again.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string video, Actor actor, CatalogueStore catalogue, JobTable jobs, IOptions<SessionsOptions> sessions, TimeProvider time, HttpResponse response, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        var cancelled = await jobs.CancelAsync(id, ct);
        // From before it is deleted: never later than it is kept.
        var until = time.GetUtcNow() + DeletedVideos.Grace(sessions.Value);
        if (await catalogue.DeleteAsync(id, actor, ct))
            response.Headers["Restorable-Until"] = Rfc3339.Text(until);
        else if (!cancelled)
            return NotOurs();
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<VideoView>, ProblemHttpResult>> RestoreAsync(
        string video, Actor actor, DeletedVideos deleted, VideoViews videos, IOptions<SessionsOptions> sessions, HttpRequest request, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        return await deleted.RestoreAsync(id, DeletedVideos.Grace(sessions.Value), actor, ct) switch
        {
            Restored.TooLate => Problems.Of(Problem.VideoGone, "Upload it again with PUT /api/videos/{video}, or tus."),
            Restored.Taken => Problems.Of(Problem.VideoTaken, "GET /api/videos/{video} shows what stands there now. Delete that first if the deleted one is to come back; only the revision that was deleted last comes back."),
            Restored.Done when await videos.FindAsync(id, request, ct) is { } view => TypedResults.Ok(view),
            _ => NotOurs(),
        };
    }

    internal static ProblemHttpResult NotOurs() => Problems.Of(Problem.NoVideo,
        "GET /api/videos lists the videos kept here, and those of other origins once somebody has watched them.");
}
