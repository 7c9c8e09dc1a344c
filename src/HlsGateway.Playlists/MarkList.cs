using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>Collects the marks that Master and Media Playlists have in common, in the order of the text.</summary>
internal sealed class MarkList
{
    public const string TooLong = "Variables make the playlist's URIs and names longer than 8 MiB together.";

    private const string ControlInUri = "The URI holds a control character.";

    /// <summary>As much as a whole playlist may hold.</summary>
    private const int LongestResolved = 8 << 20;

    private readonly int[] ordinals = new int[(int)UriKind.DateRangeAsset + 1];
    private readonly HashSet<TagRule> seen = new(ReferenceEqualityComparer.Instance);

    private readonly Variables variables;
    private int resolved;

    public MarkList(ReadOnlySpan<byte> text, Variables variables)
    {
        this.variables = variables;
        var lines = new M3u8Reader(text);
        lines.Read();
        Items = [new Mark(MarkKind.AfterFirstLine, lines.End, 0, lines.Number)];
    }

    public List<Mark> Items { get; }

    /// <summary>The highest EXT-X-VERSION, at least 1 where there is one; 0 without one.</summary>
    public int DeclaredVersion { get; private set; }

    /// <summary>The version that the tags call for (draft-pantos-hls-rfc8216bis section 8).</summary>
    public int NeededVersion { get; private set; } = 1;

    /// <summary>URIs whose variables only a player can resolve.</summary>
    public int Unresolved { get; private set; }

    /// <summary>With its variables resolved, the playlist is longer than it may be.</summary>
    public bool IsTooLong => resolved > LongestResolved;

    public void Need(int version) => NeededVersion = Math.Max(NeededVersion, version);

    /// <summary>A text with its variables resolved; as written where only the player can do that.</summary>
    public string Text(ReadOnlySpan<byte> written, int line)
    {
        TryText(written, line, out var text);
        return text;
    }

    /// <inheritdoc cref="Text"/>
    /// <returns>False where only the player can resolve it.</returns>
    public bool TryText(ReadOnlySpan<byte> written, int line, out string text)
    {
        var known = variables.TryResolve(written, line, out text);
        if (known && Variables.HasReference(written))
            resolved += text.Length;
        return known;
    }

    /// <param name="uri">With its variables resolved, as far as that can be done.</param>
    public bool TryAddUriLine(in PlaylistLines line, UriKind kind, int index, out string uri, out PlaylistError error)
    {
        if (!TryText(line.Value, line.Number, out uri))
            Unresolved++;
        error = HasControls(line.Value, uri) ? new PlaylistError(ControlInUri, line.Number) : default;
        Items.Add(new Mark(MarkKind.UriLine, line.ValueStart, line.ValueLength, line.Number, kind, index));
        return error == default;
    }

    private static bool HasControls(ReadOnlySpan<byte> written, string uri) =>
        PlaylistText.HasControls(written) || (Variables.HasReference(written) && uri.Any(char.IsControl));

    /// <summary>Marks what the current tag line has that both kinds of playlist know: URI attributes, version, start, repetitions.</summary>
    /// <param name="repeated">The line is a repetition and is ignored.</param>
    public bool TryAddTag(in PlaylistLines line, out bool repeated, out PlaylistError error)
    {
        error = default;
        repeated = false;
        var rule = line.Rule;
        if (rule.Has(TagTraits.Once))
        {
            repeated = !seen.Add(rule);
            if (rule.Tag == Tag.Version)
            {
                DeclaredVersion = Math.Max(Math.Max(DeclaredVersion, ReadVersion(line.Value)), 1);
            }

            if (repeated)
                Items.Add(new Mark(MarkKind.Repeated, line.Start, line.End - line.Start, line.Number));
            else if (rule.Tag == Tag.Version)
                Items.Add(new Mark(MarkKind.Version, line.ValueStart, line.ValueLength, line.Number));
            else if (rule.Tag == Tag.Start)
                AddStart(line);
            return true;
        }

        NeedFor(rule.Tag, line.Value);

        return rule.Uris.Length == 0 || TryAddUriAttributes(line, out error);
    }

