using HlsGateway.Content;

namespace HlsGateway.Playback;

/// <summary>Answers a playlist of the origin's or of our store: 1. the playlist, 2. its role and session, 3. Master or Media Playlist.</summary>
internal sealed class PlaylistServer(
    PlaylistOrigin origin, PlaylistIdentity identity, KnownChildren children, EntryNames names, SessionStarts starts, MasterServer masters, MediaServer media, CaptionServer captions)
{
    public async ValueTask ServeAsync(HttpContext context, WatchRequest request, OriginTarget source)
    {
        // 1.
        source = await identity.SourceOfAsync(request, source, context.RequestAborted);
        var found = await origin.GetAsync(source, context.RequestAborted);
        if (found.Playlist is not { } playlist)
        {
            // Subtitles that the Master Playlist advertised are never a 404 (rule W5).
            if ((request.SignedRole?.Role ?? children.RoleIn(request.Video, request.Path)) == ChildRole.Subtitles)
                await captions.ServeEmptyAsync(context, request, "none", "origin");
            else
                await WatchAnswer.ProblemAsync(context, found.Failure ?? default);
            return;
        }

        // 2.
        var part = playlist.Media is { IsTrickPlay: var isTrickPlay }
            ? await identity.OfMediaAsync(request, source, isTrickPlay, context.RequestAborted)
            : await identity.OfMasterAsync(request, context.RequestAborted);
        if (part.Begins && !HttpMethods.IsHead(context.Request.Method))
        {
            part = part with { Begins = starts.TryBegin(context) };
            if (part is { Begins: true, Request.Below: not PlaylistAddress.DefaultName })
                names.Note(new(part.Request.Video, part.Request.Below, playlist.Master is not null));
        }

        // 3.
        if (playlist.Media is not null)
            await media.ServeAsync(context, part, playlist, playlist.Media);
        else if (playlist.Master is { } master)
            await masters.ServeAsync(context, part, playlist, master);
    }
}
