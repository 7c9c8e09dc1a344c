using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using VideoId = HlsGateway.Catalogue.VideoId;

namespace HlsGateway.Transcoding;

/// <summary>What uploads may be.</summary>
public sealed record Limits(double MaxDurationSeconds, long MaxBytes, int MaxSide, int MaxCaptionTracks, int MaxCaptionBytes);

/// <summary>
/// <c>PUT /api/videos/{video}</c> with a raw body (<c>curl -T</c>): 1. streamed to disk, never held in memory; 2. probed in the
/// confinement and refused early, each reason with its own problem type; 3. stored; 4. queued. 202 and the place to ask.
/// </summary>
internal static class UploadEndpoints
{
    /// <summary>Rule W6.</summary>
    private const int CaptionBytes = 1 << 20;

    public static void MapUploads(this IEndpointRouteBuilder app)
    {
        app.MapPut("/api/videos/{video}", PutAsync).RequireAuthorization(Roles.Uploader).WithTags("Videos")
            .Accepts<Stream>("application/octet-stream", "video/*").WithSummary("Uploads a video; a later upload of the same id becomes its next revision.");
        app.MapGet("/api/videos/{video}/progress", ProgressAsync).RequireAuthorization(Roles.Any).WithTags("Videos")
            .WithSummary("The video's state as server-sent events, until it is ready or failed.");
        app.MapGet("/api/limits", static (IOptions<TranscodeOptions> uploads, IOptions<SubtitlesOptions> captions) =>
                TypedResults.Ok(new Limits(uploads.Value.MaxDuration.TotalSeconds, uploads.Value.MaxBytes, uploads.Value.MaxSide, captions.Value.MaxTracks, CaptionBytes)))
            .RequireAuthorization(Roles.Any).WithTags("Videos").WithSummary("What uploads and captions may be.");
    }

    private static async Task<Results<Accepted<VideoView>, ProblemHttpResult>> PutAsync(
        string video, HttpContext context, Ffmpeg ffmpeg, BlobStore store, JobTable jobs, CatalogueDatabase database,
        IOptions<TranscodeOptions> options, IOptions<GatewayOptions> gateway, TimeProvider time, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        if (!VideoId.IsValid(id))
            return Problems.Of(400, "video-id", "This cannot be a video's id",
                $"Use one to eight path segments of letters, digits and . _ : @ + -, at most {VideoId.MaxLength} characters; none may begin with a dot, be 'subtitles' or end in .m3u8.");
        var most = options.Value.MaxBytes;
        if (context.Request.ContentLength > most)
            return TooLarge(most);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = most;

        // 1.
        using var folder = ffmpeg.OpenFolder();
        try
        {
            await folder.AddAsync(EncodeArguments.Input, context.Request.Body, ct);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(most);
        }

        // 2.
        var file = new FileInfo(folder[EncodeArguments.Input]);
        if (file.Length == 0)
            return Problems.Of(400, "empty", "The body is empty", "Send the file's bytes as the body, as curl -T does.");
        if (await RefusalAsync(folder, ffmpeg, options.Value, ct) is { } refusal)
            return Problems.Of(422, refusal.Slug, refusal.Title, refusal.Detail);

        // 3. and 4.
        await QueueAsync(id, file.FullName, store, jobs, ct);
        context.Response.Headers.CacheControl = "no-store";
        var view = await VideoEndpoints.FindAsync(id, context.Request, database, store, gateway.Value, time, ct);
        return TypedResults.Accepted($"/api/videos/{Uri.EscapeDataString(id)}", view);
    }

    internal static async Task<UploadRefusal?> RefusalAsync(JobFolder folder, Ffmpeg ffmpeg, TranscodeOptions options, CancellationToken ct)
    {
        try
        {
            return UploadRules.Check(await ffmpeg.ProbeAsync(folder, EncodeArguments.Input, ProbeAs.Upload, ct), options);
        }
        catch (FfmpegException)
        {
            return UploadRules.Unreadable;
        }
    }

    /// <summary>The upload stands in the store, so that a worker on any machine can take it.</summary>
    internal static async Task QueueAsync(string video, string file, BlobStore store, JobTable jobs, CancellationToken ct)
    {
        var key = $"uploads/{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        await using (var content = File.OpenRead(file))
            await store.PutAsync(key, content, "application/octet-stream", ct);
        await jobs.AddAsync(video, key, new FileInfo(file).Length, ct);
    }

    internal static ProblemHttpResult TooLarge(long most) => Problems.Of(
        413, "too-large", "The file is too large", $"{most} bytes is the most. Compress it, or raise Transcode:MaxBytes.");

    private static Results<ServerSentEventsResult<VideoView>, ProblemHttpResult> ProgressAsync(
        string video, HttpContext context, BlobStore store, CatalogueDatabase database, IOptions<GatewayOptions> gateway, TimeProvider time, CancellationToken ct)
    {
        var id = VideoId.FromRoute(video);
        return VideoId.IsValid(id)
            ? TypedResults.ServerSentEvents(FollowAsync(id, context.Request, store, database, gateway.Value, time, ct))
            : VideoEndpoints.NotOurs();
    }

    /// <summary>One event for each change, and one a second at least, so that a proxy does not take the silence for the end.</summary>
    private static async IAsyncEnumerable<SseItem<VideoView>> FollowAsync(
        string video, HttpRequest request, BlobStore store, CatalogueDatabase database, GatewayOptions gateway, TimeProvider time,
        [EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), time);
        VideoView? told = null;
        var silent = 0;
        while (await VideoEndpoints.FindAsync(video, request, database, store, gateway, time, ct) is { } now)
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
