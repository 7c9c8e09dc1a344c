namespace HlsGateway.Playlists;

/// <summary>
/// NAME=VALUE,… of a tag (RFC 8216 section 4.2), read without copying: names and values are given as ranges of the list, for edits in place.
/// Commas inside quotes do not split.
/// </summary>
internal ref struct AttributeList(ReadOnlySpan<byte> list)
{
    /// <summary>The message for a tag whose list is not <see cref="WellFormed"/>.</summary>
    public const string Malformed = "A quotation mark is not closed or stands inside an attribute's value, or there are over 1,000 attributes.";

    /// <summary>Limits the cost of a line of commas.</summary>
    private const int Most = 1000;

    private readonly ReadOnlySpan<byte> list = list;
    private int next;
    private int count;

    /// <summary>Name of the current attribute, blanks around it left out.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Where the current value begins in the list, its quotation mark included.</summary>
    public int ValueStart { get; private set; }

    /// <summary>Length of the value with its quotation marks.</summary>
    public int ValueLength { get; private set; }

    /// <summary>False for a quotation mark that is never closed, or that stands anywhere but around the whole value; and for one attribute too many, the last that is read.</summary>
    public bool WellFormed { get; private set; }

    /// <summary>The current value without its quotation marks.</summary>
    public readonly ReadOnlySpan<byte> Value => Unquote(list.Slice(ValueStart, ValueLength));

    public bool Read()
    {
        if (next >= list.Length || count > Most)
            return false;

        var start = next;
        var rest = list[start..];
        var end = EndOfAttribute(rest, out var closed);
        next = start + end + 1;

        var equals = rest[..end].IndexOf((byte)'=');
        Name = (equals < 0 ? rest[..end] : rest[..equals]).Trim(" \t"u8);
        var raw = rest[(equals < 0 ? end : equals + 1)..end];
        var value = raw.TrimStart(" \t"u8);
        ValueStart = start + end - value.Length;
        value = value.TrimEnd(" \t"u8);
        ValueLength = value.Length;
        WellFormed = ++count <= Most && closed && !Unquote(value).Contains((byte)'"');
        return true;
    }

    /// <summary>Moves to the first attribute of this name, from the beginning.</summary>
    public bool Find(ReadOnlySpan<byte> name)
    {
        next = 0;
        count = 0;
        while (Read())
        {
            if (Name.SequenceEqual(name))
                return true;
        }

        return false;
    }

    private static int EndOfAttribute(ReadOnlySpan<byte> rest, out bool closed)
    {
        closed = true;
        for (var at = 0; ;)
        {
            var mark = rest[at..].IndexOfAny((byte)',', (byte)'"');
            if (mark < 0)
                return rest.Length;
            at += mark;
            if (rest[at] == (byte)',')
                return at;

            var close = rest[(at + 1)..].IndexOf((byte)'"');
            if (close < 0)
            {
                closed = false;
                return rest.Length;
            }

            at += close + 2;
        }
    }

    public static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> value) =>
        value.Length >= 2 && value[0] == (byte)'"' && value[^1] == (byte)'"' ? value[1..^1] : value;
}
