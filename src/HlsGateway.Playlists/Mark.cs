using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>The places where compiling may change a playlist; all bytes between them are copied.</summary>
internal enum MarkKind : byte
{
    /// <summary>After the first line: where header tags are added.</summary>
    AfterFirstLine,

    /// <summary>A URI on its own line.</summary>
    UriLine,

    /// <summary>The value of a URI attribute, quotation marks included.</summary>
    UriAttribute,

    /// <summary>The value of EXT-X-VERSION.</summary>
    Version,

    /// <summary>The value of EXT-X-TARGETDURATION.</summary>
    TargetDuration,

    /// <summary>A negative TIME-OFFSET of EXT-X-START.</summary>
    StartOffset,

    /// <summary>The value of an EXT-X-BYTERANGE without an offset; <see cref="Mark.Index"/> is the segment's.</summary>
    ByteRange,

    /// <summary>A whole EXT-X-ENDLIST line.</summary>
    EndList,

    /// <summary>A whole line with a header tag that stood before.</summary>
    Repeated,

    /// <summary>A whole line behind the last segment that speaks about a next segment.</summary>
    Dangling,

    /// <summary>Where caption Renditions are added to a Master Playlist.</summary>
    Captions,

    /// <summary>The attributes of EXT-X-STREAM-INF; <see cref="Mark.Index"/> is the Variant Stream's, -1 when no URI follows.</summary>
    StreamInf,

    /// <summary>A whole EXT-X-I-FRAME-STREAM-INF line.</summary>
    IFrameStream,
}

/// <param name="Start">First byte.</param>
/// <param name="Length">0 for a place where something is only added.</param>
/// <param name="Line">1-based.</param>
/// <param name="Uri">For URIs: what they are.</param>
/// <param name="Index">For URIs: 0-based ordinal among their kind.</param>
internal readonly record struct Mark(MarkKind Kind, int Start, int Length, int Line, UriKind Uri = default, int Index = 0)
{
    public bool IsUri => Kind is MarkKind.UriLine or MarkKind.UriAttribute;
}

/// <summary>Collects the marks that Master and Media Playlists have in common, in the order of the text.</summary>
internal sealed class MarkList
{
    /// <summary>Bounds what a hostile playlist costs: each URI becomes an object or two here and in the caller.</summary>
    public const int MostUris = 200_000;

    private readonly int[] ordinals = new int[(int)UriKind.DateRangeAsset + 1];
    private readonly HashSet<TagRule> seen = new(ReferenceEqualityComparer.Instance);
    private int uris;

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
        error = default;
        if (PlaylistText.HasControls(line.Value))
            error = new PlaylistError("The URI holds a control character.", line.Number);
        else if (++uris > MostUris)
            error = new PlaylistError("The playlist has more than 200,000 URIs.", line.Number);
        else
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
        if (attributes.Find("TIME-OFFSET"u8) && attributes.Value is [(byte)'-', .. var offset] && Seconds.TryParse(offset, out _))
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
                error = new PlaylistError("A quotation mark is not closed, or stands inside an attribute's value.", line.Number);
            else if (!IsUri(rule, attributes.Name, ref found) || attributes.Value.IsEmpty)
                continue;
            else if (PlaylistText.HasControls(attributes.Value))
                error = new PlaylistError("The URI holds a control character.", line.Number);
            else if (++uris > MostUris)
                error = new PlaylistError("The playlist has more than 200,000 URIs.", line.Number);

            if (error != default)
                return false;
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
