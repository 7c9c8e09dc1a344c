using System.Globalization;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// A URL as it goes over the wire, in a request line or a Location. A playlist is UTF-8, HTTP is not: what a URI may not hold is
/// percent-encoded as RFC 3987 section 3.1 says, and every other byte stays as the origin wrote it.
/// </summary>
internal static class WireUrl
{
    public static Uri Of(string url) => new(Ascii(url), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public static string Ascii(string url)
    {
        if (!url.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return url;
        var text = new StringBuilder(url.Length + 16);
        foreach (var unit in Encoding.UTF8.GetBytes(url))
        {
            if (unit is >= (byte)'!' and <= (byte)'~')
                text.Append((char)unit);
            else
                text.Append('%').Append(unit.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
