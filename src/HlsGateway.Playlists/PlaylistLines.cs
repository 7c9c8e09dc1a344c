namespace HlsGateway.Playlists;

/// <summary>
/// The lines of a playlist, each known as a tag, a URI or neither. Blanks around a line are not part of it, as players read it; they are
/// copied with it. The parsers decide which tag a URI line belongs to (rule D4).
/// </summary>
internal ref struct PlaylistLines(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> text = text;
    private M3u8Reader reader = new(text);

    /// <summary>1-based.</summary>
    public readonly int Number => reader.Number;

    public readonly int Start => reader.Start;

    /// <summary>First byte of the next line.</summary>
    public readonly int End => reader.End;

    /// <summary>The tag's rule; <see cref="TagRule.Unknown"/> for everything that is no tag of ours.</summary>
    public TagRule Rule { get; private set; } = TagRule.Unknown;

    public bool IsUri { get; private set; }

    /// <summary>The tag's name with its number sign, or a comment up to its first colon; empty for a line that is neither.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Where the URI, or the tag's value (what follows the colon), begins; blanks around it left out.</summary>
    public int ValueStart { get; private set; }

    public int ValueLength { get; private set; }

    /// <summary>The URI or the tag's value.</summary>
    public readonly ReadOnlySpan<byte> Value => text.Slice(ValueStart, ValueLength);

    public bool Read()
    {
        if (!reader.Read())
            return false;

        SetValue(reader.TextStart, reader.TextEnd);
        Rule = TagRule.Unknown;
        Name = [];
        IsUri = ValueLength > 0 && text[ValueStart] != (byte)'#';
        if (ValueLength > 0 && !IsUri)
            ReadTag();
        return true;
    }

    private void ReadTag()
    {
        var line = Value;
        var end = line.IndexOf((byte)':');
        Name = end < 0 ? line : line[..end];
        Rule = TagRule.Of(Name);
        if (end < 0 && !Rule.Has(TagTraits.Bare))
            Rule = TagRule.Unknown;
        SetValue(ValueStart + (end < 0 ? ValueLength : end + 1), ValueStart + ValueLength);
    }

    private void SetValue(int start, int end)
    {
        while (start < end && IsBlank(text[start]))
            start++;
        while (start < end && IsBlank(text[end - 1]))
            end--;
        ValueStart = start;
        ValueLength = end - start;
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';
}
