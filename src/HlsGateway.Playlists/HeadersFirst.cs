namespace HlsGateway.Playlists;

/// <summary>
/// Puts the lines before the first segment in the order in which a trailer can stand between them: first the tags of the whole playlist,
/// then the discontinuity, then the tags of the first segment (rule S12). Players read header tags up to the first segment only;
/// hls.js fails on an EXT-X-MEDIA-SEQUENCE behind one.
/// </summary>
internal static class HeadersFirst
{
    private enum Place : byte
    {
        Header,
        Discontinuity,
        Segment,

        /// <summary>Comments, blank lines and unknown tags: they belong to whatever comes after them.</summary>
        Next,
    }

    /// <summary>The same playlist where the lines are in this order already; null where the new order would change their meaning.</summary>
    public static MediaPlaylist? Write(MediaPlaylist playlist)
    {
        var source = playlist.Text.Span;
        var lines = Lines(source);
        var inOrder = true;
        for (var at = 1; at < lines.Count; at++)
            inOrder &= lines[at - 1].Place <= lines[at].Place;
        if (inOrder || lines is not [var first, ..])
            return playlist;

        var text = new byte[source.Length];
        var length = first.Start;
        source[..length].CopyTo(text);
        foreach (var place in (ReadOnlySpan<Place>)[Place.Header, Place.Discontinuity, Place.Segment])
        {
            foreach (var line in lines)
            {
                if (line.Place != place)
                    continue;
                source[line.Start..line.End].CopyTo(text.AsSpan(length));
                length += line.End - line.Start;
            }
        }

        source[length..].CopyTo(text.AsSpan(length));
        return playlist.Reworded(text);
    }

    /// <summary>From the second line to the one before the first segment's URI, each with its place.</summary>
    private static List<(int Start, int End, Place Place)> Lines(ReadOnlySpan<byte> source)
    {
        var lines = new List<(int Start, int End, Place Place)>();
        var announced = false;
        var line = new PlaylistLines(source);
        line.Read();
        while (line.Read() && !(line.IsUri && announced))
        {
            announced |= line.Rule.Tag == Tag.ExtInf;
            lines.Add((line.Start, line.End, PlaceOf(line)));
        }

        var next = Place.Segment;
        for (var at = lines.Count - 1; at >= 0; at--)
        {
            // Between two tags of the segment, a line is the segment's; before any header tag it is the header's.
            if (lines[at].Place == Place.Header)
                next = Place.Header;
            if (lines[at].Place == Place.Next)
                lines[at] = lines[at] with { Place = next };
        }

        return lines;
    }

    private static Place PlaceOf(in PlaylistLines line)
    {
        var rule = line.Rule;
        if (rule.Has(TagTraits.Header))
            return Place.Header;
        if (rule.Tag == Tag.Discontinuity)
            return Place.Discontinuity;
        // A URI that is no segment's keeps the lines before it.
        return line.IsUri || rule.Has(TagTraits.NextSegment) || rule.Tag == Tag.UriOnly || IsCue(line.Name) ? Place.Segment : Place.Next;
    }

    /// <summary>Marks of advertisements are no tags of HLS, and every packager has its own: EXT-X-CUE-OUT, EXT-OATCLS-SCTE35, EXT-X-SPLICEPOINT-SCTE35.</summary>
    private static bool IsCue(ReadOnlySpan<byte> name) =>
        name.IndexOf("CUE"u8) >= 0 || name.IndexOf("SCTE"u8) >= 0 || name.IndexOf("SPLICE"u8) >= 0 || name.SequenceEqual("#EXT-X-ASSET"u8);
}
