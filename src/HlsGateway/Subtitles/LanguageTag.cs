using System.Globalization;
using System.Text.RegularExpressions;

namespace HlsGateway.Subtitles;

/// <summary>
/// Language tags by their shape (BCP 47, RFC 5646 section 2.1). Languages of four letters and more are refused: that shape is reserved, none was ever
/// registered, and who writes <c>english</c> means <c>en</c>. Whether a language of two or three letters exists is told by <see cref="Advice"/> alone.
/// </summary>
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

    /// <summary>What somebody probably meant who wrote what is no tag: <c>en-US</c> for <c>en_US</c>, <c>de</c> for <c>German</c>; null where nothing is like it.</summary>
    public static string? Suggestion(string text)
    {
        var plain = text.Trim().Split('.', '@')[0].Replace('_', '-').Replace(' ', '-');
        if (TryRead(plain, out var tag))
            return Languages.Canonical(tag);
        return Languages.Named(text.Trim());
    }

    /// <summary>What an editor should know of a tag, as a code and a sentence; null where there is nothing.</summary>
    public static (string Code, string Message)? Advice(string tag) =>
        Languages.Canonical(tag) is var canonical && !string.Equals(canonical, tag, StringComparison.Ordinal)
            ? ("language-not-canonical", $"'{tag}' is written '{canonical}' (RFC 5646); players may not find the language by another name.")
            : Languages.IsUnassigned(tag) ? ("unknown-language", $"No language is called '{tag.Split('-')[0]}' (ISO 639): players show the tag itself.") : null;

    [GeneratedRegex(
        "^(?:x(?:-[a-z0-9]{1,8})+|[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Shape();
}
