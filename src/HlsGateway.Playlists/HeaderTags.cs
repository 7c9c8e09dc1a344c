using System.Buffers.Text;

namespace HlsGateway.Playlists;

/// <summary>Edits of header tags that Master and Media Playlists share.</summary>
internal static class HeaderTags
{
    /// <summary>Puts a number in the place of a tag's value, unless it stands there already.</summary>
    public static void WriteNumber(TemplateBuilder builder, ReadOnlySpan<byte> text, in Mark mark, int number)
    {
        if (Utf8Parser.TryParse(text.Slice(mark.Start, mark.Length), out int written, out var read) && read == mark.Length && written == number)
            return;
        builder.Replace(mark);
        builder.Write(number);
    }

    /// <summary>Raises the version, and leaves one that is high enough as it stands, also where it is too high for an int (rules D2, D5).</summary>
    public static void WriteVersion(TemplateBuilder builder, ReadOnlySpan<byte> text, in Mark mark, int version)
    {
        if (MarkList.ReadVersion(text.Slice(mark.Start, mark.Length)) < version)
            WriteNumber(builder, text, mark, version);
    }

    public static void WriteVersionLine(TemplateBuilder builder, int version)
    {
        builder.Write("#EXT-X-VERSION:"u8);
        builder.Write(version);
        builder.Write("\n"u8);
    }

    /// <summary>
    /// A negative EXT-X-START counts from the end, any other from the beginning: what is added there is added to it, so that it names
    /// the same moment of the content (rule S10). An offset of 0 stays 0.
    /// </summary>
    /// <param name="before">The trailer stands before the content.</param>
    public static void WriteStartOffset(TemplateBuilder builder, ReadOnlySpan<byte> text, in Mark mark, Seconds added, bool before)
    {
        var offset = AttributeList.Unquote(text.Slice(mark.Start, mark.Length));
        var fromEnd = offset is [(byte)'-', ..];
        Seconds.TryRead(fromEnd ? offset[1..] : offset, out var seconds, out _);
        if (fromEnd == before || (before && seconds == default))
            return;
        builder.Replace(mark);
        builder.Write($"{(fromEnd ? "-" : "")}{seconds + added}");
    }
}
