using System.Collections.Immutable;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>The trailer copy that one Rendition of a session carries or announces.</summary>
/// <param name="Copy">Null where the session has no trailer, or this Rendition none of its copies.</param>
internal readonly record struct PinnedCopy(TrailerVersion? Version, TrailerCopy? Copy, TrailerPlacement Placement)
{
    public uint Id => Copy is null ? 0 : Version?.Id ?? 0;

    public TemplateVariant Variant(ChildRole role) => Copy is null ? new(new ChildRole(role.Role, "")) : new(role, Version?.Label, Placement);
}

/// <summary>A trailer that a session got, and what it was decided from. All compared by reference, except the placement.</summary>
/// <param name="Asked">The placement that was asked for, not the one that it got.</param>
internal sealed record DecidedTrailer(ImmutableArray<RenditionFacts> Facts, TrailerVersion Version, TrailerPlacement Asked, TrailerDecision Decision);

/// <summary>The trailer of a session: pinned when its Master Playlist is first served (rule S4); all Renditions or none (rule S8).</summary>
internal sealed class SessionTrailer(TrailerLibrary trailers, PinnedTrailers pinned, MeasuredContent content, IOptions<TrailersOptions> options)
{
    private static readonly TrailerDecision None = TrailerDecision.Without(TrailerPlan.NoTrailer);

    /// <summary>Of a Master Playlist: what the session has pinned, or will pin if it begins with it.</summary>
    public ValueTask<TrailerDecision> DecideAsync(PlaylistPart part, OriginPlaylist playlist, MasterPlaylist master, CancellationToken ct)
    {
        var request = part.Request;
        if (request.Verdict == SessionVerdict.Valid && request.Token.Trailer != 0)
            return DecidePinnedAsync(request, playlist, master, ct);
        return new(part.Begins && trailers.ChosenFor(request.VideoName) is { } chosen ? DecideNew(request, playlist, master, chosen) : None);
    }

    /// <summary>Of a session that begins with a Media Playlist, whose one Rendition is the whole session; null where no trailer is on.</summary>
    public PinnedCopy? Begin(WatchRequest request, OriginPlaylist playlist)
    {
        if (trailers.ChosenFor(request.VideoName) is not { } chosen)
            return null;
        var decision = trailers.Decide(request.VideoName, ContentReader.Itself, content.Known(request.VideoName, playlist), chosen.Version, PlacementOf(request, chosen.Position));
        return new(decision.Version, decision.Version is null ? null : decision.Variants[0], decision.Placement);
    }

    /// <summary>The copy that a child of a Master Playlist carries or announces.</summary>
    public async ValueTask<PinnedCopy> FindAsync(WatchRequest request, ChildRole role, CancellationToken ct)
    {
        if (role.Copy.Length == 0)
            return default;
        var profile = role.Copy.Split('.')[0];
        var version = await pinned.FindAsync(request.Token.Trailer, profile, ct);
        var copy = request.Token.Placement == TrailerPlacement.BehindContinuing ? version?.CopyOf(profile) : version?.Copies.GetValueOrDefault(profile);
        return new(version, copy, request.Token.Placement);
    }

    /// <summary>
    /// A decision for a trailer follows from the playlist, the content's facts, the version with its copies and the placement that was asked for; so
    /// the last one stands while these are the same. One without a trailer, or with copies to make, is made and told each time.
    /// </summary>
    private TrailerDecision DecideNew(WatchRequest request, OriginPlaylist playlist, MasterPlaylist master, ChosenTrailer chosen)
    {
        var known = content.Known(request.VideoName, playlist);
        var asked = PlacementOf(request, chosen.Position);
        if (playlist.Decided is { } last && ReferenceEquals(last.Version, chosen.Version) && last.Asked == asked && last.Facts == known.Facts)
            return last.Decision;
        var decision = trailers.Decide(request.VideoName, master, known, chosen.Version, asked, pinned: false);
        if (decision is { Version: not null, Missing.IsEmpty: true } && known.Facts is { } facts)
            playlist.Decided = new(facts, chosen.Version, asked, decision);
        return decision;
    }

    /// <summary>A session that asks again, here or at another gateway: it keeps what it has pinned, even where this gateway does not know it yet.</summary>
    private async ValueTask<TrailerDecision> DecidePinnedAsync(WatchRequest request, OriginPlaylist playlist, MasterPlaylist master, CancellationToken ct)
    {
        if (await pinned.FindAsync(request.Token.Trailer, "", ct) is not { } version)
            return TrailerDecision.Without(TrailerPlan.NoTrailer);
        var known = content.Known(request.VideoName, playlist);
        if (known.Facts is null)
            known = known with { Facts = await content.MeasureAsync(request.VideoName, playlist, ct) };
        var placement = request.Token.Placement;
        if (TrailerPlan.Decide(master, known.Facts, version, placement).Missing is [var shape, ..])
            version = await pinned.FindAsync(version.Id, shape.Profile, ct) ?? version;
        return trailers.Decide(request.VideoName, master, known, version, placement, pinned: true, counts: !request.Token.Preview);
    }

    private TrailerPlacement PlacementOf(WatchRequest request, TrailerPosition position) =>
        TrailerPlacements.Of(position, request.Parameters.Interstitial ?? options.Value.Interstitial);
}
