using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Every player request: 1. its path and session, 2. whose video, 3. what it means, 4. one of five answers: playlist, redirect,
/// caption, pass-through, problem.
/// </summary>
internal sealed class WatchEndpoint(
    SigningKeys keys, WatchRouter router, PlaylistServer playlists, CaptionServer captions, TrailerServer trailers, MediaRedirect redirect, PassThrough passThrough,
    IOptions<SessionsOptions> sessions, TimeProvider time)
{
    public async Task ServeAsync(HttpContext context)
    {
        WatchAnswer.AllowAnyOrigin(context.Response);
        // 1.
        if (WatchRequest.Read(context, keys, sessions.Value.Lifetime, time.GetUtcNow()) is not { } unnamed)
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status400BadRequest, Problem.BadPath,
                "The path holds dot segments, encoded separators or characters that cannot be passed on; ask for a path as the playlist gives it."));
            return;
        }

        // 2.
        var request = await router.NameAsync(unnamed, context.RequestAborted);
        if (request.Video.Length == 0)
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, Problem.UnknownVideo,
                "A video's address is /watch/{video}/playlist.m3u8, where {video} is one or more path segments."));
            return;
        }

        // 3.
        var route = await router.RouteAsync(request, context.RequestAborted);
        // 4.
        await (route switch
        {
            WatchRoute.Playlist playlist => playlists.ServeAsync(context, request, playlist.Source),
            WatchRoute.Segment segment => redirect.ServeAsync(context, request, segment),
            WatchRoute.TrailerSegment segment => redirect.ServeAsync(context, request, segment),
            WatchRoute.CaptionPlaylist playlist => captions.ServePlaylistAsync(context, request, playlist.Language),
            WatchRoute.CaptionSegment segment => captions.ServeSegmentAsync(context, request, segment.Path),
            WatchRoute.TrailerBlank blank => captions.ServeBlankAsync(context, request, blank.Window),
            WatchRoute.TrailerPlaylist playlist => trailers.ServeAsync(context, request, playlist.Label, playlist.Profiles),
            WatchRoute.PassThrough file => passThrough.ServeAsync(context, file.Source),
            _ => new(WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, Problem.UnknownTarget, "This address was not made by this gateway, or its key is no longer in use."))),
        });
    }
}
