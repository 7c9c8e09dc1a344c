using System.Collections.Immutable;
using HlsGateway.Content;
using HlsGateway.Playlists;

namespace HlsGateway.Trailers;

/// <summary>The trailer of one session: a copy for every Variant Stream and audio Rendition, or none and why (rule S8).</summary>
/// <param name="Variants">By the Variant Stream's ordinal.</param>
/// <param name="Audio">By the EXT-X-MEDIA tag's ordinal, where it is an audio Rendition with a URI.</param>
/// <param name="Key">Equal for decisions that lead to the same playlists.</param>
public sealed record TrailerDecision(TrailerVersion? Version, ImmutableArray<TrailerCopy> Variants, ImmutableDictionary<int, TrailerCopy> Audio, string Key, string? Reason)
{
    public static TrailerDecision None { get; } = Without("none");

    public static TrailerDecision Without(string reason) => new(null, [], ImmutableDictionary<int, TrailerCopy>.Empty, "", reason);
}

/// <summary>Matches a trailer's copies with a video's Renditions.</summary>
public sealed class TrailerPlan
{
    public TrailerDecision Decide(string video, MasterPlaylist master, ImmutableArray<RenditionFacts>? facts, TrailerVersion? active)
    {
        if (active is null)
            return TrailerDecision.None;
        if (facts is not { IsDefaultOrEmpty: false } known)
            return TrailerDecision.Without("facts_pending");

        var variants = ImmutableArray.CreateBuilder<TrailerCopy>();
        foreach (var variant in master.Variants)
        {
            if (Copy(known, variant.Uri, active) is not { } copy)
                return TrailerDecision.Without("copy_missing");
            variants.Add(copy);
        }

        var audio = ImmutableDictionary.CreateBuilder<int, TrailerCopy>();
        for (var i = 0; i < master.Renditions.Length; i++)
        {
            if (master.Renditions[i] is not { Type: "AUDIO", Uri: { } uri })
                continue;
            if (Copy(known, uri, active) is not { } copy)
                return TrailerDecision.Without("copy_missing");
            audio[i] = copy;
        }

        return new(active, variants.ToImmutable(), audio.ToImmutable(), active.Label, null);
    }

    private static TrailerCopy? Copy(ImmutableArray<RenditionFacts> facts, string uri, TrailerVersion version) =>
        facts.FirstOrDefault(f => string.Equals(f.Path, uri, StringComparison.Ordinal)) is { Path: not null } fact
            ? version.Copies.GetValueOrDefault(fact.Shape.Profile)
            : null;
}