    private void AddStart(in PlaylistLines line)
    {
        var attributes = new AttributeList(line.Value);
        if (attributes.Find("TIME-OFFSET"u8) && Seconds.TryParse(attributes.Value is [(byte)'-', .. var offset] ? offset : attributes.Value, out _))
            Items.Add(new Mark(MarkKind.StartOffset, line.ValueStart + attributes.ValueStart, attributes.ValueLength, line.Number));
    }

    /// <summary>0 for text that is not a number; the highest int for a number that is higher still.</summary>
    public static int ReadVersion(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return 0;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : int.MaxValue;
    }

    /// <summary>The attributes that call for a version (draft-pantos-hls-rfc8216bis section 8).</summary>
    private void NeedFor(Tag tag, ReadOnlySpan<byte> list)
    {
        if (tag is not (Tag.Define or Tag.Key or Tag.SessionKey or Tag.Skip or Tag.Media or Tag.StreamInf or Tag.IFrameStreamInf))
            return;

        Need(tag switch { Tag.Define => 8, Tag.Skip => 9, _ => 1 });
        var attributes = new AttributeList(list);
        while (attributes.Read())
        {
            var name = attributes.Name;
            var value = attributes.Value;
            if (name.StartsWith("REQ-"u8))
                Need(12);
            Need(tag switch
            {
                Tag.Define when name.SequenceEqual("QUERYPARAM"u8) => 11,
                Tag.Skip when name.SequenceEqual("RECENTLY-REMOVED-DATERANGES"u8) => 10,
                Tag.Media when name.SequenceEqual("INSTREAM-ID"u8) && value.StartsWith("SERVICE"u8) => 7,
                Tag.Key or Tag.SessionKey when name.StartsWith("KEYFORMAT"u8) || (name.SequenceEqual("METHOD"u8) && value.StartsWith("SAMPLE-AES"u8)) => 5,
                Tag.Key or Tag.SessionKey when name.SequenceEqual("IV"u8) => 2,
                _ => 1,
            });
        }
    }

    private bool TryAddUriAttributes(in PlaylistLines line, out PlaylistError error)
    {
        error = default;
        var rule = line.Rule;
        var attributes = new AttributeList(line.Value);
        var found = 0;
        while (attributes.Read())
        {
            if (!attributes.WellFormed)
            {
                // Playback does not depend on these tags: they are copied. The others decide what is fetched or how it is decrypted.
                if (rule.Tag == Tag.UriOnly)
                    break;
                error = new PlaylistError(AttributeList.Malformed, line.Number);
                return false;
            }

            if (!IsUri(rule, attributes.Name, ref found) || attributes.Value.IsEmpty)
                continue;
            var uri = "";
            if (Variables.HasReference(attributes.Value) && !TryText(attributes.Value, line.Number, out uri))
                Unresolved++;
            if (HasControls(attributes.Value, uri))
            {
                error = new PlaylistError(ControlInUri, line.Number);
                return false;
            }

            Items.Add(new Mark(MarkKind.UriAttribute, line.ValueStart + attributes.ValueStart, attributes.ValueLength, line.Number, rule.Kind, ordinals[(int)rule.Kind]));
            if (rule.Kind is not (UriKind.Rendition or UriKind.IFrameStream))
                ordinals[(int)rule.Kind]++;
        }

        // Renditions and I-frame streams are counted by their tags: a Rendition without a URI has an ordinal too.
        if (rule.Kind is UriKind.Rendition or UriKind.IFrameStream)
            ordinals[(int)rule.Kind]++;
        return true;
    }

    /// <summary>An attribute stands once in its tag: of repeated ones the first counts.</summary>
    private static bool IsUri(TagRule rule, ReadOnlySpan<byte> name, ref int found)
    {
        for (var at = 0; at < rule.Uris.Length; at++)
        {
            if (!name.SequenceEqual(rule.Uris[at]))
                continue;
            var first = (found & (1 << at)) == 0;
            found |= 1 << at;
            return first;
        }

        return false;
    }
}
