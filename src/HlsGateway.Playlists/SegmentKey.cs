using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>The EXT-X-KEY in force for a Media Segment (RFC 8216 section 4.3.2.4).</summary>
/// <param name="Method"><c>AES-128</c>, <c>SAMPLE-AES</c>, …; never <c>NONE</c>.</param>
/// <param name="Uri">Variables resolved as far as that can be done; null when left out.</param>
/// <param name="Iv">16 bytes: as written, or the media sequence number (section 5.2).</param>
public sealed record SegmentKey(string Method, string? Uri, byte[] Iv)
{
    /// <summary>Null when the first segment is clear.</summary>
    public static SegmentKey? OfFirstSegment(MediaPlaylist playlist) => Read(playlist, most: 1) is [var first] ? first : null;

    /// <summary>One entry for each of the playlist's segments; null for clear ones.</summary>
    public static ImmutableArray<SegmentKey?> OfSegments(MediaPlaylist playlist) => Read(playlist, playlist.Segments.Length);

    private static ImmutableArray<SegmentKey?> Read(MediaPlaylist playlist, int most)
    {
        var keys = ImmutableArray.CreateBuilder<SegmentKey?>(Math.Min(most, playlist.Segments.Length));
        SegmentKey? key = null;
        var explicitIv = false;
        var announced = false;
        var sequence = 0L;
        var line = new PlaylistLines(playlist.Text.Span);
        while (keys.Count < most && line.Read())
        {
            if (line.Rule.Tag == Tag.Key)
                (key, explicitIv) = Read(line.Value, playlist.Variables, line.Number);
            else if (line.Rule.Tag == Tag.ExtInf)
                announced = true;
            else if (line.Rule.Tag == Tag.MediaSequence)
                sequence = ReadSequence(line.Value);
            if (!line.IsUri || !announced)
                continue;
            announced = false;
            keys.Add(key is null || explicitIv ? key : key with { Iv = SequenceIv(sequence + keys.Count) });
        }

        return keys.DrainToImmutable();
    }

    /// <summary>EXT-X-MEDIA-SEQUENCE's number; 0 for text that is not a number.</summary>
    internal static long ReadSequence(ReadOnlySpan<byte> value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;

    private static byte[] SequenceIv(long sequence)
    {
        var iv = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(iv.AsSpan(8), sequence);
        return iv;
    }

    private static (SegmentKey? Key, bool ExplicitIv) Read(ReadOnlySpan<byte> list, Variables variables, int line)
    {
        var attributes = new AttributeList(list);
        var method = attributes.Find("METHOD"u8) ? Encoding.UTF8.GetString(attributes.Value) : "NONE";
        if (string.Equals(method, "NONE", StringComparison.Ordinal))
            return (null, false);
        var uri = attributes.Find("URI"u8) ? Text(attributes.Value) : null;
        var iv = Array.Empty<byte>();
        if (attributes.Find("IV"u8) && Text(attributes.Value) is ['0', 'x' or 'X', .. { Length: > 0 and <= 32 } digits]
            && digits.All(char.IsAsciiHexDigit))
            iv = Convert.FromHexString(digits.PadLeft(32, '0'));
        return (new SegmentKey(method, uri, iv), iv.Length == 16);

        string Text(ReadOnlySpan<byte> written)
        {
            variables.TryResolve(written, line, out var text);
            return text;
        }
    }
}
