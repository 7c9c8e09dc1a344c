using System.Collections.Frozen;
using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>What a playlist, a caption or an answer to a player must obey.</summary>
/// <param name="Name">A letter and a number: D documents, I injection, S splices, W captions, H HTTP and counting.</param>
/// <param name="Says">One sentence.</param>
public sealed record Rule(string Name, string Says)
{
    /// <summary>Where it is explained, from the root of the repository.</summary>
    public string Link => $"docs/player-rules.md#{Name.ToLowerInvariant()}";
}

/// <summary>All rules. Why each holds, and which tests hold it, is in docs/player-rules.md, which a test compares with this list.</summary>
public static class Rules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("D1", "A playlist is UTF-8, begins with #EXTM3U, and has no byte order mark and no line end but LF."),
        new("D2", "What is not changed stays byte for byte: unknown tags and attributes, comments, the order of attributes, queries."),
        new("D3", "Attribute lists are split outside quotation marks only, and no value of ours holds a quotation mark or a line end."),
        new("D4", "A Media Segment is what follows its EXTINF, and a Variant Stream what follows its EXT-X-STREAM-INF, whatever their names."),
        new("D5", "There is one EXT-X-VERSION, raised to what the output needs and no further."),
        new("D6", "No header tag stands twice, and the one EXT-X-ENDLIST is the last line, behind a trailer too."),
        new("D7", "What is no HLS playlist is refused as a whole: 502 with the path on the origin, the line and the reason."),
        new("I1", "Parameters follow the URI's own query, which stays byte for byte, and stand before its fragment."),
        new("I2", "Every form of URI leads where the origin's playlist says, and nothing is fetched that a client names."),
        new("I3", "Each child playlist and each segment carries the session in its own URI."),
        new("I4", "Every byte range that is written has its offset."),
        new("I5", "What is counted is the duration that was signed, not the one that the URI says."),
        new("I6", "Variables of EXT-X-DEFINE are resolved before a URI is placed."),
        new("I7", "A target that does not fit into an address of ours is written out as an absolute URL; a URI without a scheme keeps none."),
        new("I8", "What an unsigned parameter says decides nothing that others see."),
        new("S1", "EXT-X-DISCONTINUITY stands at the splice in every Variant Stream, audio Rendition and subtitle Rendition of a session, at the same media time."),
        new("S2", "All Variant Streams and audio Renditions of a session have the same trailer, of the same length to a frame, on one grid of segments."),
        new("S3", "EXT-X-TARGETDURATION is an integer, the same in all of a session's playlists, and no less than the longest EXTINF of content and trailer."),
        new("S4", "A spliced playlist never changes under one URL."),
        new("S5", "A key of the content is never in force for the trailer."),
        new("S6", "A trailer has the container of its content."),
        new("S7", "A trailer matches its content in codec profile, size, frame rate, sample rate and channels, and has sound exactly where the content has."),
        new("S8", "Where no matching copy is ready, the whole session goes without a trailer, and the reason is told."),
        new("S9", "The Master Playlist's BANDWIDTH and CODECS cover content and trailer."),
        new("S10", "EXT-X-BITRATE, EXT-X-PROGRAM-DATE-TIME, EXT-X-START and EXT-X-GAP keep the meaning that they had."),
        new("S11", "Nothing is spliced into a playlist without EXT-X-ENDLIST."),
        new("S12", "Before the content stand first all header tags, then the trailer, then the discontinuity, then what belongs to the first segment."),
        new("W1", "Captions form one SUBTITLES group, which every EXT-X-STREAM-INF names."),
        new("W2", "Each WebVTT segment maps its clock to the first video PTS that was measured on the content's own first segment."),
        new("W3", "The trailer's window has a WebVTT segment of its own, with one blank cue that is mapped to the trailer."),
        new("W4", "A WebVTT segment holds every cue that overlaps its window, with the cue's whole times."),
        new("W5", "A caption that the Master Playlist advertised is never a 404."),
        new("W6", "Captions come in as WebVTT or SRT in every common way of writing them, or are refused with line and reason."),
        new("H1", "Each answer below /watch/ may be read by pages of every origin, and playlists and redirects are never kept."),
        new("H2", "HEAD answers as GET does and counts nothing; a segment gets the same 302 whatever Range is asked for, and all its ranges count as one fetch per session."),
        new("H3", "Sound that comes apart, captions, initialization sections, keys, I-frames and thumbnails add no watch-seconds."),
        new("H4", "Whoever comes without a session, or with one that has expired, was stripped or is forged, is served, and adds nothing to any session."),
        new("H5", "While the origin is in trouble, its last good playlist is served."),
    ];

    private static readonly FrozenDictionary<string, Rule> ByName = All.ToFrozenDictionary(rule => rule.Name, StringComparer.Ordinal);

    /// <exception cref="ArgumentException">There is no such rule: the caller's mistake.</exception>
    public static Rule Of(string name) => ByName.TryGetValue(name, out var rule) ? rule : throw new ArgumentException($"There is no rule {name}.", nameof(name));
}
