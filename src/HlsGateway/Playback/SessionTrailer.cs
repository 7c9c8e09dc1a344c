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

/// <summary>The trailer of a session: pinned when its Master Playlist is first served (rule S4); all Renditions or none (rule S8).</summary>
internal sealed class SessionTrailer(TrailerLibrary trailers, PinnedTrailers pinned, MeasuredContent content, IOptions<TrailersOptions> options)
{
    /// <summary>Of a Master Playlist: what the session has pinned, or will pin if it begins with it.</summary>
    public ValueTask<TrailerDecision> DecideAsync(PlaylistPart part, OriginPlaylist playlist, MasterPlaylist master, CancellationToken ct)
    {
        var request = part.Request;
        if (request.Verdict == SessionVerdict.Valid && request.Token.Trailer != 0)
            return DecidePinnedAsync(request, playlist, master, ct);
        return new(part.Begins && trailers.ChosenFor(request.VideoName) is { } chosen
            ? trailers.Decide(request.VideoName, master, content.Known(request.VideoName, playlist), chosen.Version, PlacementOf(request, chosen.Position), pinned: false)
            : TrailerDecision.Without(TrailerPlan.NoTrailer));
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
