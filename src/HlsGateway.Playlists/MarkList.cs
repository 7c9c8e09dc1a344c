using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>Collects the marks that Master and Media Playlists have in common, in the order of the text.</summary>
internal sealed class MarkList
{
    private const string ControlInUri = "The URI holds a control character.";

    private readonly int[] ordinals = new int[(int)UriKind.DateRangeAsset + 1];
    private readonly HashSet<TagRule> seen = new(ReferenceEqualityComparer.Instance);

    public MarkList(ReadOnlySpan<byte> text)
    {
        var lines = new M3u8Reader(text);
        lines.Read();
        Items = [new Mark(MarkKind.AfterFirstLine, lines.End, 0, lines.Number)];
    }

    public List<Mark> Items { get; }

    /// <summary>The highest EXT-X-VERSION, at least 1 where there is one; 0 without one.</summary>
    public int DeclaredVersion { get; private set; }

    /// <summary>The version that the tags call for (draft-pantos-hls-rfc8216bis section 8).</summary>
    public int NeededVersion { get; private set; } = 1;

    public void Need(int version) => NeededVersion = Math.Max(NeededVersion, version);

    public bool TryAddUriLine(in PlaylistLines line, UriKind kind, int index, out PlaylistError error)
    {
        error = PlaylistText.HasControls(line.Value) ? new PlaylistError(ControlInUri, line.Number) : default;
        Items.Add(new Mark(MarkKind.UriLine, line.ValueStart, line.ValueLength, line.Number, kind, index));
        return error == default;
    }

    /// <summary>Marks what the current tag line has that both kinds of playlist know: URI attributes, version, start, repetitions.</summary>
    /// <param name="repeated">The line is a repetition and counts for nothing.</param>
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
                _ = int.TryParse(line.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var version);
                DeclaredVersion = Math.Max(Math.Max(DeclaredVersion, version), 1);
            }

            if (repeated)
                Items.Add(new Mark(MarkKind.Repeated, line.Start, line.End - line.Start, line.Number));
            else if (rule.Tag == Tag.Version)
                Items.Add(new Mark(MarkKind.Version, line.ValueStart, line.ValueLength, line.Number));
            else if (rule.Tag == Tag.Start)
                AddStart(line);
            return true;
        }

        switch (rule.Tag)
        {
            case Tag.Define:
                Need(new AttributeList(line.Value).Find("QUERYPARAM"u8) ? 11 : 8);
                break;
            case Tag.Key or Tag.SessionKey:
                NeedForKey(line.Value);
                break;
        }

        return rule.Uris.Length == 0 || TryAddUriAttributes(line, out error);
    }

    private void AddStart(in PlaylistLines line)
    {
        var attributes = new AttributeList(line.Value);
        if (attributes.Find("TIME-OFFSET"u8) && Seconds.TryParse(attributes.Value is [(byte)'-', .. var offset] ? offset : attributes.Value, out _))
            Items.Add(new Mark(MarkKind.StartOffset, line.ValueStart + attributes.ValueStart, attributes.ValueLength, line.Number));
    }

    private void NeedForKey(ReadOnlySpan<byte> list)
    {
        var attributes = new AttributeList(list);
        while (attributes.Read())
        {
            if (attributes.Name.StartsWith("KEYFORMAT"u8))
                Need(5);
            else if (attributes.Name.SequenceEqual("IV"u8))
                Need(2);
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
                // Nobody's playback hangs on these tags: they are copied. The others decide what is fetched or how it is decrypted.
                if (rule.Tag == Tag.UriOnly)
                    break;
                error = new PlaylistError(AttributeList.Malformed, line.Number);
                return false;
            }

            if (!IsUri(rule, attributes.Name, ref found) || attributes.Value.IsEmpty)
                continue;
            if (PlaylistText.HasControls(attributes.Value))
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
