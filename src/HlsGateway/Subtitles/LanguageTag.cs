using System.Globalization;
using System.Text.RegularExpressions;

namespace HlsGateway.Subtitles;

/// <summary>Language tags by their shape (BCP 47, RFC 5646 section 2.1); it is not checked whether such a language exists.</summary>
internal static partial class LanguageTag
{
    private const int MaxLength = 35;

    /// <summary>Gives the tag in its usual case, <c>EN-gb</c> as <c>en-GB</c> (RFC 5646 section 2.1.1), so that one language is one track.</summary>
    public static bool TryRead(string text, out string tag)
    {
        tag = "";
        if (text.Length > MaxLength || !Shape().IsMatch(text))
            return false;

        var parts = text.ToLowerInvariant().Split('-');
        for (var i = 1; i < parts.Length && parts[i].Length > 1 && parts[i - 1].Length > 1; i++)
        {
            if (parts[i].Length == 4 && char.IsAsciiLetter(parts[i][0]))
                parts[i] = char.ToUpperInvariant(parts[i][0]) + parts[i][1..];
            else if (parts[i].Length == 2)
                parts[i] = parts[i].ToUpperInvariant();
        }

        tag = string.Join('-', parts);
        return true;
    }

    /// <summary>The language's name in that language (<c>Français</c>), or the tag where the platform knows no name.</summary>
    public static string NativeName(string tag)
    {
        try
        {
            var culture = CultureInfo.GetCultureInfo(tag, predefinedOnly: true);
            return culture.NativeName.Length == 0 ? tag : culture.TextInfo.ToUpper(culture.NativeName[..1]) + culture.NativeName[1..];
        }
        catch (CultureNotFoundException)
        {
            return tag;
        }
    }

    [GeneratedRegex(
        "^(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Shape();
}
