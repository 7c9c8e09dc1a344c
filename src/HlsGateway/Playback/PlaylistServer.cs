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
/// (1) the origin's playlist, (2) captions and trailer as they are now, (3) the template for that choice, (4) the session's token,
/// (5) the count, (6) the answer.
/// </summary>
internal sealed class PlaylistServer(
    PlaylistOrigin origin, PlaylistCache cache, PlaylistCompiler compiler, KnownChildren children, PublishedVideos published,
    TrailerLibrary trailers, PinnedTrailers pinned, ContentFacts facts, ContentReader reader, SubtitleIndex subtitles, SigningKeys keys, HitRecorder hits,
    OriginCluster cluster, Outbox outbox, SessionStarts starts, TimeProvider time, GatewayMetrics metrics,
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
        var found = await origin.GetAsync(source, context.RequestAborted);
        if (found.Playlist is not { } playlist)
        {
            // Subtitles that the Master Playlist advertised are never a 404 (rule W5).
            if (ChildRole.Read(new PlayerQuery(request.Query).Profile).Role == 's')
                await ServeEmptyCaptionsAsync(context, request, "none", "origin");
            else
                await WatchAnswer.ProblemAsync(context, found.Failure ?? default);
            return;
        }

        if (Begins(request) && !HttpMethods.IsHead(context.Request.Method) && !starts.TryBegin(context))
            request = request.WithoutSession();
        if (playlist.Master is { } master)
            await ServeMasterAsync(context, request, playlist, master);
        else if (playlist.Media is { } media)
            await ServeMediaAsync(context, request, playlist, media);
    }

    private async ValueTask ServeMasterAsync(HttpContext context, WatchRequest request, OriginPlaylist playlist, MasterPlaylist master)
    {
        // What an interstitial leads to is no part of the video.
        var apart = ChildRole.Read(new PlayerQuery(request.Query).Profile) == ChildRole.Apart;
        var tracks = apart ? [] : subtitles.Tracks(request.VideoName);
        var decision = apart ? TrailerDecision.Without(TrailerPlan.NoTrailer)
            : request.Verdict == SessionVerdict.Valid && request.Token.Trailer != 0 ? await DecidePinnedAsync(context, request, playlist, master)
            : Decide(request, playlist, master);
        var key = new TemplateKey(playlist, request.Video, request.Below, apart ? ChildRole.Apart.ToString() : decision.Key);
        var compiled = cache.Find<MasterTemplate>(key);
        if (compiled is null || compiled.Tracks != tracks)
        {
            var template = compiler.Master(playlist, master, Place(request, playlist), decision, tracks, PlaylistAddress.CaptionSource(keys, request.Video, playlist.Target),
                child => children.Note(child, request.Video), apart);
            compiled = new(template, decision.Version?.Id ?? 0, tracks);
            cache.Keep(key, compiled, template);
        }

        await AnswerAsync(context, request, compiled.Template, compiled.Trailer, decision.Placement);
    }

    private async ValueTask ServeMediaAsync(HttpContext context, WatchRequest request, OriginPlaylist playlist, MediaPlaylist media)
    {
        // What nobody watches is told by its own tags, whatever the address says.
        var role = media.IsTrickPlay ? new ChildRole('i', "") : ChildRole.Read(new PlayerQuery(request.Query).Profile);
        var copy = await PinnedAsync(context, request, role);
        if (Begins(request) && !media.IsTrickPlay && media.HasEndList && trailers.ChosenFor(request.VideoName) is { } chosen)
        {
            // The entry is itself a Media Playlist: its one Rendition is the whole session.
            var decision = trailers.Decide(request.VideoName, ContentReader.Itself, Known(request, playlist), chosen.Version, PlacementOf(request, chosen.Position));
            role = decision.Version is null ? role : new ChildRole('v', decision.Variants[0].Profile);
            copy = new(decision.Version, decision.Version is null ? null : decision.Variants[0], decision.Placement);
        }

        var site = copy.Placement.IsInterstitial() ? gateway.Value.SiteOf(context.Request) : "";
        var parent = media.HasImports && !Begins(request) ? (await origin.GetAsync(MasterOf(request), context.RequestAborted)).Playlist : null;
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

            if (role.Role == 'v' && media is { HasEndList: true, IsDelta: false })
                outbox.Describe(request.VideoName, media.DurationMs);
            template = compiler.Media(media, Place(request, playlist), role, copy.Version, copy.Copy, copy.Placement, site);
            cache.Keep(key, template, template);
        }

        await AnswerAsync(context, request, template, copy.Id, copy.Placement, watched: !media.IsTrickPlay);
    }

    /// <summary>Where the Master Playlist of a child is read.</summary>
    private OriginTarget MasterOf(WatchRequest request) => published.TryGet(request.VideoName, out var ours)
        ? new OriginTarget(OriginKind.Store, ours.KeyPrefix + PlaylistAddress.DefaultName)
        : PlaylistAddress.ReadCaptionSource(keys, request.Video, new PlayerQuery(request.Query).CaptionSource);

    /// <summary>Answers the playlist of one of our caption tracks (rules W2 to W5): always 200.</summary>
    public async ValueTask ServeCaptionAsync(HttpContext context, WatchRequest request)
    {
        var query = new PlayerQuery(request.Query);
        var role = ChildRole.Read(query.Profile);
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

        await AnswerAsync(context, request, template, trailer: 0);
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
            template = compiler.Asset(request.Video, $"{WatchPath.Folder(request.Below)}/", version, version.Copies[profiles[0]], profiles.Length > 1 ? version.Copies[profiles[1]] : null);
            cache.KeepAsset(request.Video, request.Below, template);
        }

        var token = new byte[SessionToken.Length];
        request.CopyToken(token);
        await WatchAnswer.PlaylistAsync(context, template, token);
    }

    /// <summary>The content's grid, or the origin's playlist, is out of reach: captions that end at once never keep a video from playing.</summary>
    private ValueTask ServeEmptyCaptionsAsync(HttpContext context, WatchRequest request, string language, string reason)
    {
        metrics.CaptionTrouble(reason);
        return AnswerAsync(context, request, PlaylistCompiler.EmptyCaptions(request.Below, language), trailer: 0);
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
    private TrailerDecision Decide(WatchRequest request, OriginPlaylist playlist, MasterPlaylist master) =>
        request.Verdict == SessionVerdict.None && Begins(request) && trailers.ChosenFor(request.VideoName) is { } chosen
            ? trailers.Decide(request.VideoName, master, Known(request, playlist), chosen.Version, PlacementOf(request, chosen.Position), pinned: false)
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
        TrailerAsset.PlacementOf(position, new PlayerQuery(request.Query).Interstitial ?? options.Value.Interstitial);

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

    /// <summary>No session and no child of a Master Playlist we served: a new viewer.</summary>
    private bool Begins(WatchRequest request) =>
        request.MayBegin && request.Verdict == SessionVerdict.None && new PlayerQuery(request.Query).Session.IsEmpty && children.VideoOf(request.Path) is null;

    /// <param name="watched">False for what begins no session, whoever asks for it first.</param>
    private async ValueTask AnswerAsync(
        HttpContext context, WatchRequest request, PlaylistTemplate template, uint trailer, TrailerPlacement placement = TrailerPlacement.Behind, bool watched = true)
    {
        var token = new byte[SessionToken.Length];
        if (watched && Begins(request) && !HttpMethods.IsHead(context.Request.Method))
        {
            var session = SessionToken.Begin(request.Video, trailer, time.GetUtcNow(), placement: trailer == 0 ? TrailerPlacement.Behind : placement);
            session.Write(keys, request.Video, token);
            await hits.RecordAsync(context, request.Beginning(session), HitKind.SessionStart, 0, 0);
        }
        else
        {
            request.CopyToken(token);
        }

        await WatchAnswer.PlaylistAsync(context, template, token);
    }

    private PlaylistPlace Place(WatchRequest request, OriginPlaylist playlist) => PlaylistAddress.Place(request, playlist, cluster.BaseAddresses);
}
