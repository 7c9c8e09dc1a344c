using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>Rules that one playlist obeys or breaks by itself: D (document), S3, S5 and S6 (splice), W1 (captions). Pure.</summary>
public static class DocumentLint
{
    /// <param name="name">What findings call the playlist.</param>
    /// <param name="master">Null where the bytes are no Master Playlist.</param>
    /// <param name="media">Null where the bytes are no Media Playlist.</param>
    public static ImmutableArray<LintFinding> Check(string name, ReadOnlyMemory<byte> bytes, TrailerUri isTrailer, out MasterPlaylist? master, out MediaPlaylist? media)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        if (!Playlist.TryParse(bytes, out master, out media, out var error))
            return [LintFinding.Error("D7", name, error.Reason, error.Line)];
        if (bytes.Span.StartsWith("\uFEFF"u8))
            findings.Add(LintFinding.Error("D1", name, "The playlist begins with a byte order mark; several players refuse it.", 1));
        if (bytes.Span.Contains((byte)'\r'))
            findings.Add(LintFinding.Warning("D1", name, "The lines end with CRLF and not with LF."));

        var (declared, needed, marks) = master is not null
            ? (master.DeclaredVersion, master.NeededVersion, master.Marks)
            : (media!.Facts.DeclaredVersion, media.Facts.NeededVersion, media.Marks);
        if (Math.Max(1, declared) < needed)
            findings.Add(LintFinding.Warning("D5", name, $"EXT-X-VERSION is {Math.Max(1, declared)}, but the playlist's tags need {needed}."));
        foreach (var repeated in marks.Where(m => m.Kind == MarkKind.Repeated))
            findings.Add(LintFinding.Error("D6", name, "A header tag stands twice.", repeated.Line));
        if (master is not null)
            CheckCaptions(name, master, findings);
        else if (media is not null)
            CheckMedia(name, media, isTrailer, findings);
        return findings.ToImmutable();
    }

    private static void CheckMedia(string name, MediaPlaylist media, TrailerUri isTrailer, ImmutableArray<LintFinding>.Builder findings)
    {
        var ends = media.Marks.Where(m => m.Kind == MarkKind.EndList).ToArray();
        if (ends.Length > 1)
            findings.Add(LintFinding.Error("D6", name, "EXT-X-ENDLIST stands more than once.", ends[1].Line));
        var last = media.Marks.LastOrDefault(m => m.IsUri && m.Uri == UriKind.Segment);
        if (ends.Length == 1 && ends[0].Line < last.Line)
            findings.Add(LintFinding.Error("D6", name, "EXT-X-ENDLIST stands before the last segment.", ends[0].Line));
        if (!media.Facts.HasTargetDuration)
            findings.Add(LintFinding.Error("S3", name, "EXT-X-TARGETDURATION is missing or no integer."));
        else if (media.TargetDuration < (media.LongestSegmentMs + 499) / 1000)
            findings.Add(LintFinding.Error("S3", name, $"EXT-X-TARGETDURATION is {media.TargetDuration}, but the longest segment lasts {media.LongestSegmentMs} ms."));
        CheckSplice(name, media, isTrailer, findings);
    }

    /// <summary>A clear trailer beside encrypted content needs METHOD=NONE, and a trailer in fMP4 needs an EXT-X-MAP of its own.</summary>
    private static void CheckSplice(string name, MediaPlaylist media, TrailerUri isTrailer, ImmutableArray<LintFinding>.Builder findings)
    {
        var ranges = SpliceLint.Ranges(media);
        var spliced = SpliceLint.SplicedRange(media, ranges, isTrailer);
        if (spliced < 0 || ranges.Length < 2)
            return;
        var range = ranges[spliced];
        var (trailer, content) = (media.Segments[range.First], media.Segments[spliced > 0 ? range.First - 1 : ranges[1].First]);
        if (trailer.MapIndex >= 0 && trailer.MapIndex == content.MapIndex)
            findings.Add(LintFinding.Error("S6", name, "The trailer and the content share one EXT-X-MAP.", range.Line));
        if (trailer.MapIndex < 0 != content.MapIndex < 0)
            findings.Add(LintFinding.Error("S6", name, "The trailer has another container than the content beside it.", range.Line));
        if (media.Encrypted && isTrailer(trailer.Uri) && SegmentKey.OfSegments(media)[range.First] is not null)
            findings.Add(LintFinding.Error("S5", name, "The content's key is in force for the trailer; EXT-X-KEY:METHOD=NONE is missing before it.", range.Line));
    }

    private static void CheckCaptions(string name, MasterPlaylist master, ImmutableArray<LintFinding>.Builder findings)
    {
        var captions = master.Renditions.Where(r => string.Equals(r.Type, "SUBTITLES", StringComparison.Ordinal)).ToArray();
        if (captions.Length == 0)
            return;
        if (master.Variants.Any(v => v.Subtitles is null))
            findings.Add(LintFinding.Error("W1", name, "Some EXT-X-STREAM-INF names no SUBTITLES group: captions vanish when the player changes to it."));
        foreach (var group in captions.GroupBy(r => r.GroupId, StringComparer.Ordinal))
        {
            if (group.GroupBy(r => r.Name, StringComparer.Ordinal).Any(n => n.Count() > 1))
                findings.Add(LintFinding.Error("W1", name, $"Two Renditions of the group {group.Key} have the same NAME."));
            if (group.Count(r => r.Default) > 1)
                findings.Add(LintFinding.Error("W1", name, $"The group {group.Key} has more than one Rendition with DEFAULT=YES."));
        }
        if (captions.Any(r => r.Language is null))
            findings.Add(LintFinding.Warning("W1", name, "A caption Rendition has no LANGUAGE."));
    }
}
