using System.Buffers;

namespace HlsGateway.Playback;

/// <summary>
/// Paths below <c>/watch/</c> as they came over the wire. They end up in Location headers and in requests to the origin, so
/// only what every server reads in the same way gets through: no dot segments in any spelling, no encoded separators, no
/// second layer of encoding, no empty segments, ASCII only.
/// </summary>
public static class WatchPath
{
    /// <summary>The longest path accepted, in characters.</summary>
    public const int MaxLength = 2048;

    /// <summary>A session's token holds the number of its video's segments in one byte.</summary>
    public const int MaxSegments = 255;

    // RFC 3986 pchar without '%', which is looked at on its own, plus '/'.
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/%");

    /// <summary>True when the path can be passed on as it stands.</summary>
    public static bool IsAcceptable(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path.Length > MaxLength || path[0] == '/' || path.ContainsAnyExcept(Allowed))
            return false;

        var segments = 0;
        foreach (var range in path.Split('/'))
        {
            if (++segments > MaxSegments || !IsAcceptableSegment(path[range]))
                return false;
        }

        return true;
    }

    private static bool IsAcceptableSegment(ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty)
            return false;

        Span<byte> decoded = stackalloc byte[MaxLength];
        var length = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            if (segment[i] != '%')
            {
                decoded[length++] = (byte)segment[i];
                continue;
            }

            if (i + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[i + 1]) || !char.IsAsciiHexDigit(segment[i + 2]))
                return false;
            var value = (byte)((HexValue(segment[i + 1]) << 4) | HexValue(segment[i + 2]));
            if (value is < 0x20 or 0x7f or (byte)'/' or (byte)'\\' or (byte)'%')
                return false;
            decoded[length++] = value;
            i += 2;
        }

        var text = decoded[..length];
        if (!System.Text.Unicode.Utf8.IsValid(text))
            return false;

        // "..;x" is a dot segment to servers that know path parameters.
        var parameter = text.IndexOf((byte)';');
        var name = parameter >= 0 ? text[..parameter] : text;
        return !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !name.IsEmpty;
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    /// <summary>True for a name that ends in <c>.m3u8</c> or <c>.m3u</c>, in any case.</summary>
    public static bool IsPlaylist(ReadOnlySpan<char> path) =>
        path.EndsWith(".m3u8", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".m3u", StringComparison.OrdinalIgnoreCase);

    /// <summary>A path as people write it: what came percent-encoded is decoded.</summary>
    public static string Readable(string path) => path.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(path) : path;

    /// <summary>The folder of a path, without its last slash; empty when the path has no folder.</summary>
    public static ReadOnlySpan<char> Folder(ReadOnlySpan<char> path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
