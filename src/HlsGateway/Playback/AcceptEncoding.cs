using Microsoft.Extensions.Primitives;

namespace HlsGateway.Playback;

/// <summary>What a client says of gzip in <c>Accept-Encoding</c> (RFC 9110 section 12.5.3). Nothing is allocated, whatever it says.</summary>
internal static class AcceptEncoding
{
    private const int Whole = 1000;

    /// <summary>True where it takes gzip at least as gladly as the plain text, if it names that.</summary>
    public static bool TakesGzip(in StringValues header)
    {
        int? gzip = null, any = null, plain = null;
        foreach (var line in header)
        {
            foreach (var range in line.AsSpan().Split(','))
                Read(line.AsSpan()[range], ref gzip, ref any, ref plain);
        }

        return (gzip ?? any) is > 0 and var weight && weight >= (plain ?? 0);
    }

    /// <summary>Of a coding that is named twice the first counts; what cannot be read says nothing.</summary>
    private static void Read(ReadOnlySpan<char> element, ref int? gzip, ref int? any, ref int? plain)
    {
        var semicolon = element.IndexOf(';');
        var coding = (semicolon < 0 ? element : element[..semicolon]).Trim(" \t");
        var weight = semicolon < 0 ? Whole : Weight(element[(semicolon + 1)..].Trim(" \t"));
        if (weight is null)
            return;
        if (coding is "*")
            any ??= weight;
        else if (coding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
            gzip ??= weight;
        else if (coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            plain ??= weight;
    }

    /// <summary>Thousandths (RFC 9110 section 12.4.2: <c>q=</c>, a digit 0 or 1, and up to three more behind a point); null for anything else.</summary>
    private static int? Weight(ReadOnlySpan<char> text)
    {
        if (text.Length is < 3 or > 7 || text[0] is not ('q' or 'Q') || text[1] != '=' || text[2] is not ('0' or '1') || (text.Length > 3 && text[3] != '.'))
            return null;
        var weight = (text[2] - '0') * Whole;
        for (int at = 4, worth = Whole / 10; at < text.Length; at++, worth /= 10)
        {
            if (!char.IsAsciiDigit(text[at]))
                return null;
            weight += (text[at] - '0') * worth;
        }

        return weight <= Whole ? weight : null;
    }
}
