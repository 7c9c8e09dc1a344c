using System.Buffers;
using HlsGateway.Cdn;

namespace HlsGateway.Playback;

/// <summary>
/// A URL as it goes over the wire, in a request line or a Location. A playlist is UTF-8, HTTP is not: what a URI may not hold is
/// percent-encoded, and every other byte stays as the origin wrote it.
/// </summary>
internal static class WireUrl
{
    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(one => (char)one)]);

    public static Uri Of(string url) => new(Ascii(url), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public static string Ascii(string url) => PercentEncoding.Of(url, Visible);
}
