using System.Collections.Immutable;
using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>One Rendition of a session.</summary>
/// <param name="Captions">A caption playlist: its trailer is one blank window (rule W3).</param>
public sealed record SessionRendition(string Name, bool Captions, MediaPlaylist Playlist);

/// <summary>Rules that the Renditions of one session obey or break together: S1, S2, S3 and W3. Pure.</summary>
public static class SpliceLint
{
    /// <summary>Trailers of two Renditions differ by no more than the longest frame that a copy may have, 1024 samples at 8 kHz.</summary>
    private const int LongestFrameMs = 128;

    /// <summary>Content of different Renditions ends at different frames; more than this is another video, or a part that is missing.</summary>
    private const int SpliceToleranceMs = 500;

    /// <summary>Index of the segment behind the last EXT-X-DISCONTINUITY; -1 without one.</summary>
    public static int LastDiscontinuity(MediaPlaylist playlist)
    {
        for (var at = playlist.Segments.Length - 1; at >= 0; at--)
        {
            if (playlist.Segments[at].Discontinuity)
                return at;
        }
        return -1;
    }

    public static ImmutableArray<LintFinding> Check(IReadOnlyList<SessionRendition> renditions)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        if (renditions.FirstOrDefault(r => !r.Captions) is not { } first)
            return [];
        foreach (var other in renditions.Where(r => !ReferenceEquals(r, first)))
            Compare(first, other, findings);
        return findings.ToImmutable();
    }

    private static void Compare(SessionRendition first, SessionRendition other, ImmutableArray<LintFinding>.Builder findings)
    {
        var (mine, theirs) = (first.Playlist.Segments.Count(s => s.Discontinuity), other.Playlist.Segments.Count(s => s.Discontinuity));
        if (mine != theirs)
        {
            Add("S1", $"There are {theirs} discontinuities where {first.Name} has {mine}; players wait for ever or skip the trailer.");
            return;
        }
        if (!other.Captions && first.Playlist.TargetDuration != other.Playlist.TargetDuration)
            Add("S3", $"EXT-X-TARGETDURATION is {other.Playlist.TargetDuration} where {first.Name} has {first.Playlist.TargetDuration}.");
        if (other.Captions && Math.Abs(first.Playlist.DurationMs - other.Playlist.DurationMs) > first.Playlist.TargetDuration * 1000)
            Add("W3", $"The captions last {Seconds(other.Playlist.DurationMs)} where {first.Name} lasts {Seconds(first.Playlist.DurationMs)}.");

        var (cut, othersCut) = (LastDiscontinuity(first.Playlist), LastDiscontinuity(other.Playlist));
        if (cut < 0)
            return;
        var (at, otherAt) = (first.Playlist.Segments[cut].StartMs, other.Playlist.Segments[othersCut].StartMs);
        if (Math.Abs(at - otherAt) > SpliceToleranceMs)
            Add("S1", $"The last discontinuity stands at {Seconds(otherAt)} where {first.Name} has it at {Seconds(at)}.");
        var (tail, othersTail) = (first.Playlist.DurationMs - at, other.Playlist.DurationMs - otherAt);
        if (Math.Abs(tail - othersTail) > LongestFrameMs)
            Add(other.Captions ? "W3" : "S2", $"What follows the last discontinuity lasts {Seconds(othersTail)} where {first.Name} has {Seconds(tail)}.");

        void Add(string rule, string message) => findings.Add(LintFinding.Error(rule, other.Name, message));
    }

    private static string Seconds(int ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.###} s");
}
