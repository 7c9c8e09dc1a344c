using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>A Media Segment.</summary>
/// <param name="Uri">Variables resolved as far as that can be done.</param>
/// <param name="Duration">Seconds, the shortest decimal of EXTINF (<c>4</c>, <c>2.8</c>, <c>3.337</c>).</param>
/// <param name="StartMs">The exact sum of the durations before it, rounded once to milliseconds.</param>
/// <param name="DurationMs">Rounded end minus rounded start, so that neighbours touch.</param>
/// <param name="MapIndex">Its initialization section in <see cref="MediaPlaylist.Maps"/>; -1 for none.</param>
/// <param name="RangeOffset">First byte of a sub-range, computed where it follows from the range before; null for a whole resource.</param>
/// <param name="RangeLength">Bytes; null for a whole resource.</param>
/// <param name="Discontinuity">EXT-X-DISCONTINUITY stands before it.</param>
public readonly record struct MediaSegment(
    string Uri, string Duration, int StartMs, int DurationMs, int MapIndex, long? RangeOffset, long? RangeLength, bool Discontinuity);

/// <summary>An EXT-X-MAP.</summary>
/// <param name="RangeOffset">First byte; null for a whole resource.</param>
/// <param name="RangeLength">Bytes; null for a whole resource.</param>
public readonly record struct MapSection(string Uri, long? RangeOffset, long? RangeLength);

/// <summary>A Media Playlist: an index over its bytes, which are kept and copied wherever nothing is to be changed.</summary>
public sealed class MediaPlaylist
{
    /// <summary>This object's own fields.</summary>
    private const int Own = 240;

    internal MediaPlaylist(ReadOnlyMemory<byte> text, Mark[] marks, in MediaFacts facts)
    {
        Text = text;
        Marks = marks;
        Facts = facts;
    }

    internal ReadOnlyMemory<byte> Text { get; }

    internal Mark[] Marks { get; }

    internal MediaFacts Facts { get; }

    internal Variables Variables => Facts.Variables;

    /// <summary>URIs whose variables only a player can resolve: they are left as they stand.</summary>
    public int Unresolved => Facts.Unresolved;

    /// <summary>Variables come from the Master Playlist that listed this one.</summary>
    public bool HasImports => Variables.HasImports;

    /// <summary>Reads the same text as the Media Playlist of a Master Playlist.</summary>
    public bool TryImport(MasterPlaylist master, out MediaPlaylist? playlist, out PlaylistError error) =>
        MediaPlaylistParser.TryParse(Text, master.Variables, out playlist, out error);

    /// <summary>The same playlist from changed text; null where the text is too long, or changes the number of segments.</summary>
    /// <param name="text">As read: LF between the lines, and no byte order mark.</param>
    internal MediaPlaylist? Reworded(byte[] text) =>
        MediaPlaylistParser.TryParse(text, Facts.Parent, out var playlist, out _) && playlist?.Segments.Length == Segments.Length ? playlist : null;

    public required ImmutableArray<MediaSegment> Segments { get; init; }

    public required ImmutableArray<MapSection> Maps { get; init; }

    public required bool HasEndList { get; init; }

    /// <summary>I-frames or images alone (EXT-X-I-FRAMES-ONLY, EXT-X-IMAGES-ONLY): nobody watches them, and nothing is spliced into them.</summary>
    public required bool IsTrickPlay { get; init; }

    /// <summary>A Playlist Delta Update: EXT-X-SKIP stands for segments that the player has already.</summary>
    public required bool IsDelta { get; init; }

    /// <summary>The Media Sequence Number of its first segment.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>
    /// Its first segment is the content's: it has an end, or promises to remove nothing (EVENT) and begins with number 0. Otherwise
    /// segments are removed as others are added, and a segment's place in the playlist is not its place in the content.
    /// </summary>
    public required bool HasTimeline { get; init; }

    /// <summary>Some EXT-X-KEY has a METHOD other than NONE.</summary>
    public required bool Encrypted { get; init; }

    /// <summary>Seconds as declared; where EXT-X-TARGETDURATION is missing or no number, what the longest segment calls for.</summary>
    public required int TargetDuration { get; init; }

