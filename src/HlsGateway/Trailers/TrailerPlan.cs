using System.Collections.Immutable;
using HlsGateway.Content;
using HlsGateway.Playback;
using HlsGateway.Playlists;

namespace HlsGateway.Trailers;

/// <summary>What a new session of a video gets: one trailer in all its Renditions, or none and why (rule S8).</summary>
/// <param name="Version">Null means no trailer.</param>
/// <param name="Reason">Null with a trailer; otherwise one of <see cref="TrailerPlan"/>'s reasons.</param>
/// <param name="Variants">The copy of each Variant Stream, by its index in the Master Playlist.</param>
/// <param name="Renditions">The copies of the audio and alternative video Renditions that have a URI, by the EXT-X-MEDIA tag's index.</param>
/// <param name="Missing">Shapes whose copies would have to be made first; with a trailer, copies that would suit later sessions better.</param>
internal sealed record TrailerDecision(
    TrailerVersion? Version, string? Reason, ImmutableArray<TrailerCopy> Variants, ImmutableDictionary<int, TrailerCopy> Renditions,
    ImmutableArray<RenditionShape> Missing)
{
    /// <summary>Where it stands, and whether it is spliced in.</summary>
    public TrailerPlacement Placement { get; init; }

    /// <summary>Seconds: the least EXT-X-TARGETDURATION of all of the session's playlists (rule S3); 0 where they agree by themselves, or it is not known.</summary>
    public int TargetDuration { get; init; }

    /// <summary>How many different copies all its Renditions need; 0 where that is not known, or none would do.</summary>
    public int Shapes { get; init; }

    /// <summary>Without trailer only for now: the content is being measured, or copies are being made.</summary>
    public bool IsPending => Version is null && Reason is TrailerPlan.FactsPending or TrailerPlan.CopyMissing;

    public static TrailerDecision Without(string reason) => new(Version: null, reason, [], ImmutableDictionary<int, TrailerCopy>.Empty, []);
}

/// <summary>Chooses the trailer copies of a session, all or none (rules S1, S2, S7, S8). Pure.</summary>
internal static class TrailerPlan
{
    public const string NoTrailer = "no_trailer";
    public const string FactsPending = "facts_pending";
    public const string ContentUnreadable = "content_unreadable";
    public const string CopyMissing = "copy_missing";
    public const string CopyFailed = "copy_failed";
    public const string UnsupportedShape = "unsupported_shape";

    /// <param name="facts">Null while the content has not been measured.</param>
    /// <param name="placement">What the session asks for; one that asks for continuing copies gets the shared ones where those do not exist.</param>
    /// <param name="isMade">Whether a continuing copy is in the store; null for a session that has pinned such copies: then they are.</param>
    public static TrailerDecision Decide(
        MasterPlaylist master, ImmutableArray<RenditionFacts>? facts, TrailerVersion? active, TrailerPlacement placement = TrailerPlacement.Behind,
        Func<RenditionShape, bool>? isMade = null) =>
        Decide([.. master.Variants.Select(v => v.Uri)], [.. master.Renditions.Select(PlaylistOf)], facts, active, placement, isMade);

    /// <summary>For an entry that is itself a Media Playlist: its one Rendition is Variant Stream 0.</summary>
    public static TrailerDecision Decide(
        string mediaPlaylist, ImmutableArray<RenditionFacts>? facts, TrailerVersion? active, TrailerPlacement placement = TrailerPlacement.Behind,
        Func<RenditionShape, bool>? isMade = null) =>
        Decide([mediaPlaylist], [], facts, active, placement, isMade);

    /// <summary>Only audio and alternative video carry the trailer's media; captions have a window of their own (rule W3).</summary>
    public static string? PlaylistOf(Rendition rendition) => rendition.Type is "AUDIO" or "VIDEO" ? rendition.Uri : null;

    internal static TrailerDecision Decide(
        ImmutableArray<string> variants, ImmutableArray<string?> renditions, ImmutableArray<RenditionFacts>? facts, TrailerVersion? active,
        TrailerPlacement placement = TrailerPlacement.Behind, Func<RenditionShape, bool>? isMade = null)
    {
        if (active is null)
            return TrailerDecision.Without(NoTrailer);
        if (facts is not { IsDefault: false } known)
            return TrailerDecision.Without(FactsPending);
        var shapes = new Dictionary<string, RenditionShape>(StringComparer.Ordinal);
        var targets = new HashSet<int>();
        foreach (var uri in variants.Concat(renditions.OfType<string>()).Distinct(StringComparer.Ordinal))
        {
            if (known.FirstOrDefault(f => string.Equals(f.Path, uri, StringComparison.Ordinal)) is not { Path: not null } fact)
                return TrailerDecision.Without(FactsPending);
            if (fact.Unsupported is { } reason)
                return TrailerDecision.Without(reason);
            if (!ConditioningArguments.Supports(fact.Shape))
                return TrailerDecision.Without(UnsupportedShape);
            shapes[uri] = fact.Shape;
            targets.Add(fact.Timing?.With(active.LongestSegmentMs) ?? 0);
        }

        return Place(active, known, variants, renditions, shapes, placement, isMade) with { TargetDuration = Agreed(targets) };
    }

    /// <param name="targets">What each playlist would declare by itself; 0 for one that is not known.</param>
    private static int Agreed(HashSet<int> targets) =>
        targets.Count > 1 && !targets.Contains(0) && targets.Max() is <= ChildRole.GreatestTarget and var greatest ? greatest : 0;

    private static TrailerDecision Place(
        TrailerVersion active, ImmutableArray<RenditionFacts> facts, ImmutableArray<string> variants, ImmutableArray<string?> renditions,
        Dictionary<string, RenditionShape> shapes, TrailerPlacement placement, Func<RenditionShape, bool>? isMade)
    {
        if (placement != TrailerPlacement.BehindContinuing)
            return Match(active, variants, renditions, shapes, placement);
        if (ContentEnd.StepBehind(facts) is not { } step)
            return Match(active, variants, renditions, shapes, TrailerPlacement.Behind);
        var continuing = Match(active, variants, renditions, shapes.ToDictionary(s => s.Key, s => s.Value with { Continues = step }, StringComparer.Ordinal), placement, isMade);
        if (continuing.Version is not null)
            return continuing;
        var shared = Match(active, variants, renditions, shapes, TrailerPlacement.Behind);
        return shared with { Missing = [.. shared.Missing, .. continuing.Missing] };
    }

    private static TrailerDecision Match(
        TrailerVersion active, ImmutableArray<string> variants, ImmutableArray<string?> renditions, IReadOnlyDictionary<string, RenditionShape> shapes, TrailerPlacement placement,
        Func<RenditionShape, bool>? isMade = null)
    {
        var copies = shapes.Values.Distinct().ToDictionary(s => s, s => isMade is not null && s.Continues is not null && !isMade(s) ? null : active.CopyOf(s));
        ImmutableArray<RenditionShape> missing = [.. copies.Where(c => c.Value is null).Select(c => c.Key)];
        return missing.Length > 0
            ? TrailerDecision.Without(CopyMissing) with { Missing = missing, Shapes = copies.Count }
            : new TrailerDecision(
                active, Reason: null, [.. variants.Select(CopyOf)],
                renditions.Select((uri, index) => (uri, index)).Where(r => r.uri is not null).ToImmutableDictionary(r => r.index, r => CopyOf(r.uri ?? "")), [])
            {
                Placement = placement,
                Shapes = copies.Count,
            };

        TrailerCopy CopyOf(string uri) => copies[shapes[uri]]!;
    }
}
