using System.Collections.Immutable;
using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>Reads a Master Playlist in one pass.</summary>
internal ref struct MasterPlaylistParser
{
    /// <summary>Bounds what a hostile playlist costs: each subtitle group that it names gets all captions.</summary>
    private const int MostMarks = 2000;

    private readonly MarkList marks;
    private readonly ImmutableArray<VariantStream>.Builder variants = ImmutableArray.CreateBuilder<VariantStream>();
    private readonly ImmutableArray<Rendition>.Builder renditions = ImmutableArray.CreateBuilder<Rendition>();
    private readonly SubtitleGroups subtitles = new();

    private PlaylistLines line;
    private PlaylistError error;

    /// <summary>EXT-X-STREAM-INF that waits for its URI, and where its mark stands.</summary>
    private (VariantStream Stream, int Mark)? pending;

    /// <summary>Where captions are to be added: position and place among the marks; behind the last EXT-X-MEDIA before the first EXT-X-STREAM-INF.</summary>
    private Mark captions;
    private int captionsAt = -1;
    private bool sawStreamInf;

    private MasterPlaylistParser(ReadOnlySpan<byte> text, Variables variables)
    {
        line = new PlaylistLines(text);
        marks = new MarkList(text, variables);
    }

    public static bool TryParse(ReadOnlyMemory<byte> text, out MasterPlaylist? playlist, out PlaylistError error)
    {
        playlist = null;
        if (!Variables.TryRead(text.Span, parent: null, out var variables, out error))
            return false;
        var parser = new MasterPlaylistParser(text.Span, variables);
        playlist = parser.TryReadLines() ? parser.Finish(text, variables) : null;
        error = parser.error;
        return playlist is not null;
    }

    private bool TryReadLines()
    {
        while (line.Read())
        {
            if (line.IsUri ? !TryCloseVariant() : !TryReadTag())
                return false;
            if (marks.Items.Count + renditions.Count > MostMarks)
                return Fail("The Master Playlist has more than 2,000 URIs and Renditions.");
            if (marks.IsTooLong)
                return Fail(MarkList.TooLong);
        }

        return variants.Count > 0 || Fail("No EXT-X-STREAM-INF has a URI.");
    }

    private bool TryReadTag()
    {
        var tag = line.Rule.Tag;
        if (tag == Tag.ExtInf)
            return Fail("EXTINF stands in a playlist with Variant Streams.");
        if (tag == Tag.IFrameStreamInf)
            marks.Items.Add(new Mark(MarkKind.IFrameStream, line.Start, line.End - line.Start, line.Number));
        if (!marks.TryAddTag(line, out _, out error))
            return false;
        if (tag == Tag.StreamInf)
            return TryReadStreamInf();
        if (tag == Tag.Media)
            ReadMedia();
        return true;
    }

    private bool TryReadStreamInf()
    {
        sawStreamInf = true;
        if (captionsAt < 0)
            PlaceCaptions(line.Start);

        string? bandwidth = null, codecs = null, resolution = null, frameRate = null, audio = null, group = null;
        var attributes = new AttributeList(line.Value);
        while (attributes.Read())
        {
            if (!attributes.WellFormed)
                return Fail(AttributeList.Malformed);
            Keep(attributes, "BANDWIDTH"u8, ref bandwidth);
            Keep(attributes, "CODECS"u8, ref codecs);
            Keep(attributes, "RESOLUTION"u8, ref resolution);
            Keep(attributes, "FRAME-RATE"u8, ref frameRate);
            Keep(attributes, "AUDIO"u8, ref audio);
            Keep(attributes, "SUBTITLES"u8, ref group);
        }

        if (!string.IsNullOrEmpty(group))
            subtitles.Add(group);
        var by = resolution?.Split('x', 2);
        var size = by is [var width, var height] ? (Number(width), Number(height)) : default;
        pending = (new VariantStream("", Number(bandwidth), codecs, size.Item1, size.Item2, frameRate, audio, group), marks.Items.Count);
        marks.Items.Add(new Mark(MarkKind.StreamInf, line.ValueStart, line.ValueLength, line.Number, UriKind.VariantStream, -1));
        return true;
    }

    private void ReadMedia()
    {
        if (!sawStreamInf)
            PlaceCaptions(line.End);

        string? type = null, group = null, name = null, language = null, uri = null, channels = null, isDefault = null;
        string? autoSelect = null, associated = null, forced = null, characteristics = null;
        var attributes = new AttributeList(line.Value);
        while (attributes.Read())
        {
            Keep(attributes, "TYPE"u8, ref type);
            Keep(attributes, "GROUP-ID"u8, ref group);
            Keep(attributes, "NAME"u8, ref name);
            Keep(attributes, "LANGUAGE"u8, ref language);
            Keep(attributes, "URI"u8, ref uri);
            Keep(attributes, "CHANNELS"u8, ref channels);
            Keep(attributes, "DEFAULT"u8, ref isDefault);
            Keep(attributes, "AUTOSELECT"u8, ref autoSelect);
            Keep(attributes, "ASSOC-LANGUAGE"u8, ref associated);
            Keep(attributes, "FORCED"u8, ref forced);
            Keep(attributes, "CHARACTERISTICS"u8, ref characteristics);
        }

        var rendition = new Rendition(type ?? "", group ?? "", language, name ?? "", string.IsNullOrEmpty(uri) ? null : uri, channels, isDefault == "YES");
        renditions.Add(rendition);
        if (rendition.Type != "SUBTITLES" || rendition.GroupId.Length == 0)
            return;

        var key = rendition.Default || autoSelect == "YES" ? SubtitleGroups.AutoSelectKey(language, associated, forced == "YES", characteristics) : null;
        subtitles.Add(new SubtitleMember(rendition.GroupId, rendition.Name, rendition.Default, key));
    }

    private void PlaceCaptions(int position)
    {
        captions = new Mark(MarkKind.Captions, position, 0, line.Number);
        captionsAt = marks.Items.Count;
    }

    private bool TryCloseVariant()
    {
        // A URI that no EXT-X-STREAM-INF announced is no Variant Stream to any player: it is copied.
        if (pending is not { } waiting)
            return true;
        if (!marks.TryAddUriLine(line, UriKind.VariantStream, variants.Count, out var uri, out error))
            return false;

        marks.Items[waiting.Mark] = marks.Items[waiting.Mark] with { Index = variants.Count };
        variants.Add(waiting.Stream with { Uri = uri });
        pending = null;
        return true;
    }

    private readonly MasterPlaylist Finish(ReadOnlyMemory<byte> text, Variables variables)
    {
        marks.Items.Insert(captionsAt, captions);
        return new MasterPlaylist(text, marks, variables, subtitles)
        {
            Variants = variants.DrainToImmutable(),
            Renditions = renditions.DrainToImmutable(),
        };
    }

    /// <summary>Keeps the value of the first attribute of this name.</summary>
    private readonly void Keep(in AttributeList attributes, ReadOnlySpan<byte> name, ref string? value)
    {
        if (value is null && attributes.Name.SequenceEqual(name))
            value = marks.Text(attributes.Value, line.Number);
    }

    /// <summary>A decimal integer, 0 for anything else.</summary>
    private static int Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (int)Math.Min(number, int.MaxValue) : 0;

    private bool Fail(string reason)
    {
        error = new PlaylistError(reason, line.Number);
        return false;
    }
}
