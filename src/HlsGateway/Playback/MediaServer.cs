using HlsGateway.Playback.Lane;
using HlsGateway.Playlists;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>Answers a Media Playlist: 1. its trailer, 2. variables of its Master Playlist, 3. the template, 4. the content's length, 5. the answer.</summary>
internal sealed class MediaServer(
    PlaylistOrigin origin, PlaylistCache cache, PlaylistCompiler compiler, Masters masters, SessionTrailer trailer, ContentLengths lengths, PlaylistAnswer answer,
    OriginCluster cluster, PreparedAnswers prepared, IOptions<GatewayOptions> gateway)
{
    public async ValueTask ServeAsync(HttpContext context, PlaylistPart part, OriginPlaylist playlist, MediaPlaylist media)
    {
        // 1.
        var (request, role, begins) = part;
        var copy = await trailer.FindAsync(request, role, context.RequestAborted);
        if (begins && media.HasEndList && trailer.Begin(request, playlist) is { } chosen)
        {
            role = chosen.Copy is null ? role : new ChildRole(ChildRole.Variant, chosen.Copy.Profile);
            copy = chosen;
        }

        // 2.
        var parent = media.HasImports && !begins ? (await origin.GetAsync(masters.EntryOf(request), context.RequestAborted)).Playlist : null;
        // 3.
        var site = copy.Placement.IsInterstitial() ? gateway.Value.SiteOf(context.Request) : "";
        var more = parent is null ? site : site + parent.Version;
        var key = new TemplateKey(playlist, request.Video, request.Below, copy.Variant(role) with { More = more });
        var template = cache.Find<PlaylistTemplate>(key);
        if (template is null)
        {
            if (parent?.Master is { } master)
            {
                if (!media.TryImport(master, out var imported, out var error) || imported is null)
                {
                    await WatchAnswer.ProblemAsync(context, PlaylistOrigin.NoPlaylist(playlist.Url, error));
                    return;
                }

                media = imported;
            }

            template = compiler.Media(media, PlaylistAddress.Place(request, playlist, cluster.BaseAddresses), role, copy.Version, copy.Copy, copy.Placement, site);
            cache.Keep(key, template, template);
        }

        // 4.
        if (begins || (role.Role == ChildRole.Variant && request.Verdict == SessionVerdict.Valid))
            await lengths.TellAsync(request, context.RequestAborted);
        // Neither the Master Playlist's variables nor the address that the player used are in it.
        if (!begins && parent is null && site.Length == 0)
            prepared.Keep(context, request, playlist, template);
        // 5.
        await answer.WriteAsync(context, part, template, copy.Id, copy.Placement);
    }
}
