using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Every player request: 1. its path and session, 2. whose video, 3. what it means, 4. one of five answers: playlist, redirect,
/// caption, pass-through, problem.
/// </summary>
internal sealed class WatchEndpoint(
    SigningKeys keys, WatchRouter router, PlaylistServer playlists, MediaRedirect redirect, PassThrough passThrough, HitRecorder hits,
    SubtitleIndex subtitles, IOptions<SessionsOptions> sessions, TimeProvider time)
{
    public async Task ServeAsync(HttpContext context)
    {
        WatchAnswer.AllowAnyOrigin(context.Response);
        // 1.
        if (WatchRequest.Read(context, keys, sessions.Value.Lifetime, time.GetUtcNow()) is not { } unnamed)
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status400BadRequest, "bad-path",
                "The path holds dot segments, encoded separators or characters that cannot be passed on; ask for a path as the playlist gives it."));
            return;
        }

        // 2.
        var request = await router.NameAsync(unnamed, context.RequestAborted);
        if (request.Video.Length == 0)
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, "unknown-video",
                "A video's address is /watch/{video}/playlist.m3u8, where {video} is one or more path segments."));
            return;
        }

        // 3.
        var route = await router.RouteAsync(request, context.RequestAborted);
        // 4.
        switch (route.Kind)
        {
            case RouteKind.Playlist:
                await playlists.ServeAsync(context, request, route.Source);
                break;
            case RouteKind.Media or RouteKind.TrailerMedia:
                await redirect.ServeAsync(context, request, route);
                break;
            case RouteKind.CaptionPlaylist:
                await playlists.ServeCaptionAsync(context, request);
                break;
            case RouteKind.TrailerPlaylist:
                await playlists.ServeTrailerAsync(context, request, route.Source.Locator);
                break;
            case RouteKind.CaptionSegment or RouteKind.TrailerBlank:
                await ServeCaptionSegmentAsync(context, request, route.Kind);
                break;
            case RouteKind.PassThrough:
                await passThrough.ServeAsync(context, route.Source);
                break;
            default:
                await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, "unknown-target", "This address was not made by this gateway, or its key is no longer in use."));
                break;
        }
    }

    /// <summary>Rule W5: whatever happens, the answer is 200 and WebVTT.</summary>
    private async ValueTask ServeCaptionSegmentAsync(HttpContext context, WatchRequest request, RouteKind kind)
    {
        var body = kind == RouteKind.TrailerBlank ? Blank(request) : Caption(request);
        var signed = SegmentSignature.Verify(keys, request.Video, request.Below, new PlayerQuery(request.Query), out var startMs, out var durationMs);
        await hits.RecordAsync(context, request, HitKind.Caption, startMs, durationMs, forged: !signed);
        await WatchAnswer.TextAsync(context, "text/vtt; charset=utf-8", body);
    }

    private ReadOnlyMemory<byte> Caption(WatchRequest request)
    {
        if (!CaptionPath.TryRead(request.Below, out var path) || path.Mpegts is not { } mpegts)
            return CaptionSegment.Empty;
        if (string.Equals(path.Version, PlaylistCompiler.BlankVersion, StringComparison.Ordinal))
            return CaptionSegment.Blank(mpegts, path.DurationMs);
        // The text as it stands now, also for a session that began before an edit.
        var track = subtitles.Tracks(request.VideoName).FirstOrDefault(t => string.Equals(t.Language, path.Language, StringComparison.Ordinal));
        return CaptionSegment.Render(track?.File ?? CaptionFile.Nothing, path.StartMs, path.StartMs + path.DurationMs, path.ContentEndMs, mpegts, path.RangeStartMs);
    }

    /// <summary>The file's name is <c>{first PTS}-{length ms}.vtt</c>.</summary>
    private static ReadOnlyMemory<byte> Blank(WatchRequest request)
    {
        var name = request.Path.AsSpan()[(request.Path.LastIndexOf('/') + 1)..^".vtt".Length];
        var hyphen = name.IndexOf('-');
        return hyphen > 0 && long.TryParse(name[..hyphen], out var mpegts) && int.TryParse(name[(hyphen + 1)..], out var ms)
            ? CaptionSegment.Blank(mpegts, Math.Clamp(ms, 1, 600_000))
            : CaptionSegment.Empty;
    }
}
