using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// Paths below <c>/watch/</c> as they came over the wire. They end up in Location headers and in requests to the origin, so
/// only what every server reads in the same way gets through: no dot segments in any spelling, no encoded separators, no
/// second layer of encoding, no empty segments, ASCII only. What gets through has one spelling (<see cref="Normal"/>), under which
/// the video is known everywhere: to tokens, signatures, caches, the catalogue and the ledger.
/// </summary>
internal static class WatchPath
{
    /// <summary>
    /// The longest path accepted, in characters: a signed URL of some 5,800 fits into an opaque path. Half of what a request line may
    /// hold (<c>KestrelLimits</c>), so that queries of ours and of players stand beside it.
    /// </summary>
    public const int MaxLength = 8192;

    /// <summary>The longest name that is kept as it is, in bytes of UTF-8. Two of them stand in one key of an index, which PostgreSQL bounds by 2,704 bytes.</summary>
    private const int MaxName = 1024;

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

        Span<byte> decoded = stackalloc byte[segment.Length];
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

    /// <summary>
    /// The one spelling of a path. A segment means its decoded characters, so an escape of one that may stand for itself (RFC 3986
    /// <c>pchar</c>: letters, digits, <c>-._~!$&amp;'()*+,;=:@</c>) is decoded, and what must be escaped has upper-case digits. Since no
    /// escape of <c>/</c>, <c>\</c> or <c>%</c> is acceptable, a readable name has exactly one such spelling.
    /// </summary>
    public static string Normal(string path)
    {
        var at = path.IndexOf('%', StringComparison.Ordinal);
        if (at < 0)
            return path;
        var text = new StringBuilder(path.Length).Append(path, 0, at);
        while (at < path.Length)
        {
            if (path[at] != '%' || at + 2 >= path.Length || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
            {
                text.Append(path[at++]);
                continue;
            }

            var value = (char)((HexValue(path[at + 1]) << 4) | HexValue(path[at + 2]));
            if (value is not ('/' or '%') && Allowed.Contains(value))
                text.Append(value);
            else
                text.Append('%').Append(char.ToUpperInvariant(path[at + 1])).Append(char.ToUpperInvariant(path[at + 2]));
            at += 3;
        }

        return text.ToString();
    }

    /// <summary>The spelling of a name as people write it: <see cref="Readable"/> gives the name back.</summary>
    public static string Of(string name) => string.Join('/', name.Split('/').Select(segment => Normal(Uri.EscapeDataString(segment))));

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    /// <summary>True for a name that ends in <c>.m3u8</c> or <c>.m3u</c>, in any case.</summary>
    public static bool IsPlaylist(ReadOnlySpan<char> path) =>
        path.EndsWith(".m3u8", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".m3u", StringComparison.OrdinalIgnoreCase);

    /// <summary>A path as people write it: what came percent-encoded is decoded.</summary>
    public static string Readable(string path) => path.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(path) : path;

    /// <summary>A name as it is kept: a very long one is cut to its beginning and its hash.</summary>
    public static string Kept(string name) => name.Length <= MaxName / 4 || Encoding.UTF8.GetByteCount(name) <= MaxName
        ? name
        : $"{name.AsSpan(0, char.IsHighSurrogate(name[63]) ? 63 : 64)}~{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 15))}";

    /// <summary>The folder of a path, without its last slash; empty when the path has no folder.</summary>
    public static ReadOnlySpan<char> Folder(ReadOnlySpan<char> path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
