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

    public static void WriteVersionLine(TemplateBuilder builder, int version)
    {
        builder.Write("#EXT-X-VERSION:"u8);
        builder.Write(version);
        builder.Write("\n"u8);
    }

    /// <summary>A negative EXT-X-START counts from the end: what is added there is added to it (rule S10).</summary>
    public static void WriteStartOffset(TemplateBuilder builder, ReadOnlySpan<byte> text, in Mark mark, Seconds added)
    {
        var offset = AttributeList.Unquote(text.Slice(mark.Start, mark.Length))[1..];
        Seconds.TryRead(offset, out var before, out _);
        builder.Replace(mark);
        builder.Write($"-{before + added}");
    }
}
