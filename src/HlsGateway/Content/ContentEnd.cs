using System.Collections.Immutable;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>
/// Where a content's timestamps end, for players that keep one clock across an EXT-X-DISCONTINUITY: VLC does so for demuxed audio,
/// and drops a trailer whose timestamps are earlier than that clock; VLC and mpv pause where they have to restart it. Pure.
/// </summary>
internal static class ContentEnd
{
    /// <summary>Ends are rounded up to this, 90 kHz, so that videos of about one length share a trailer copy. A player that keeps its clock pauses for the difference.</summary>
    public const long Step = 9_000;

    /// <summary>A trailer's timestamps cannot continue from an end where picture and sound end further apart than this.</summary>
    private const long MostApart = 5 * 90_000;

    /// <summary>
    /// The Renditions whose ends tell where the content ends: with demuxed audio, the first picture without sound and the first sound without
    /// picture; otherwise the first with a picture. Empty where a Rendition has no clock of its own.
    /// </summary>
    /// <returns>Indexes of <paramref name="facts"/>.</returns>
    public static ImmutableArray<int> Deciding(IReadOnlyList<RenditionFacts> facts)
    {
        var (any, picture, sound) = (-1, -1, -1);
        for (var at = facts.Count - 1; at >= 0; at--)
        {
            if (facts[at].Unsupported is not null || facts[at].Shape.Container is not ("ts" or "aac"))
                return [];
            if (facts[at].Shape.HasVideo)
                any = at;
            if (facts[at].Shape is { HasVideo: true, HasAudio: false })
                picture = at;
            else if (facts[at].Shape is { HasVideo: false, HasAudio: true })
                sound = at;
        }

        return picture >= 0 && sound >= 0 ? [picture, sound] : any >= 0 ? [any] : [];
    }

    /// <summary>Whether audio is demuxed: in a Rendition of its own.</summary>
    public static bool ComesApart(IReadOnlyList<RenditionFacts> facts) => Deciding(facts).Length == 2;

    /// <summary>First PTS of a copy that continues the content's timestamps, in steps of <see cref="Step"/>; null where that is not known.</summary>
    public static int? StepBehind(ImmutableArray<RenditionFacts> facts)
    {
        long? end = null;
        foreach (var at in Deciding(facts))
        {
            if (facts[at].EndPts is not (>= 0 and var mine) || Math.Abs(mine - (end ?? mine)) > MostApart)
                return null;
            end = Math.Max(mine, end ?? mine);
        }

        return (int?)(((end % MpegClock.Wrap) + Step - 1) / Step % (MpegClock.Wrap / Step));
    }
}
