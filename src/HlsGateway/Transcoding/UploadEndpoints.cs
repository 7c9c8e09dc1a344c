using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using VideoId = HlsGateway.Catalogue.VideoId;

namespace HlsGateway.Transcoding;

/// <summary>What uploads may be.</summary>
internal sealed record Limits(double MaxDurationSeconds, long MaxBytes, int MaxSide, int MaxCaptionTracks, int MaxCaptionBytes);

/// <summary>
/// <c>PUT /api/videos/{video}</c> with a raw body (<c>curl -T</c>), streamed to disk and never held in memory; for what happens next
/// see <see cref="UploadIntake"/>. Answers 202 and where to ask for its state.
/// </summary>
internal static class UploadEndpoints
{
    /// <summary>Rule W6.</summary>
    private const int CaptionBytes = 1 << 20;

    public static void MapUploads(this IEndpointRouteBuilder app)
    {
        app.MapPut("/api/videos/{video}", PutAsync).RequireAuthorization(Roles.Uploader).WithTags("Videos")
            .WithName("uploadVideo").WithSummary("Uploads a video; a later upload of the same id becomes its next revision.")
            .TakesBytes("The bytes of a video file.", "application/octet-stream", "video/*").GivesHeaders("Location")
            .ProducesProblems(Problem.VideoId, Problem.Empty, Problem.TooLarge, Problem.NoRoom, Problem.Unreadable, Problem.NoVideoStream, Problem.TooLong, Problem.TooManyPixels,
                Problem.TooFewPixels, Problem.TooManyStreams);
        app.MapPost("/api/videos/{video}/retry", RetryAsync).RequireAuthorization(Roles.Uploader).WithTags("Videos")
            .WithName("retryVideo").WithSummary("Makes a video of its last upload once more, where that failed and the file is still kept.")
            .WithDescription("`can_retry` of the video says whether that is so: not where the file itself was refused, and as long as `Transcode:SweepMargin`.")
            .GivesHeaders("Location").ProducesProblems(Problem.NoVideo, Problem.NothingToRetry);
        app.MapGet("/api/videos/{video}/progress", ProgressAsync).RequireAuthorization(Roles.Any).WithTags("Videos")
            .WithName("followVideo").WithSummary("The video's state as server-sent events, until it is ready or failed.")
            .GivesText("text/event-stream", "Events `video`: the data of each is what `getVideo` answers.", "event: video\ndata: {\"video\":\"films/bunny\",\"status\":\"transcoding\",\"progress\":0.42}\n\n")
            .ProducesProblems(Problem.NoVideo);
        app.MapGet("/api/limits", static (IOptions<TranscodeOptions> uploads, IOptions<SubtitlesOptions> captions) =>
                TypedResults.Ok(new Limits(uploads.Value.MaxDuration.TotalSeconds, uploads.Value.MaxBytes, uploads.Value.MaxSide, captions.Value.MaxTracks, CaptionBytes)))
            .RequireAuthorization(Roles.Any).WithTags("Videos").WithName("getLimits").WithSummary("What uploads and captions may be.");
    }

    private static async Task<Results<Accepted<VideoView>, ProblemHttpResult>> PutAsync(
        string video, HttpContext context, Sandbox sandbox, PartialUploads uploads, UploadIntake intake, VideoViews videos, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        if (intake.Check(id, context.Request.ContentLength) is { } early)
            return early.Answer();
        using var room = uploads.Hold(context.Request.ContentLength ?? intake.MaxBytes);
        if (room is null)
            return UploadIntake.NoRoom.Answer();
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = intake.MaxBytes;

        using var folder = sandbox.OpenFolder();
        try
        {
            var body = context.Request.BodyReader;
            if (intake.CheckFront(await UploadFront.PeekAsync(body, Mp4Front.Bytes, ct)) is { } tooLong)
                return tooLong.Answer();
            await using var content = body.AsStream(leaveOpen: true);
            await folder.AddAsync(EncodeArguments.Input, content, ct);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return intake.TooLarge.Answer();
        }

        if (await intake.TakeAsync(id, folder, Actor.Of(context.User), ct) is { } refusal)
            return refusal.Answer();
        context.Response.Headers.CacheControl = "no-store";
        var view = await videos.FindAsync(id, context.Request, ct);
        return TypedResults.Accepted($"/api/videos/{Uri.EscapeDataString(id)}", view);
    }

    private static async Task<Results<Accepted<VideoView>, ProblemHttpResult>> RetryAsync(
        string video, HttpRequest request, Actor actor, JobTable jobs, BlobStore store, VideoViews videos, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        var queued = VideoId.IsValid(id) && await jobs.RetryAsync(id, actor, upload => store.ExistsAsync(upload, ct), ct);
        if (await videos.FindAsync(id, request, ct) is not { } view)
            return VideoEndpoints.NotOurs();
        return queued
            ? TypedResults.Accepted($"/api/videos/{Uri.EscapeDataString(id)}", view)
            : Problems.Of(Problem.NothingToRetry, "Read 'error' of GET /api/videos/{video}, and upload the file again.");
    }

    private static Results<ServerSentEventsResult<VideoView>, ProblemHttpResult> ProgressAsync(
        string video, HttpContext context, VideoViews videos, Departure departure, TimeProvider time, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        return VideoId.IsValid(id)
            ? TypedResults.ServerSentEvents(FollowAsync(id, context.Request, videos, departure, time, ct))
            : VideoEndpoints.NotOurs();
    }

    /// <summary>One event for each change, and one a second at least, so that a proxy does not close the connection as idle.</summary>
    private static async IAsyncEnumerable<SseItem<VideoView>> FollowAsync(
        string video, HttpRequest request, VideoViews videos, Departure departure, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), time);
        VideoView? told = null;
        var silent = 0;
        while (!departure.IsOver && await videos.FindAsync(video, request, ct) is { } now)
        {
            if (told is null || now.Status != told.Status || Math.Abs(now.Progress - told.Progress) > 0.001 || ++silent >= 2)
            {
                (told, silent) = (now, 0);
                yield return new SseItem<VideoView>(now, "video");
            }

            if (now.Status is "ready" or "failed")
                yield break;
            await timer.WaitForNextTickAsync(ct);
        }
    }
}
