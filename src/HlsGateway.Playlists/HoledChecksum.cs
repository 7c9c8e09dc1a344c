namespace HlsGateway.Playlists;

/// <summary>
/// CRC-32 (RFC 1952 section 8) of a text that holds the same token in each of its holes. A CRC is a remainder of polynomials over GF(2),
/// the first bit of a byte its lowest: the token at a distance of d bytes from the end adds its own remainder times x^8d, so that all
/// holes together add it times the sum of those powers.
/// </summary>
internal static class HoledChecksum
{
    private const uint Polynomial = 0xEDB88320;

    /// <summary>The polynomial 1.</summary>
    private const uint One = 0x80000000;

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value => Enumerable.Range(0, 8).Aggregate((uint)value, (rest, _) => TimesX(rest)))];

    /// <summary>Of a text with zeros in its holes, and the factor for what stands there instead.</summary>
    public static (uint Checksum, uint Factor) Of(ReadOnlySpan<byte> text, ReadOnlySpan<int> holes)
    {
        var (checksum, factor) = (uint.MaxValue, 0u);
        var at = 0;
        foreach (var hole in holes)
        {
            checksum = Append(checksum, text[at..hole]);
            checksum = Skip(checksum, PlaylistTemplate.TokenLength);
            factor = Skip(factor, hole + PlaylistTemplate.TokenLength - at) ^ One;
            at = hole + PlaylistTemplate.TokenLength;
        }

        return (~Append(checksum, text[at..]), Skip(factor, text.Length - at));
    }

    /// <summary>Of the same text with a token in its holes.</summary>
    public static uint With(ReadOnlySpan<byte> token, uint checksum, uint factor) => checksum ^ Product(Append(0, token), factor);

    private static uint Append(uint rest, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            rest = Table[(byte)(rest ^ value)] ^ (rest >> 8);
        return rest;
    }

    /// <summary>Appends that many zeros.</summary>
    private static uint Skip(uint rest, int bytes)
    {
        for (; bytes > 0; bytes--)
            rest = Table[(byte)rest] ^ (rest >> 8);
        return rest;
    }

    private static uint Product(uint left, uint right)
    {
        var product = 0u;
        for (; left != 0; left <<= 1)
        {
            // All ones or none: the bits of a token are random, and a branch on them would be guessed wrong every other time.
            product ^= right & (uint)((int)left >> 31);
            right = TimesX(right);
        }

        return product;
    }

    private static uint TimesX(uint rest) => (rest >> 1) ^ (Polynomial & (0 - (rest & 1)));
}
