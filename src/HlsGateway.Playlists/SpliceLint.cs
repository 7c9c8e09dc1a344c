using System.Collections.Immutable;
using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>One Rendition of a session.</summary>
/// <param name="Captions">A caption playlist: its trailer is one blank window (rule W3).</param>
public sealed record SessionRendition(string Name, bool Captions, MediaPlaylist Playlist);

/// <summary>What stands between two discontinuities, or before the first or behind the last one.</summary>
/// <param name="First">Its first segment's index.</param>
/// <param name="Line">Of that segment's URI.</param>
public readonly record struct PlaylistRange(int First, int StartMs, int DurationMs, int Line);

/// <summary>Whether a segment is a trailer's, or the blank window of its captions, by its URI: this project does not know how those are written.</summary>
public delegate bool TrailerUri(string uri);

/// <summary>Rules that the Renditions of one session obey or break together: S1, S2, S3 and W3. Pure.</summary>
public static class SpliceLint
{
    /// <summary>Trailers of two Renditions differ by no more than the longest frame that a copy may have, 1024 samples at 8 kHz.</summary>
    private const int LongestFrameMs = 128;

    /// <summary>Content of different Renditions ends at different frames; more than this is another video, or a part that is missing.</summary>
    private const int ContentToleranceMs = 500;

    /// <summary>The ranges of a playlist in their order; one without discontinuities, none without segments.</summary>
    public static ImmutableArray<PlaylistRange> Ranges(MediaPlaylist playlist)
    {
        var ranges = ImmutableArray.CreateBuilder<PlaylistRange>();
        var lines = playlist.SegmentLines;
        for (var at = 0; at < playlist.Segments.Length; at++)
        {
            var segment = playlist.Segments[at];
            if (at == 0 || segment.Discontinuity)
                ranges.Add(new(at, segment.StartMs, 0, lines[at]));
            ranges[^1] = ranges[^1] with { DurationMs = segment.StartMs + segment.DurationMs - ranges[^1].StartMs };
        }

        return ranges.ToImmutable();
    }

    /// <summary>Index of the range that was spliced in: one of our trailer's segments begins it, or it is the last of several; -1 for none.</summary>
    public static int SplicedRange(MediaPlaylist playlist, ImmutableArray<PlaylistRange> ranges, TrailerUri isTrailer)
    {
        for (var at = 0; at < ranges.Length; at++)
        {
            if (isTrailer(playlist.Segments[ranges[at].First].Uri))
                return at;
        }

        return ranges.Length > 1 ? ranges.Length - 1 : -1;
    }

    public static ImmutableArray<LintFinding> Check(IReadOnlyList<SessionRendition> renditions, TrailerUri isTrailer)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        if (renditions.FirstOrDefault(r => !r.Captions) is not { } first)
            return [];
        foreach (var other in renditions.Where(r => !ReferenceEquals(r, first)))
            Compare(first, other, isTrailer, findings);
        return findings.ToImmutable();
    }

    private static void Compare(SessionRendition first, SessionRendition other, TrailerUri isTrailer, ImmutableArray<LintFinding>.Builder findings)
    {
        var (mine, theirs) = (Ranges(first.Playlist), Ranges(other.Playlist));
        if (mine.Length != theirs.Length)
        {
            Add("S1", $"There are {Math.Max(0, theirs.Length - 1)} discontinuities where {first.Name} has {Math.Max(0, mine.Length - 1)}; players wait for ever or skip the trailer.");
            return;
        }

        if (!other.Captions && first.Playlist.TargetDuration != other.Playlist.TargetDuration)
            Add("S3", $"EXT-X-TARGETDURATION is {other.Playlist.TargetDuration} where {first.Name} has {first.Playlist.TargetDuration}.");
        if (other.Captions && Math.Abs(first.Playlist.DurationMs - other.Playlist.DurationMs) > first.Playlist.TargetDuration * 1000)
            Add("W3", $"The captions last {Seconds(other.Playlist.DurationMs)} where {first.Name} lasts {Seconds(first.Playlist.DurationMs)}.");
        if (mine.Length < 2)
            return;

        var spliced = SplicedRange(first.Playlist, mine, isTrailer);
        for (var at = 0; at < mine.Length; at++)
        {
            if (Math.Abs(mine[at].StartMs - theirs[at].StartMs) > ContentToleranceMs)
                Add("S1", $"Discontinuity {at} stands at {Seconds(theirs[at].StartMs)} where {first.Name} has it at {Seconds(mine[at].StartMs)}.", theirs[at].Line);
        }

        var (tail, othersTail) = (mine[spliced].DurationMs, theirs[spliced].DurationMs);
        if (Math.Abs(tail - othersTail) > LongestFrameMs)
            Add(other.Captions ? "W3" : "S2", $"The spliced part lasts {Seconds(othersTail)} where {first.Name} has {Seconds(tail)}.", theirs[spliced].Line);

        void Add(string rule, string message, int line = 0) => findings.Add(LintFinding.Error(rule, other.Name, message, line));
    }

    private static string Seconds(int ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.###} s");
}
