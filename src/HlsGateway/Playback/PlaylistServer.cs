using System.Collections.Immutable;
using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Answers playlists: finds the origin's, finds or compiles its template, renders it for the session. Steps of a Master Playlist:
/// 1. the origin's playlist, 2. captions and trailer as they are now, 3. the template for that choice, 4. the session's token,
/// 5. the count, 6. the answer.
/// </summary>
internal sealed class PlaylistServer(
    PlaylistOrigin origin, PlaylistCache cache, PlaylistCompiler compiler, PlaylistIdentity identity, KnownChildren children, EntryNames names, ContentLengths lengths, PublishedVideos published,
    TrailerLibrary trailers, PinnedTrailers pinned, ContentFacts facts, ContentReader reader, SubtitleIndex subtitles, SigningKeys keys, HitRecorder hits,
    OriginCluster cluster, SessionStarts starts, TimeProvider time, GatewayMetrics metrics,
    IOptions<TrailersOptions> options, IOptions<GatewayOptions> gateway)
{
    /// <param name="Tracks">Compared by reference: the caption index keeps a video's array until that video's captions change.</param>
    private sealed record MasterTemplate(PlaylistTemplate Template, uint Trailer, ImmutableArray<CaptionTrack> Tracks);

    /// <param name="Copy">Null where the session has no trailer, or this Rendition none of its copies.</param>
    private readonly record struct PinnedCopy(TrailerVersion? Version, TrailerCopy? Copy, TrailerPlacement Placement)
    {
        public uint Id => Copy is null ? 0 : Version?.Id ?? 0;

        public string Key(ChildRole role) => Copy is null ? role.Role.ToString() : $"{role}|{Version?.Label}|{Placement}";
    }

    /// <summary>Answers a Master or Media Playlist.</summary>
    public async ValueTask ServeAsync(HttpContext context, WatchRequest request, OriginTarget source)
    {
        // 1.
        source = await identity.SourceOfAsync(request, source, context.RequestAborted);
        var found = await origin.GetAsync(source, context.RequestAborted);
        if (found.Playlist is not { } playlist)
        {
            // Subtitles that the Master Playlist advertised are never a 404 (rule W5).
            if ((identity.Signed(request)?.Role ?? children.RoleIn(request.Video, request.Path)) == ChildRole.Subtitles)
                await ServeEmptyCaptionsAsync(context, request, "none", "origin");
            else
                await WatchAnswer.ProblemAsync(context, found.Failure ?? default);
            return;
        }

        var part = playlist.Media is { } media
            ? await identity.OfMediaAsync(request, source, media.IsTrickPlay, context.RequestAborted)
            : await identity.OfMasterAsync(request, context.RequestAborted);
        if (part.Begins && !HttpMethods.IsHead(context.Request.Method) && !starts.TryBegin(context))
            part = part with { Begins = false };
        if (playlist.Media is not null)
            await ServeMediaAsync(context, part, playlist, playlist.Media);
        else if (playlist.Master is { } master)
            await ServeMasterAsync(context, part, playlist, master);
    }

    private async ValueTask ServeMasterAsync(HttpContext context, PlaylistPart part, OriginPlaylist playlist, MasterPlaylist master)
    {
        var request = part.Request;
        // 2. What an interstitial leads to is no part of the video.
        var apart = part.Role == ChildRole.Apart;
        var tracks = apart ? [] : subtitles.Tracks(request.VideoName);
        var decision = apart ? TrailerDecision.Without(TrailerPlan.NoTrailer)
            : request.Verdict == SessionVerdict.Valid && request.Token.Trailer != 0 ? await DecidePinnedAsync(context, request, playlist, master)
            : Decide(part, playlist, master);
        // 3.
        var key = new TemplateKey(playlist, request.Video, request.Below, apart ? ChildRole.Apart.ToString() : decision.Key);
        var compiled = cache.Find<MasterTemplate>(key);
        if (compiled is null || compiled.Tracks != tracks)
        {
            var template = compiler.Master(playlist, master, Place(request, playlist), decision, tracks, PlaylistAddress.CaptionSource(keys, request.Video, playlist.Target),
                (child, role) => children.Note(request.Video, child, role), apart);
            compiled = new(template, decision.Version?.Id ?? 0, tracks);
            cache.Keep(key, compiled, template);
        }

        await AnswerAsync(context, part, compiled.Template, isMaster: true, compiled.Trailer, decision.Placement);
    }

    private async ValueTask ServeMediaAsync(HttpContext context, PlaylistPart part, OriginPlaylist playlist, MediaPlaylist media)
    {
        var (request, role, begins) = part;
        var copy = await PinnedAsync(context, request, role);
        if (begins && media.HasEndList && trailers.ChosenFor(request.VideoName) is { } chosen)
        {
            // The entry is itself a Media Playlist: its one Rendition is the whole session.
            var decision = trailers.Decide(request.VideoName, ContentReader.Itself, Known(request, playlist), chosen.Version, PlacementOf(request, chosen.Position));
            role = decision.Version is null ? role : new ChildRole('v', decision.Variants[0].Profile);
            copy = new(decision.Version, decision.Version is null ? null : decision.Variants[0], decision.Placement);
        }

        var site = copy.Placement.IsInterstitial() ? gateway.Value.SiteOf(context.Request) : "";
        var parent = media.HasImports && !begins ? (await origin.GetAsync(MasterOf(request), context.RequestAborted)).Playlist : null;
        var key = new TemplateKey(playlist, request.Video, request.Below, $"{copy.Key(role)}{site}{parent?.Version}");
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

            template = compiler.Media(media, Place(request, playlist), role, copy.Version, copy.Copy, copy.Placement, site);
            cache.Keep(key, template, template);
        }

        if (begins || (role.Role == ChildRole.Variant && request.Verdict == SessionVerdict.Valid))
            await lengths.TellAsync(request, context.RequestAborted);
        await AnswerAsync(context, part, template, isMaster: false, copy.Id, copy.Placement);
    }

    /// <summary>Where the Master Playlist of a child is read.</summary>
    private OriginTarget MasterOf(WatchRequest request) => published.TryGet(request.VideoName, out var ours)
        ? new OriginTarget(OriginKind.Store, ours.KeyPrefix + PlaylistAddress.DefaultName)
        : PlaylistAddress.ReadCaptionSource(keys, request.Video, new PlayerQuery(request.Query).CaptionSource);

    /// <summary>Answers the playlist of one of our caption tracks (rules W2 to W5): always 200.</summary>
    public async ValueTask ServeCaptionAsync(HttpContext context, WatchRequest request)
    {
        var query = new PlayerQuery(request.Query);
        var role = identity.Signed(request) is { Role: ChildRole.Subtitles } signed ? signed : new ChildRole(ChildRole.Subtitles, "");
        var language = request.Below[CaptionPath.Folder.Length..^".m3u8".Length];
        var track = subtitles.Tracks(request.VideoName).FirstOrDefault(t => string.Equals(t.Language, language, StringComparison.Ordinal))
            ?? new CaptionTrack(language, language, false, false, false, "none", CaptionFile.Nothing);

        var found = await origin.GetAsync(MasterOf(request), context.RequestAborted);
        var content = found.Playlist is { Master: { } master } playlist && !master.Variants.IsEmpty
            ? await FirstVariantAsync(context, request, playlist, master)
            : null;
        if (content?.Media is not { } media || media.Segments.IsEmpty || found.Playlist is null)
        {
            await ServeEmptyCaptionsAsync(context, request, language, "no_grid");
            return;
        }

        var copy = await PinnedAsync(context, request, role);
        var known = await FactsAsync(context, request, found.Playlist);
        if (ContentFacts.FirstVideoPts(known) is null)
            metrics.CaptionTrouble("no_first_pts");
        var clocks = string.Join(',', media.Segments.Where((segment, at) => at == 0 || segment.Discontinuity).Select(segment => ContentFacts.RangeAt(known, segment.StartMs)?.FirstVideoPts));
        var key = new TemplateKey(content, request.Video, request.Below, $"c|{track.Version}|{clocks}|{copy.Key(role)}");
        var template = cache.Find<PlaylistTemplate>(key);
        if (template is null)
        {
            template = compiler.Caption(request.Video, request.Below, track, media, startMs => ContentFacts.RangeAt(known, startMs), copy.Copy, copy.Placement);
            cache.Keep(key, template, template);
        }

        await AnswerAsync(context, request, template);
    }

    /// <summary>Answers the playlist of a trailer that the player plays by itself. Nothing is counted here: its segments are.</summary>
    /// <param name="locator"><c>{name}@{hash8}/{profile}[.{profile of the sound}]</c>.</param>
    public async ValueTask ServeTrailerAsync(HttpContext context, WatchRequest request, string locator)
    {
        var slash = locator.LastIndexOf('/');
        var profiles = locator[(slash + 1)..].Split('.');
        // A session asks for what it has pinned; without one, whatever this gateway knows by that name is shown.
        var version = trailers.Snapshot.Find(locator[..slash]);
        foreach (var profile in profiles)
            version = await pinned.FindAsync(request.Token.Trailer != 0 ? request.Token.Trailer : version?.Id ?? 0, profile, context.RequestAborted);
        if (version is null || profiles.Length > 2 || !locator[..slash].EndsWith(version.Hash, StringComparison.Ordinal) || !Array.TrueForAll(profiles, version.Copies.ContainsKey))
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, "unknown-target", "There is no such trailer, or it was not made for this shape of video."));
            return;
        }

        var template = cache.FindAsset(request.Video, request.Below);
        if (template is null)
        {
            // Whoever makes up paths of videos gets an answer that nobody else is given.
            template = compiler.Asset(request.Video, $"{WatchPath.Folder(request.Below)}/", version, version.Copies[profiles[0]], profiles.Length > 1 ? version.Copies[profiles[1]] : null);
            if (identity.Signed(request) is not null)
                cache.KeepAsset(request.Video, request.Below, template);
        }

        await AnswerAsync(context, request, template);
    }

    /// <summary>The content's grid, or the origin's playlist, is out of reach: captions that end at once never keep a video from playing.</summary>
    private ValueTask ServeEmptyCaptionsAsync(HttpContext context, WatchRequest request, string language, string reason)
    {
        metrics.CaptionTrouble(reason);
        return AnswerAsync(context, request, PlaylistCompiler.EmptyCaptions(request.Below, language));
    }

    private async ValueTask<OriginPlaylist?> FirstVariantAsync(HttpContext context, WatchRequest request, OriginPlaylist playlist, MasterPlaylist master)
    {
        if (!UriReference.TryResolve(playlist.Url, master.Variants[0].Uri, out var url))
            return null;
        return (await origin.GetAsync(PlaylistAddress.SourceOf(url, cluster.BaseAddresses), context.RequestAborted)).Playlist;
    }

    private async ValueTask<ImmutableArray<RenditionFacts>?> FactsAsync(HttpContext context, WatchRequest request, OriginPlaylist playlist)
    {
        if (playlist.Target.Kind == OriginKind.Store && published.TryGet(request.VideoName, out var video))
            return video.Facts;
        try
        {
            return await facts.GetAsync(reader.SourceOf(request.VideoName, playlist), context.RequestAborted);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>The trailer of a session: pinned when its Master Playlist is first served (rule S4); all Renditions or none (rule S8).</summary>
    private TrailerDecision Decide(PlaylistPart part, OriginPlaylist playlist, MasterPlaylist master) =>
        part.Begins && trailers.ChosenFor(part.Request.VideoName) is { } chosen
            ? trailers.Decide(part.Request.VideoName, master, Known(part.Request, playlist), chosen.Version, PlacementOf(part.Request, chosen.Position), pinned: false)
            : TrailerDecision.Without(TrailerPlan.NoTrailer);

    /// <summary>A session that asks again, here or at another gateway: it keeps what it has pinned, whatever this gateway has yet to learn of it.</summary>
    private async ValueTask<TrailerDecision> DecidePinnedAsync(HttpContext context, WatchRequest request, OriginPlaylist playlist, MasterPlaylist master)
    {
        if (await pinned.FindAsync(request.Token.Trailer, "", context.RequestAborted) is not { } version)
            return TrailerDecision.Without(TrailerPlan.NoTrailer);
        var known = Known(request, playlist);
        if (known.Facts is null)
            known = known with { Facts = await FactsAsync(context, request, playlist) };
        var placement = request.Token.Placement;
        if (TrailerPlan.Decide(master, known.Facts, version, placement).Missing is [var shape, ..])
            version = await pinned.FindAsync(version.Id, shape.Profile, context.RequestAborted) ?? version;
        return trailers.Decide(request.VideoName, master, known, version, placement, pinned: true);
    }

    private TrailerPlacement PlacementOf(WatchRequest request, TrailerPosition position) =>
        TrailerPlacements.Of(position, new PlayerQuery(request.Query).Interstitial ?? options.Value.Interstitial);

    /// <summary>The copy that a child of a Master Playlist carries or announces.</summary>
    private async ValueTask<PinnedCopy> PinnedAsync(HttpContext context, WatchRequest request, ChildRole role)
    {
        if (role.Copy.Length == 0)
            return default;
        var profile = role.Copy.Split('.')[0];
        var version = await pinned.FindAsync(request.Token.Trailer, profile, context.RequestAborted);
        var copy = request.Token.Placement == TrailerPlacement.BehindContinuing ? version?.CopyOf(profile) : version?.Copies.GetValueOrDefault(profile);
        return new(version, copy, request.Token.Placement);
    }

    /// <summary>What is known of the content now; the unknown is measured in the background.</summary>
    private KnownContent Known(WatchRequest request, OriginPlaylist playlist)
    {
        if (playlist.Target.Kind == OriginKind.Store && published.TryGet(request.VideoName, out var video))
            return new(video.Facts);
        var known = facts.Known(request.VideoName, playlist.Version);
        if (known.Facts is null)
            facts.Measure(reader.SourceOf(request.VideoName, playlist));
        return known;
    }

    /// <summary>Answers what the origin or a store gave: a new viewer's session begins with it.</summary>
    private async ValueTask AnswerAsync(HttpContext context, PlaylistPart part, PlaylistTemplate template, bool isMaster, uint trailer, TrailerPlacement placement)
    {
        if (!part.Begins || HttpMethods.IsHead(context.Request.Method))
        {
            await AnswerAsync(context, part.Request, template);
            return;
        }

        var request = part.Request;
        if (request.Below != PlaylistAddress.DefaultName)
            names.Note(new(request.Video, request.Below, isMaster));
        // 4.
        var token = new byte[SessionToken.Length];
        var session = SessionToken.Begin(request.Video, trailer, time.GetUtcNow(), placement: trailer == 0 ? TrailerPlacement.Behind : placement);
        session.Write(keys, request.Video, token);
        // 5.
        await hits.RecordAsync(context, request.Beginning(session), HitKind.SessionStart, 0, 0);
        // 6.
        await WatchAnswer.PlaylistAsync(context, template, token);
    }

    /// <summary>Answers for the session that the request names, or for nobody: what we make ourselves begins none.</summary>
    private static ValueTask AnswerAsync(HttpContext context, WatchRequest request, PlaylistTemplate template)
    {
        var token = new byte[SessionToken.Length];
        request.CopyToken(token);
        return WatchAnswer.PlaylistAsync(context, template, token);
    }

    private PlaylistPlace Place(WatchRequest request, OriginPlaylist playlist) => PlaylistAddress.Place(request, playlist, cluster.BaseAddresses);
}
