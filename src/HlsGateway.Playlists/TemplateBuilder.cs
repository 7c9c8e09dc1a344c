using System.Buffers;
using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>Writes a template: copies the source's bytes and puts other text in the place of some.</summary>
internal sealed class TemplateBuilder(ReadOnlyMemory<byte> source, int expectedLength)
{
    private static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(c => (char)c)]);

    private readonly List<int> holes = [];
    /// <summary>With room for a trailer, and for text whose length is not counted before it is written.</summary>
    private byte[] buffer = new byte[expectedLength + 4096];
    private int length;

    /// <summary>First byte of the source that is neither copied nor left out yet.</summary>
    public int Position { get; private set; }

    public void CopyTo(int position)
    {
        Write(source.Span[Position..position]);
        Position = position;
    }

    /// <summary>Copies up to the mark and leaves the marked bytes out, for other text in their place or none.</summary>
    public void Replace(in Mark mark)
    {
        CopyTo(mark.Start);
        Position += mark.Length;
    }

    public void CopyRest() => CopyTo(source.Length);

    /// <summary>Ends the last line where the source has no line end.</summary>
    public void EndLine()
    {
        if (buffer[length - 1] != (byte)'\n')
            Write("\n"u8);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        length += bytes.Length;
    }

    public void Write(string text) => length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    public void Write(long number)
    {
        number.TryFormat(Room(20), out var written, provider: CultureInfo.InvariantCulture);
        length += written;
    }

    /// <summary>A URI on its own line.</summary>
    /// <exception cref="ArgumentException">It holds a control character or would not be read as a URI: the caller's mistake.</exception>
    public void WriteUriLine(RewrittenUri uri)
    {
        if (uri.IsKeep || (uri.AfterToken is null && uri.BeforeToken.AsSpan().Trim(" \t").IsEmpty) || uri.BeforeToken.AsSpan().TrimStart(" \t").StartsWith('#'))
            throw new ArgumentException("This text would not be read as a URI line.", nameof(uri));
        WriteUri(uri.BeforeToken, uri.AfterToken);
    }

    /// <summary>The value of a URI attribute with its quotation marks.</summary>
    /// <exception cref="ArgumentException">It holds a control character or a quotation mark (rule D3): the caller's mistake.</exception>
    public void WriteQuoted(RewrittenUri uri)
    {
        if (uri.IsKeep || uri.BeforeToken.AsSpan().Contains('"') || uri.AfterToken.AsSpan().Contains('"'))
            throw new ArgumentException("This text cannot stand in quotation marks.", nameof(uri));
        Write("\""u8);
        WriteUri(uri.BeforeToken, uri.AfterToken);
        Write("\""u8);
    }

    /// <summary>A quoted string of ours.</summary>
    /// <exception cref="ArgumentException">As for a URI.</exception>
    public void WriteQuoted(string text) => Write($"\"{Quotable(text)}\"");

    /// <summary>The same text, if it may stand in quotation marks (rule D3).</summary>
    /// <exception cref="ArgumentException">It may not: the caller's mistake.</exception>
    public static string Quotable(string text) => IsQuotable(text) ? text : throw new ArgumentException("This text cannot stand in quotation marks.", nameof(text));

    public static bool IsQuotable(string text) => !text.AsSpan().Contains('"') && !text.AsSpan().ContainsAny(Controls);

    public PlaylistTemplate Build() => new(buffer.AsSpan(0, length).ToArray(), [.. holes]);

    private void WriteUri(string beforeToken, string? afterToken)
    {
        if (beforeToken.AsSpan().ContainsAny(Controls) || afterToken.AsSpan().ContainsAny(Controls))
            throw new ArgumentException("A control character in a URI would break its line.", nameof(beforeToken));
        Write(beforeToken);
        if (afterToken is null)
            return;
        holes.Add(length);
        Room(PlaylistTemplate.TokenLength)[..PlaylistTemplate.TokenLength].Fill((byte)'-');
        length += PlaylistTemplate.TokenLength;
        Write(afterToken);
    }

    private Span<byte> Room(int count)
    {
        if (buffer.Length - length < count)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + count));
        return buffer.AsSpan(length);
    }
}
