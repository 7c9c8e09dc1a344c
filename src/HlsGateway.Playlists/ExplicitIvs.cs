using System.Text;

namespace HlsGateway.Playlists;

/// <summary>
/// Writes the initialization vectors that a playlist derives from its media sequence numbers (RFC 8216 section 5.2): segments put
/// before the content move those numbers, and the content could not be decrypted any more (rule S5).
/// </summary>
internal static class ExplicitIvs
{
    /// <summary>The same playlist where each IV is written already, or nothing is encrypted; null where they make it too long.</summary>
    public static MediaPlaylist? Write(MediaPlaylist playlist)
    {
        if (!playlist.Encrypted)
            return playlist;

        var source = playlist.Text.Span;
        var keys = SegmentKey.OfSegments(playlist);
        var text = new StringBuilder(source.Length + 1024);
        var (copied, segment) = (0, 0);
        var announced = false;
        // The key that is in force without an IV of its own, and the segment for which it was last written.
        string? implicitKey = null;
        var writtenFor = -1;
        var line = new PlaylistLines(source);
        while (line.Read())
        {
            if (line.Rule.Tag == Tag.Key && IsIdentity(line.Value, out var method))
            {
                implicitKey = method != "NONE" && !new AttributeList(line.Value).Find("IV"u8) ? Encoding.UTF8.GetString(line.Value) : null;
                if (implicitKey is not null && segment < keys.Length)
                    Replace(source, line.Start, line.End);
            }
            else if (line.Rule.Tag == Tag.ExtInf)
            {
                announced = true;
                if (implicitKey is not null && writtenFor != segment && segment < keys.Length)
                    Replace(source, line.Start, line.Start);
            }
            else if (line.IsUri && announced)
            {
                announced = false;
                segment++;
            }
        }

        text.Append(Encoding.UTF8.GetString(source[copied..]));
        return playlist.Reworded(Encoding.UTF8.GetBytes(text.ToString()));

        void Replace(ReadOnlySpan<byte> bytes, int start, int end)
        {
            text.Append(Encoding.UTF8.GetString(bytes[copied..start]));
            text.Append("#EXT-X-KEY:").Append(implicitKey).Append(",IV=0x").Append(Convert.ToHexString(keys[segment]?.Iv ?? [])).Append('\n');
            copied = end;
            writtenFor = segment;
        }
    }

    /// <summary>Only keys in the format that HLS defines itself take their IV from the sequence number.</summary>
    private static bool IsIdentity(ReadOnlySpan<byte> list, out string method)
    {
        var attributes = new AttributeList(list);
        method = attributes.Find("METHOD"u8) ? Encoding.UTF8.GetString(attributes.Value) : "NONE";
        return !attributes.Find("KEYFORMAT"u8) || attributes.Value.SequenceEqual("identity"u8);
    }
}
