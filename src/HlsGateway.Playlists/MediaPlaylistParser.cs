using System.Collections.Immutable;
using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>Reads a Media Playlist in one pass. Each tag changes what holds for the next segment; a URI line after EXTINF closes the segment (rule D4).</summary>
internal ref struct MediaPlaylistParser
{
    /// <summary>Bounds what a hostile playlist costs, here and in the caller, who is asked about each URI. Four days of 4 s segments with byte ranges fit.</summary>
    private const int MostMarks = 200_000;

    private const int NoSegment = int.MaxValue;

    private readonly MarkList marks;
    private readonly ImmutableArray<MediaSegment>.Builder segments;
    private readonly ImmutableArray<MapSection>.Builder maps = ImmutableArray.CreateBuilder<MapSection>();

    /// <summary>Lines since the last segment that speak about the next one.</summary>
    private readonly List<Mark> pending = [];

    private PlaylistLines line;
    private PlaylistError error;

    private Seconds? extInf;
    private (long Length, long? Offset)? range;

    /// <summary>Where the last segment's range ended, whatever its file (rule I4); 0 where it is a whole file.</summary>
    private long rangeEnd;

    /// <summary>Place of the pending range among the marks; -1 for none.</summary>
    private int rangeMark;
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
    private bool imagesOnly;
    private bool skips;

    /// <summary>End of the last header tag before the first EXTINF, and its place among the marks.</summary>
    private (int End, int Line, int Mark) headers;
    private string? firstDate;
    private bool hasEndList;
    private bool isEvent;
    private long sequence;
    private long skipped;
    private bool iFramesOnly;
    private bool hasTargetDuration;
    private int? targetDuration;

    private MediaPlaylistParser(ReadOnlySpan<byte> text, Variables variables)
    {
        line = new PlaylistLines(text);
        marks = new MarkList(text, variables);
        headers = (marks.Items[0].Start, marks.Items[0].Line, 1);
        // Grown by doubling, the array of a long playlist would cost more than reading it.
        segments = ImmutableArray.CreateBuilder<MediaSegment>(Math.Min(text.Count("\n#EXTINF:"u8), MostMarks));
        marks.Items.EnsureCapacity(segments.Capacity + 8);
    }

    /// <param name="parent">Variables of the Master Playlist that listed this one; null where none is known.</param>
    public static bool TryParse(ReadOnlyMemory<byte> text, Variables? parent, out MediaPlaylist? playlist, out PlaylistError error)
    {
        playlist = null;
        if (!Variables.TryRead(text.Span, parent, out var variables, out error))
            return false;
        var parser = new MediaPlaylistParser(text.Span, variables);
        playlist = parser.TryReadLines() ? parser.Finish(text, variables, parent) : null;
        error = parser.error;
        return playlist is not null;
    }

    private bool TryReadLines()
    {
        while (line.Read())
        {
            if (line.IsUri ? !TryCloseSegment() : !TryReadTag())
                return false;
            if (marks.Items.Count + pending.Count > MostMarks)
                return Fail("The playlist has more than 200,000 URIs and tags that matter.");
            if (marks.IsTooLong)
                return Fail(MarkList.TooLong);
        }

        return isMedia || Fail("The playlist has neither EXT-X-STREAM-INF nor EXTINF, nor a Media Playlist's header.");
    }

    private bool TryReadTag()
    {
        var rule = line.Rule;
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
                // With a quotation mark or a control character it is no date, and could not stand in an attribute of ours.
                if (firstDate is null && PlaylistText.Decode(line.Value) is var date && TemplateBuilder.IsQuotable(date))
                    firstDate = date;
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
            case Tag.ImagesOnly:
                imagesOnly = true;
                break;
            case Tag.Skip:
                skips = true;
                var skip = new AttributeList(line.Value);
                skipped = skip.Find("SKIPPED-SEGMENTS"u8) ? SegmentKey.ReadSequence(skip.Value) : 0;
                break;
            case Tag.MediaSequence:
                sequence = SegmentKey.ReadSequence(line.Value);
                break;
            case Tag.PlaylistType:
                isEvent = line.Value.SequenceEqual("EVENT"u8);
                break;
            case Tag.StreamInf:
                return Fail("EXT-X-STREAM-INF stands in a playlist with Media Segments.");
        }

        if (rule.Has(TagTraits.Header) && segments.Count == 0 && extInf is null)
            headers = (line.End, line.Number, marks.Items.Count);
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
        marks.Need(4);
        // What only the player can resolve stays as it stands, like the URI whose range it is.
        if (!marks.TryText(line.Value, line.Number, out var text))
            return true;
        if (!TryReadRange(text, out var length, out var offset))
            return Fail("EXT-X-BYTERANGE is not length[@offset].");

        range = (length, offset);
        var writtenOut = offset is null || Variables.HasReference(line.Value);
        rangeMark = writtenOut ? marks.Items.Count : -1;
        if (writtenOut)
            marks.Items.Add(new Mark(MarkKind.ByteRange, line.ValueStart, line.ValueLength, line.Number, UriKind.Segment, segments.Count));
        return true;
    }

    private bool TryReadMap()
    {
        marks.Need(5);
        var attributes = new AttributeList(line.Value);
        if (!attributes.Find("URI"u8) || attributes.Value.IsEmpty)
            return true;

        var uri = marks.Text(attributes.Value, line.Number).Trim(' ', '\t');
        long length = 0;
        long? offset = null;
        var range = "";
        var hasRange = attributes.Find("BYTERANGE"u8) && marks.TryText(attributes.Value, line.Number, out range);
        if (hasRange && !TryReadRange(range, out length, out offset))
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
        // A URI that no EXTINF announced is no segment to any player: it is copied, with the range that is its own.
        if (extInf is not { } duration)
        {
            if (range is not null && rangeMark >= 0)
                marks.Items[rangeMark] = marks.Items[rangeMark] with { Index = NoSegment };
            TryPlaceRange(out _);
            range = null;
            return true;
        }

        if (!marks.TryAddUriLine(line, UriKind.Segment, segments.Count, out var uri, out error))
            return false;

        uri = uri.Trim(' ', '\t');
        if (!TryPlaceRange(out var offset))
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

    /// <summary>
    /// A range without an offset begins where the range before it ended (RFC 8216 section 4.3.2.2). That range must be one of the same
    /// file; where it is not, hls.js, Shaka and ExoPlayer continue all the same. Behind a whole file there is nothing to continue.
    /// </summary>
    private bool TryPlaceRange(out long? offset)
    {
        offset = null;
        if (range is not { } placed)
        {
            rangeEnd = 0;
            return true;
        }

        var first = placed.Offset ?? rangeEnd;
        if (placed.Length > long.MaxValue - first)
            return false;
        rangeEnd = first + placed.Length;
        offset = first;
        return true;
    }

    private readonly MediaPlaylist Finish(ReadOnlyMemory<byte> text, Variables variables, Variables? parent)
    {
        if (maps.Count > 0 && !iFramesOnly)
            marks.Need(6);
        marks.Items.Insert(headers.Mark, new Mark(MarkKind.BeforeFirstSegment, headers.End, 0, headers.Line));
        if (pending.Count > 0)
        {
            marks.Items.AddRange(pending);
            marks.Items.Sort(static (left, right) => (left.Start, left.Length).CompareTo((right.Start, right.Length)));
        }

        var facts = new MediaFacts(marks.DeclaredVersion, marks.NeededVersion, hasTargetDuration, longest, encryptedAtEnd, bitrateAtEnd, firstDate, variables, parent, marks.Unresolved);
        return new MediaPlaylist(text, [.. marks.Items], facts)
        {
            Segments = segments.DrainToImmutable(),
            Maps = maps.DrainToImmutable(),
            HasEndList = hasEndList,
            IsTrickPlay = iFramesOnly || imagesOnly,
            IsDelta = skips,
            FirstSequence = unchecked(sequence + skipped),
            HasTimeline = !skips && (hasEndList || (isEvent && sequence == 0)),
            Encrypted = encrypted,
            TargetDuration = targetDuration ?? (marks.DeclaredVersion < 6 ? longest.Ceiling : longest.Rounded),
            DurationMs = (int)end.RoundedMilliseconds,
        };
    }

    private static bool TryReadRange(string text, out long length, out long? offset)
    {
        offset = null;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (!long.TryParse(at < 0 ? text : text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out length))
            return false;
        if (at < 0)
            return true;
        if (!long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var from))
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
