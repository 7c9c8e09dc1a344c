using System.Buffers.Text;
using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>Reads a Master Playlist in one pass.</summary>
internal ref struct MasterPlaylistParser
{
    private readonly MarkList marks;
    private readonly ImmutableArray<VariantStream>.Builder variants = ImmutableArray.CreateBuilder<VariantStream>();
    private readonly ImmutableArray<Rendition>.Builder renditions = ImmutableArray.CreateBuilder<Rendition>();
    private readonly SubtitleGroups subtitles = new();

    private PlaylistLines line;
    private PlaylistError error;

    /// <summary>EXT-X-STREAM-INF that waits for its URI, and where its mark stands.</summary>
    private (VariantStream Stream, int Mark)? pending;

    /// <summary>Where captions are to be added: position and place among the marks; behind the last EXT-X-MEDIA before the first EXT-X-STREAM-INF.</summary>
    private Mark? captions;
    private int captionsAt;
    private bool sawStreamInf;

    private MasterPlaylistParser(ReadOnlySpan<byte> text)
    {
        line = new PlaylistLines(text);
        marks = new MarkList(text);
    }

    public static bool TryParse(ReadOnlyMemory<byte> text, out MasterPlaylist? playlist, out PlaylistError error)
    {
        var parser = new MasterPlaylistParser(text.Span);
        playlist = parser.TryReadLines() ? parser.Finish(text) : null;
        error = parser.error;
        return playlist is not null;
    }

    private bool TryReadLines()
    {
        while (line.Read())
        {
            if (line.IsUri ? !TryCloseVariant() : !TryReadTag())
                return false;
        }

        return variants.Count > 0 || Fail("No EXT-X-STREAM-INF has a URI.");
    }

    private bool TryReadTag()
    {
        var tag = line.Rule.Tag;
        if (tag == Tag.ExtInf)
            return Fail("EXTINF stands in a playlist with Variant Streams.");
        if (tag == Tag.StreamInf)
            return TryReadStreamInf();
        if (tag == Tag.IFrameStreamInf)
            marks.Items.Add(new Mark(MarkKind.IFrameStream, line.Start, line.End - line.Start, line.Number));
        if (!marks.TryAddTag(line, out _, out error))
            return false;
        if (tag == Tag.Media)
            ReadMedia();
        return true;
    }

    private bool TryReadStreamInf()
    {
        if (!sawStreamInf)
        {
            sawStreamInf = true;
            if (captions is null)
            {
                captions = new Mark(MarkKind.Captions, line.Start, 0, line.Number);
                captionsAt = marks.Items.Count;
            }
        }

        var stream = default(VariantStream);
        var attributes = new AttributeList(line.Value);
        while (attributes.Read())
        {
            if (!attributes.WellFormed)
                return Fail("A quotation mark is not closed, or stands inside an attribute's value.");
            ReadAttribute(ref stream, attributes);
        }

        if (stream.Subtitles is { Length: > 0 } group)
            subtitles.Add(group);
        pending = (stream, marks.Items.Count);
        marks.Items.Add(new Mark(MarkKind.StreamInf, line.ValueStart, line.ValueLength, line.Number, UriKind.VariantStream, -1));
        return true;
    }

    /// <summary>Of repeated attributes the first counts.</summary>
    private static void ReadAttribute(ref VariantStream stream, in AttributeList attributes)
    {
        var name = attributes.Name;
        var value = attributes.Value;
        if (name.SequenceEqual("BANDWIDTH"u8) && stream.Bandwidth == 0)
            stream = stream with { Bandwidth = Number(value) };
        else if (name.SequenceEqual("CODECS"u8))
            stream = stream with { Codecs = stream.Codecs ?? PlaylistText.Decode(value) };
        else if (name.SequenceEqual("FRAME-RATE"u8))
            stream = stream with { FrameRate = stream.FrameRate ?? PlaylistText.Decode(value) };
        else if (name.SequenceEqual("AUDIO"u8))
            stream = stream with { Audio = stream.Audio ?? PlaylistText.Decode(value) };
        else if (name.SequenceEqual("SUBTITLES"u8))
            stream = stream with { Subtitles = stream.Subtitles ?? PlaylistText.Decode(value) };
        else if (name.SequenceEqual("RESOLUTION"u8) && value.IndexOf((byte)'x') is > 0 and var by)
            stream = stream with { Width = Number(value[..by]), Height = Number(value[(by + 1)..]) };
    }

    private void ReadMedia()
    {
        if (!sawStreamInf)
        {
            captions = new Mark(MarkKind.Captions, line.End, 0, line.Number);
            captionsAt = marks.Items.Count;
        }

        var type = Attribute("TYPE"u8) ?? "";
        var group = Attribute("GROUP-ID"u8) ?? "";
        var name = Attribute("NAME"u8) ?? "";
        var language = Attribute("LANGUAGE"u8);
        var isDefault = Attribute("DEFAULT"u8) == "YES";
        renditions.Add(new Rendition(type, group, language, name, Attribute("URI"u8) is { Length: > 0 } uri ? uri : null, Attribute("CHANNELS"u8), isDefault));
        if (type != "SUBTITLES" || group.Length == 0)
            return;

        var autoSelect = isDefault || Attribute("AUTOSELECT"u8) == "YES"
            ? SubtitleGroups.AutoSelectKey(language, Attribute("ASSOC-LANGUAGE"u8), Attribute("FORCED"u8) == "YES", Attribute("CHARACTERISTICS"u8))
            : null;
        subtitles.Add(new SubtitleMember(group, name, isDefault, autoSelect));
    }

    private readonly string? Attribute(ReadOnlySpan<byte> name)
    {
        var attributes = new AttributeList(line.Value);
        return attributes.Find(name) ? PlaylistText.Decode(attributes.Value) : null;
    }

    private bool TryCloseVariant()
    {
        // A URI that no EXT-X-STREAM-INF announced is no Variant Stream to any player: it is copied.
        if (pending is not { } waiting)
            return true;
        if (!marks.TryAddUriLine(line, UriKind.VariantStream, variants.Count, out error))
            return false;

        marks.Items[waiting.Mark] = marks.Items[waiting.Mark] with { Index = variants.Count };
        variants.Add(waiting.Stream with { Uri = PlaylistText.Decode(line.Value) });
        pending = null;
        return true;
    }

    private readonly MasterPlaylist Finish(ReadOnlyMemory<byte> text)
    {
        if (captions is { } place)
            marks.Items.Insert(captionsAt, place);
        return new MasterPlaylist(text, marks, subtitles)
        {
            Variants = variants.DrainToImmutable(),
            Renditions = renditions.DrainToImmutable(),
        };
    }

    /// <summary>A decimal integer, 0 for anything else.</summary>
    private static int Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out var read) && read == text.Length && number >= 0 ? (int)Math.Min(number, int.MaxValue) : 0;

    private bool Fail(string reason)
    {
        error = new PlaylistError(reason, line.Number);
        return false;
    }
}
