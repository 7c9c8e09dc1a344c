using System.Buffers.Text;
using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>Reads a Media Playlist in one pass. Each tag changes what holds for the next segment; a URI line after EXTINF closes the segment (rule D4).</summary>
internal ref struct MediaPlaylistParser
{
    /// <summary>Bounds what a hostile playlist costs, here and in the caller, who is asked about each URI. Four days of 4 s segments with byte ranges fit.</summary>
    private const int MostMarks = 200_000;

    private readonly MarkList marks;
    private readonly ImmutableArray<MediaSegment>.Builder segments;
    private readonly ImmutableArray<MapSection>.Builder maps = ImmutableArray.CreateBuilder<MapSection>();

    /// <summary>Lines since the last segment that speak about the next one.</summary>
    private readonly List<Mark> pending = [];

    /// <summary>Where the last range of each resource ended.</summary>
    private readonly Dictionary<string, long> rangeEnds = new(StringComparer.Ordinal);

    private PlaylistLines line;
    private PlaylistError error;

    private Seconds? extInf;
    private (long Length, long? Offset)? range;
    private bool discontinuity;
    private bool keyInForce;
    private bool bitrateInForce;

    private Seconds end;
    private Seconds longest;
    private Seconds lastDuration;
    private string lastDurationText = "0";
    private bool encrypted;
    private bool encryptedAtEnd;
    private bool bitrateAtEnd;
    private bool isMedia;
    private bool sawSegmentTag;
    private string? firstDate;
    private bool hasEndList;
    private bool iFramesOnly;
    private bool hasTargetDuration;
    private int? targetDuration;

    private MediaPlaylistParser(ReadOnlySpan<byte> text)
    {
        line = new PlaylistLines(text);
        marks = new MarkList(text);
        // Grown by doubling, the array of a long playlist would cost more than reading it.
        segments = ImmutableArray.CreateBuilder<MediaSegment>(Math.Min(text.Count("\n#EXTINF:"u8), MostMarks));
        marks.Items.EnsureCapacity(segments.Capacity + 8);
    }

    public static bool TryParse(ReadOnlyMemory<byte> text, out MediaPlaylist? playlist, out PlaylistError error)
    {
        var parser = new MediaPlaylistParser(text.Span);
        playlist = parser.TryReadLines() ? parser.Finish(text) : null;
        error = parser.error;
        return playlist is not null;
    }

    private bool TryReadLines()
    {
        while (line.Read())
        {
            if (line.IsUri ? !TryCloseSegment() : !TryReadTag())
                return false;
            if (marks.Items.Count + pending.Count - (sawSegmentTag ? 1 : 0) > MostMarks)
                return Fail("The playlist has more than 200,000 URIs and tags that matter.");
        }

        return isMedia || Fail("The playlist has neither EXT-X-STREAM-INF nor EXTINF, nor a Media Playlist's header.");
    }

    private bool TryReadTag()
    {
        var rule = line.Rule;
        if (!sawSegmentTag && rule.Has(TagTraits.NextSegment))
        {
            sawSegmentTag = true;
            marks.Items.Add(new Mark(MarkKind.BeforeFirstSegment, line.Start, 0, line.Number));
        }

        if (!marks.TryAddTag(line, out var repeated, out error))
            return false;
        if (repeated)
            return true;

        if (rule.Has(TagTraits.NextSegment))
            pending.Add(new Mark(MarkKind.Dangling, line.Start, line.End - line.Start, line.Number));
        isMedia |= rule.Has(TagTraits.Media);
        switch (rule.Tag)
        {
            case Tag.ExtInf:
                return TryReadExtInf();
            case Tag.ByteRange:
                return TryReadByteRange();
            case Tag.Map:
                return TryReadMap();
            case Tag.Key:
                var attributes = new AttributeList(line.Value);
                keyInForce = !attributes.Find("METHOD"u8) || !attributes.Value.SequenceEqual("NONE"u8);
                encrypted |= keyInForce;
                break;
            case Tag.Discontinuity:
                discontinuity = true;
                break;
            case Tag.ProgramDateTime:
                firstDate ??= PlaylistText.Decode(line.Value);
                break;
            case Tag.Bitrate:
                bitrateInForce = true;
                break;
            case Tag.TargetDuration:
                ReadTargetDuration();
                break;
            case Tag.EndList:
                hasEndList = true;
                marks.Items.Add(new Mark(MarkKind.EndList, line.Start, line.End - line.Start, line.Number));
                break;
            case Tag.IFramesOnly:
                iFramesOnly = true;
                marks.Need(4);
                break;
            case Tag.StreamInf:
                return Fail("EXT-X-STREAM-INF stands in a playlist with Media Segments.");
        }

        return true;
    }

    private bool TryReadExtInf()
    {
        isMedia = true;
        if (!Seconds.TryRead(line.Value, out var duration, out var length)
            || (length < line.ValueLength && line.Value[length] is not ((byte)',' or (byte)' ' or (byte)'\t')))
            return Fail("EXTINF has no decimal duration of at most 24 days.");

        if (line.Value[..length].Contains((byte)'.'))
            marks.Need(3);
        extInf = duration;
        return true;
    }

    private bool TryReadByteRange()
    {
        if (range is not null)
            return Fail("A segment has two EXT-X-BYTERANGE tags.");
        if (!TryReadRange(line.Value, out var length, out var offset))
            return Fail("EXT-X-BYTERANGE is not length[@offset].");

        marks.Need(4);
        range = (length, offset);
        if (offset is null)
            marks.Items.Add(new Mark(MarkKind.ByteRange, line.ValueStart, line.ValueLength, line.Number, UriKind.Segment, segments.Count));
        return true;
    }

    private bool TryReadMap()
    {
        marks.Need(5);
        var attributes = new AttributeList(line.Value);
        if (!attributes.Find("URI"u8) || attributes.Value.IsEmpty)
            return true;

        var uri = PlaylistText.Decode(attributes.Value);
        var hasRange = attributes.Find("BYTERANGE"u8);
        long length = 0;
        long? offset = null;
        if (hasRange && !TryReadRange(attributes.Value, out length, out offset))
            return Fail("The BYTERANGE of EXT-X-MAP is not length[@offset].");
        maps.Add(new MapSection(uri, hasRange ? offset ?? 0 : null, hasRange ? length : null));
        return true;
    }

    private void ReadTargetDuration()
    {
        hasTargetDuration = true;
        if (Seconds.TryParse(line.Value, out var declared))
            targetDuration = declared.Ceiling;
        marks.Items.Add(new Mark(MarkKind.TargetDuration, line.ValueStart, line.ValueLength, line.Number));
    }

    private bool TryCloseSegment()
    {
        // A URI that no EXTINF announced is no segment to any player: it is copied.
        if (extInf is not { } duration)
            return true;
        if (!marks.TryAddUriLine(line, UriKind.Segment, segments.Count, out error))
            return false;

        var uri = PlaylistText.Decode(line.Value);
        if (!TryPlaceRange(uri, out var offset))
            return Fail("The byte range ends past any file.");

        var start = end;
        end += duration;
        if (end.RoundedMilliseconds > int.MaxValue)
            return Fail("The segments last longer than 24 days together.");

        if (duration > longest)
            longest = duration;
        if (duration != lastDuration)
        {
            lastDuration = duration;
            lastDurationText = duration.ToString();
        }

        segments.Add(new MediaSegment(
            uri, lastDurationText, (int)start.RoundedMilliseconds, (int)(end.RoundedMilliseconds - start.RoundedMilliseconds),
            maps.Count - 1, offset, range?.Length, discontinuity));
        encryptedAtEnd = keyInForce;
        bitrateAtEnd = bitrateInForce;
        extInf = null;
        discontinuity = false;
        range = null;
        pending.Clear();
        return true;
    }

    /// <summary>A range without an offset begins where the resource's range before it ended (RFC 8216 section 4.3.2.2).</summary>
    private readonly bool TryPlaceRange(string uri, out long? offset)
    {
        offset = null;
        if (range is not { } placed)
            return true;

        var first = placed.Offset ?? rangeEnds.GetValueOrDefault(uri);
        if (placed.Length > long.MaxValue - first)
            return false;
        rangeEnds[uri] = first + placed.Length;
        offset = first;
        return true;
    }

    private readonly MediaPlaylist Finish(ReadOnlyMemory<byte> text)
    {
        if (maps.Count > 0 && !iFramesOnly)
            marks.Need(6);
        if (pending.Count > 0)
        {
            marks.Items.AddRange(pending);
            marks.Items.Sort(static (left, right) => (left.Start, left.Length).CompareTo((right.Start, right.Length)));
        }

        var facts = new MediaFacts(marks.DeclaredVersion, marks.NeededVersion, hasTargetDuration, longest, encryptedAtEnd, bitrateAtEnd, firstDate);
        return new MediaPlaylist(text, [.. marks.Items], facts)
        {
            Segments = segments.DrainToImmutable(),
            Maps = maps.DrainToImmutable(),
            HasEndList = hasEndList,
            IFramesOnly = iFramesOnly,
            Encrypted = encrypted,
            TargetDuration = targetDuration ?? (marks.DeclaredVersion < 6 ? longest.Ceiling : longest.Rounded),
            DurationMs = (int)end.RoundedMilliseconds,
        };
    }

    private static bool TryReadRange(ReadOnlySpan<byte> text, out long length, out long? offset)
    {
        offset = null;
        if (!Utf8Parser.TryParse(text, out length, out var read) || length < 0 || !char.IsAsciiDigit((char)text[0]))
            return false;
        if (read == text.Length)
            return true;

        var rest = text[(read + 1)..];
        if (text[read] != (byte)'@' || !Utf8Parser.TryParse(rest, out long from, out read) || read != rest.Length || !char.IsAsciiDigit((char)rest[0]))
            return false;
        offset = from;
        return true;
    }

    private bool Fail(string reason)
    {
        error = new PlaylistError(reason, line.Number);
        return false;
    }
}
