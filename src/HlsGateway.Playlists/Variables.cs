using System.Text;

namespace HlsGateway.Playlists;

/// <summary>
/// The variables of EXT-X-DEFINE (draft-pantos-hls-rfc8216bis sections 4.3 and 4.4.2.3). A reference is resolved where every player
/// resolves it to the same text. Otherwise it is left to the player: a name without a definition before it, a name with two values,
/// QUERYPARAM, or IMPORT from a Master Playlist that is not known.
/// </summary>
internal sealed class Variables
{
    /// <summary>Far more than anyone writes. What variables cost stays bounded, whatever a playlist says.</summary>
    private const int Most = 1000;

    /// <summary>A value, or a text with its variables resolved, that is longer than any line may be is left to the player.</summary>
    internal const int LongestText = PlaylistText.LongestLine;

    private const int LongestTogether = 1 << 20;

    /// <summary>This object's and its dictionary's own fields.</summary>
    private const int Own = 120;

    /// <summary>A dictionary's place for one name, which is grown by doubling.</summary>
    private const int EntryWeight = 96;

    private readonly Dictionary<string, Definition> byName = new(StringComparer.Ordinal);

    private Variables()
    {
    }

    /// <param name="Line">References from the next line on may use it.</param>
    /// <param name="Value">Null where only the player can resolve it.</param>
    private readonly record struct Definition(int Line, string? Value);

    internal static Variables None { get; } = new();

    /// <summary>Memory held, in bytes; 0 without variables.</summary>
    internal long Weight => byName.Count == 0 ? 0 : Own + byName.Sum(each => EntryWeight + Weights.Of(each.Key) + Weights.Of(each.Value.Value));

    /// <summary>Some value comes from the Master Playlist.</summary>
    internal bool HasImports { get; private set; }

    /// <param name="parent">Of the Master Playlist that listed the text; null where none is known.</param>
    internal static bool TryRead(ReadOnlySpan<byte> text, Variables? parent, out Variables variables, out PlaylistError error)
    {
        variables = None;
        error = default;
        if (text.IndexOf("#EXT-X-DEFINE"u8) < 0)
            return true;

        variables = new Variables();
        var length = 0;
        var line = new PlaylistLines(text);
        while (line.Read())
        {
            if (line.Rule.Tag != Tag.Define)
                continue;
            length += variables.Define(line.Value, line.Number, parent);
            if (variables.byName.Count > Most || length > LongestTogether)
            {
                error = new PlaylistError("The playlist has more than 1,000 variables, or their values are over 1 MiB together.", line.Number);
                return false;
            }
        }

        return true;
    }

    internal static bool HasReference(ReadOnlySpan<byte> text) => text.IndexOf("{$"u8) >= 0;

    /// <summary>Puts the values in the place of their references. A value's own text is not looked at again.</summary>
    /// <param name="line">Where the text stands: only definitions before it count.</param>
    /// <param name="text">As written where the result is false.</param>
    internal bool TryResolve(ReadOnlySpan<byte> written, int line, out string text)
    {
        text = PlaylistText.Decode(written);
        if (!HasReference(written))
            return true;

        // Nothing is copied before the length is known: a short line may stand for a very long one.
        var length = text.Length;
        var references = new List<(int Start, int End, string Value)>();
        for (var at = 0; (at = text.IndexOf("{$", at, StringComparison.Ordinal)) >= 0;)
        {
            if (NameAt(text.AsSpan(at)) is not { } name)
            {
                at += 2;
                continue;
            }

            if (!byName.TryGetValue(name, out var definition) || definition.Line >= line || definition.Value is not { } value || value.Length > LongestText - length)
                return false;
            length += value.Length;
            references.Add((at, at += name.Length + "{$}".Length, value));
        }

        var resolved = new StringBuilder(length);
        var copied = 0;
        foreach (var (start, end, value) in references)
        {
            resolved.Append(text, copied, start - copied).Append(value);
            copied = end;
        }

        // If the result reads like a reference, the player would resolve it once more.
        var whole = resolved.Append(text, copied, text.Length - copied).ToString();
        for (var at = 0; (at = whole.IndexOf("{$", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            if (NameAt(whole.AsSpan(at)) is not null)
                return false;
        }

        text = whole;
        return true;
    }

    /// <summary>The name in <c>{$name}</c> at the beginning of the text; null where that is no reference.</summary>
    private static string? NameAt(ReadOnlySpan<char> text)
    {
        // Read only as far as the name goes: a line of many "{$" must not be searched to its end for each of them.
        var end = 2;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_'))
            end++;
        return end > 2 && end < text.Length && text[end] == '}' ? text[2..end].ToString() : null;
    }

    /// <returns>Length of the value.</returns>
    private int Define(ReadOnlySpan<byte> list, int line, Variables? parent)
    {
        string? name = null, value = null, import = null, parameter = null;
        var attributes = new AttributeList(list);
        while (attributes.Read() && attributes.WellFormed)
        {
            if (attributes.Name.SequenceEqual("NAME"u8))
                name ??= PlaylistText.Decode(attributes.Value);
            else if (attributes.Name.SequenceEqual("VALUE"u8) && value is null)
                value = TryResolve(attributes.Value, line, out var text) ? text : null;
            else if (attributes.Name.SequenceEqual("IMPORT"u8))
                import ??= PlaylistText.Decode(attributes.Value);
            else if (attributes.Name.SequenceEqual("QUERYPARAM"u8))
                parameter ??= PlaylistText.Decode(attributes.Value);
        }

        HasImports |= import is not null;
        // Exactly one of the three names may stand in a tag; players do not agree about a tag with two.
        var single = (name is null ? 0 : 1) + (import is null ? 0 : 1) + (parameter is null ? 0 : 1) == 1;
        if (!single || parameter is not null)
            value = null;
        else if (import is not null)
            value = parent is not null && parent.byName.TryGetValue(import, out var imported) ? imported.Value : null;
        foreach (var each in (ReadOnlySpan<string?>)[name, import, parameter])
        {
            if (each is null)
                continue;
            if (!byName.TryAdd(each, new Definition(line, value)) && !string.Equals(byName[each].Value, value, StringComparison.Ordinal))
                byName[each] = new Definition(line, null);
        }

        return value?.Length ?? 0;
    }
}