    /// <summary>What decides the EXT-X-TARGETDURATION that this playlist has with a trailer.</summary>
    public PlaylistTiming Timing
    {
        get
        {
            var own = new PlaylistTiming(TargetDuration, Math.Max(Facts.DeclaredVersion, Facts.NeededVersion));
            return own with { TargetDuration = own.With(Facts.Longest) };
        }
    }

    /// <summary>The longest segment, rounded up to milliseconds.</summary>
    public int LongestSegmentMs => (int)Facts.Longest.Milliseconds + (Facts.Longest.Attoseconds > 0 ? 1 : 0);

    /// <summary>Sum of the exact durations, rounded once.</summary>
    public required int DurationMs { get; init; }

    /// <summary>1-based line of each segment's URI.</summary>
    public ImmutableArray<int> SegmentLines => [.. Marks.Where(m => m.IsUri && m.Uri == UriKind.Segment).Select(m => m.Line)];

    /// <summary>Memory held, in bytes: the text and the index over it.</summary>
    public long Weight
    {
        get
        {
            var weight = Own + Weights.OfArray<byte>(Text.Length) + Weights.OfArray<Mark>(Marks.Length) + Weights.OfArray<MediaSegment>(Segments.Length) + Weights.OfArray<MapSection>(Maps.Length)
                + Weights.Of(Facts.FirstDate) + Facts.Variables.Weight + (Facts.Parent?.Weight ?? 0);
            var duration = "";
            foreach (ref readonly var segment in Segments.AsSpan())
            {
                weight += Weights.Of(segment.Uri);
                // Neighbours of one length share its text.
                if (!ReferenceEquals(segment.Duration, duration))
                    weight += Weights.Of(duration = segment.Duration);
            }

            foreach (var map in Maps)
                weight += Weights.Of(map.Uri);
            return weight;
        }
    }

    /// <summary>Makes the template of one edit. Costs one pass over the playlist's URIs.</summary>
    /// <exception cref="ArgumentException">The edit's texts cannot stand in a playlist: the caller's mistake, never the playlist's.</exception>
    public PlaylistTemplate Compile(MediaEdit edit) => MediaPlaylistCompiler.Compile(this, edit);
}

/// <summary>What decides the EXT-X-TARGETDURATION of a playlist into which segments are spliced (rule S3).</summary>
/// <param name="TargetDuration">Seconds: what the playlist declares, and no less than its own longest segment calls for.</param>
/// <param name="Version">Protocol version, as declared or needed.</param>
public readonly record struct PlaylistTiming(int TargetDuration, int Version)
{
    /// <summary>Seconds. Never below what the content declares, and the same function of the longest segment in every Rendition.</summary>
    /// <param name="longestMs">Longest segment that is spliced in, milliseconds.</param>
    public int With(int longestMs) => With(Seconds.FromMilliseconds(longestMs));

    internal int With(Seconds longest) => Math.Max(TargetDuration, Version < 6 ? longest.Ceiling : longest.Rounded);
}

/// <summary>What compiling has to know beyond the marks.</summary>
/// <param name="DeclaredVersion">0 without EXT-X-VERSION.</param>
/// <param name="NeededVersion">What the playlist's own tags call for.</param>
/// <param name="HasTargetDuration">EXT-X-TARGETDURATION stands somewhere.</param>
/// <param name="Longest">The longest segment.</param>
/// <param name="EncryptedAtEnd">A key is in force for the last segment (rule S5).</param>
/// <param name="BitrateAtEnd">EXT-X-BITRATE is in force for the last segment (rule S10).</param>
/// <param name="FirstDate">The first EXT-X-PROGRAM-DATE-TIME as written; null without one.</param>
/// <param name="Parent">What IMPORT reads from; null where no Master Playlist is known.</param>
/// <param name="Unresolved">URIs whose variables only a player can resolve.</param>
internal readonly record struct MediaFacts(
    int DeclaredVersion, int NeededVersion, bool HasTargetDuration, Seconds Longest, bool EncryptedAtEnd, bool BitrateAtEnd, string? FirstDate,
    Variables Variables, Variables? Parent, int Unresolved);
