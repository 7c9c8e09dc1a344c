using System.Collections.Immutable;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>Answers a Master Playlist: 1. captions and trailer as they are now, 2. the template for that choice, 3. the answer.</summary>
internal sealed class MasterServer(
    PlaylistCache cache, PlaylistCompiler compiler, KnownChildren children, SubtitleIndex subtitles, SessionTrailer trailer, PlaylistAnswer answer, SigningKeys keys, OriginCluster cluster)
{
    /// <param name="Tracks">Compared by reference: the caption index keeps a video's array until that video's captions change.</param>
    private sealed record MasterTemplate(PlaylistTemplate Template, uint Trailer, ImmutableArray<CaptionTrack> Tracks);

    public async ValueTask ServeAsync(HttpContext context, PlaylistPart part, OriginPlaylist playlist, MasterPlaylist master)
    {
        // 1. A playlist that an interstitial leads to is not part of the video.
        var request = part.Request;
        var apart = part.Role == ChildRole.Apart;
        var tracks = apart ? [] : subtitles.Tracks(request.VideoName);
        var decision = apart ? TrailerDecision.Without(TrailerPlan.NoTrailer) : await trailer.DecideAsync(part, playlist, master, context.RequestAborted);
        if (request.Token.Preview && decision.IsPending)
        {
            await WaitAsync(context, decision);
            return;
        }

        // 2.
        var key = new TemplateKey(playlist, request.Video, request.Below, apart ? new(ChildRole.Apart) : VariantOf(decision));
        var compiled = cache.Find<MasterTemplate>(key);
        if (compiled is null || compiled.Tracks != tracks)
        {
            var template = compiler.Master(
                playlist, master, PlaylistAddress.Place(request, playlist, cluster.BaseAddresses), decision, tracks,
                PlaylistAddress.CaptionSource(keys, request.Video, playlist.Target), (child, role) => children.Note(request.Video, child, role), apart);
            compiled = new(template, decision.Version?.Id ?? 0, tracks);
            cache.Keep(key, compiled, template);
        }

        // 3.
        await answer.WriteAsync(context, part, compiled.Template, compiled.Trailer, decision.Placement);
    }

    private static TemplateVariant VariantOf(TrailerDecision decision) =>
        decision.Version is { } version ? new(default, version.Label, decision.Placement, decision.TargetDuration) : default;

    /// <summary>A preview without its trailer would show something else than what it is for. Viewers never wait like this.</summary>
    private static Task WaitAsync(HttpContext context, TrailerDecision decision)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.RetryAfter = PreviewEndpoints.RetryAfter;
        return context.Response.WriteAsJsonAsync(new PreviewCopies(decision.Shapes - decision.Missing.Length, decision.Shapes == 0 ? null : decision.Shapes), context.RequestAborted);
    }
}
