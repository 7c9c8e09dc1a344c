using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>The EXT-X-KEY in force for a playlist's first Media Segment (RFC 8216 section 4.3.2.4).</summary>
/// <param name="Method"><c>AES-128</c>, <c>SAMPLE-AES</c>, …; never <c>NONE</c>.</param>
/// <param name="Uri">As written; null when left out.</param>
/// <param name="Iv">16 bytes: as written, or the media sequence number (section 5.2).</param>
public sealed record SegmentKey(string Method, string? Uri, byte[] Iv)
{
    /// <summary>Null when the first segment is clear.</summary>
    public static SegmentKey? OfFirstSegment(MediaPlaylist playlist)
    {
        SegmentKey? key = null;
        var explicitIv = false;
        var sequence = 0L;
        var reader = new M3u8Reader(playlist.Text.Span);
        while (reader.Read())
        {
            var line = reader.Text;
            if (line.StartsWith("#EXT-X-MEDIA-SEQUENCE:"u8))
                _ = long.TryParse(Encoding.ASCII.GetString(line[22..]).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
            else if (line.StartsWith("#EXT-X-KEY:"u8))
                (key, explicitIv) = Read(line[11..]);
            else if (line.Length > 0 && line[0] != (byte)'#')
                break;
        }
        if (key is null || explicitIv)
            return key;
        var iv = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(iv.AsSpan(8), sequence);
        return key with { Iv = iv };
    }

    private static (SegmentKey? Key, bool ExplicitIv) Read(ReadOnlySpan<byte> list)
    {
        var attributes = new AttributeList(list);
        var method = attributes.Find("METHOD"u8) ? Encoding.UTF8.GetString(attributes.Value) : "NONE";
        if (string.Equals(method, "NONE", StringComparison.Ordinal))
            return (null, false);
        var uri = attributes.Find("URI"u8) ? Encoding.UTF8.GetString(attributes.Value) : null;
        var iv = Array.Empty<byte>();
        if (attributes.Find("IV"u8) && Encoding.ASCII.GetString(attributes.Value) is ['0', 'x' or 'X', .. { Length: > 0 and <= 32 } digits]
            && digits.All(char.IsAsciiHexDigit))
            iv = Convert.FromHexString(digits.PadLeft(32, '0'));
        return (new SegmentKey(method, uri, iv), iv.Length == 16);
    }
}
