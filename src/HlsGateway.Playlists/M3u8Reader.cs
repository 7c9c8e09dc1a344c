namespace HlsGateway.Playlists;

/// <summary>
/// The lines of a playlist as ranges over its bytes. Every byte belongs to exactly one line: a byte order mark to the first, a line end
/// to the line that it ends. A line ends with LF; carriage returns before the LF, or before the end of the bytes, belong to the line end.
/// </summary>
internal ref struct M3u8Reader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>1-based number of the current line; 0 before the first.</summary>
    public int Number { get; private set; }

    /// <summary>First byte of the line, a byte order mark included.</summary>
    public int Start { get; private set; }

    /// <summary>First byte of the next line.</summary>
    public int End { get; private set; }

    /// <summary>First byte of the line's text.</summary>
    public int TextStart { get; private set; }

    /// <summary>End of the line's text: without CR and LF.</summary>
    public int TextEnd { get; private set; }

    /// <summary>The line without byte order mark and line end.</summary>
    public readonly ReadOnlySpan<byte> Text => bytes[TextStart..TextEnd];

    public readonly bool HasLineEnd => End > TextEnd && bytes[End - 1] == (byte)'\n';

    public bool Read()
    {
        if (End == bytes.Length)
            return false;

        Number++;
        Start = End;
        var rest = bytes[Start..];
        var lineFeed = rest.IndexOf((byte)'\n');
        var line = lineFeed < 0 ? rest : rest[..lineFeed];
        End = Start + line.Length + (lineFeed < 0 ? 0 : 1);
        TextStart = Start + (Number == 1 && line.StartsWith("\uFEFF"u8) ? 3 : 0);
        TextEnd = TextStart + bytes[TextStart..(Start + line.Length)].TrimEnd((byte)'\r').Length;
        return true;
    }
}
