using HlsGateway.Counting;
using HlsGateway.Playback.Lane;
using HlsGateway.Playlists;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>Renders a template for the session that asks, or for the one that begins with it: 1. its token, 2. the count, 3. the answer.</summary>
internal sealed class PlaylistAnswer(SigningKeys keys, HitRecorder hits, PreparedAnswers prepared, TimeProvider time)
{
    /// <summary>Answers what the origin or a store gave: a new viewer's session begins with it.</summary>
    public async ValueTask WriteAsync(HttpContext context, PlaylistPart part, PlaylistTemplate template, uint trailer, TrailerPlacement placement)
    {
        if (!part.Begins || HttpMethods.IsHead(context.Request.Method))
        {
            await WriteAsync(context, part.Request, template);
            return;
        }

        var request = part.Request;
        // 1.
        var token = new byte[SessionToken.Length];
        var session = SessionToken.Begin(request.Video, trailer, time.GetUtcNow(), placement: trailer == 0 ? TrailerPlacement.Behind : placement);
        session.Write(keys, request.Video, token);
        prepared.Keep(session, request.Video, token);
        // 2.
        await hits.RecordAsync(context, request.Beginning(session), HitKind.SessionStart, 0, 0);
        // 3.
        await WatchAnswer.PlaylistAsync(context, template, token);
    }

    /// <summary>Answers for the session that the request names, or without one: a playlist that we make ourselves begins none.</summary>
    public static ValueTask WriteAsync(HttpContext context, WatchRequest request, PlaylistTemplate template)
    {
        var token = new byte[SessionToken.Length];
        request.CopyToken(token);
        return WatchAnswer.PlaylistAsync(context, template, token);
    }
}
