using System.Text;

namespace HlsGateway.Playlists;

/// <summary>
/// Makes cue text safe to be written into a WebVTT file and into a player that trusts it too much: what is no WebVTT markup
/// becomes text, and nothing can end the cue early.
/// </summary>
internal static class CaptionMarkup
{
    private const string EscapedLess = "&lt;";

    /// <param name="text">Lines with LF between them, without blank lines.</param>
    /// <param name="srt">SRT knows <c>b</c>, <c>i</c> and <c>u</c> only.</param>
    internal static string Clean(string text, bool srt)
    {
        var clean = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '<')
                i = Tag(text, i, srt, clean);
            else if (c == '&')
                clean.Append(IsReference(text.AsSpan(i)) ? "&" : "&amp;");
            else if (c == '>' && clean is [.., '-', '-'])
                // Judged on what is written, not on what was read: a tag left out between "--" and ">" must not join them.
                clean.Append("&gt;");
            else if (c is '\n' or '\t' || !char.IsControl(c))
                clean.Append(c);
        }

        return clean.ToString();
    }

    /// <summary>Writes the tag at <paramref name="at"/>, leaves it out, or writes its <c>&lt;</c> as text; gives the index of the last character dealt with.</summary>
    private static int Tag(string text, int at, bool srt, StringBuilder clean)
    {
        var length = text.AsSpan(at + 1).IndexOfAny("<>\n");
        if (length <= 0 || text[at + 1 + length] != '>')
        {
            clean.Append(EscapedLess);
            return at;
        }

        var inner = text.AsSpan(at + 1, length);
        var end = at + length + 1;
        if (IsFont(inner))
            // Colour and size of SRT have no counterpart in WebVTT; shown as text the tag would spoil nearly every file that has it.
            return end;
        if (inner is "B" or "I" or "U" or "/B" or "/I" or "/U")
            clean.Append('<').Append(inner.ToString().ToLowerInvariant()).Append('>');
        else if (!srt && CaptionTime.TryRead(inner, out var ms))
            CaptionTime.Append(clean.Append('<'), ms).Append('>');
        else if (inner is "b" or "i" or "u" or "/b" or "/i" or "/u" || (!srt && IsWebVtt(inner)))
            clean.Append(text, at, length + 2);
        else
        {
            clean.Append(EscapedLess);
            return at;
        }

        return end;
    }

    private static bool IsFont(ReadOnlySpan<char> inner)
    {
        var name = inner.TrimStart('/');
        return name.StartsWith("font", StringComparison.OrdinalIgnoreCase) && (name.Length == 4 || name[4] is ' ' or '\t');
    }

    /// <summary>A cue span tag: <c>c.loud</c>, <c>v.first Mary</c>, <c>lang en-GB</c>, <c>ruby</c>, <c>rt</c>.</summary>
    private static bool IsWebVtt(ReadOnlySpan<char> inner)
    {
        if (inner[0] == '/')
            return inner[1..] is "c" or "v" or "lang" or "ruby" or "rt";

        var space = inner.IndexOfAny(' ', '\t');
        var head = space < 0 ? inner : inner[..space];
        var annotation = space < 0 ? default : inner[space..];
        var dot = head.IndexOf('.');
        var name = dot < 0 ? head : head[..dot];
        var classes = dot < 0 ? default : head[dot..];
        if (name is not ("b" or "i" or "u" or "c" or "v" or "lang" or "ruby" or "rt"))
            return false;
        if (!annotation.IsEmpty && name is not ("v" or "lang"))
            return false;

        // "--" before the closing bracket would read as an arrow. Quotes and "=" are refused because a player that puts cue text
        // into HTML as it stands would take `<v onclick=…>` for an attribute.
        foreach (var c in classes)
        {
            if (c is not ('.' or '-' or '_') && !char.IsLetterOrDigit(c))
                return false;
        }

        for (var i = 0; i < annotation.Length; i++)
        {
            var c = annotation[i];
            if (c is '"' or '=' or '`' or '/' || (char.IsControl(c) && c != '\t') || (c == '&' && !IsReference(annotation[i..])))
                return false;
        }

        return inner.IndexOf("--") < 0 && inner[^1] != '-';
    }

    /// <summary>A character reference as HTML has them: <c>&amp;lt;</c>, <c>&amp;nbsp;</c>, <c>&amp;#8203;</c>, <c>&amp;#x200B;</c>.</summary>
    private static bool IsReference(ReadOnlySpan<char> text)
    {
        var end = text[..Math.Min(text.Length, 34)].IndexOf(';');
        if (end < 2)
            return false;
        var name = text[1..end];
        if (name[0] != '#')
            return char.IsAsciiLetter(name[0]) && name.IndexOfAnyExcept(Alphanumeric) < 0;
        var hex = name.Length > 1 && name[1] is 'x' or 'X';
        var digits = name[(hex ? 2 : 1)..];
        return digits.Length is > 0 and <= 7 && digits.IndexOfAnyExcept(hex ? Hexadecimal : Decimal) < 0;
    }

    private static readonly System.Buffers.SearchValues<char> Decimal = System.Buffers.SearchValues.Create("0123456789");
    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly System.Buffers.SearchValues<char> Alphanumeric =
        System.Buffers.SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
