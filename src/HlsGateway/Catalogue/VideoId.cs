using System.Buffers;

namespace HlsGateway.Catalogue;

/// <summary>
/// Ids of videos that we keep: one to eight path segments of <c>[A-Za-z0-9._:@+-]</c>, at most 200 characters. They are at
/// once player paths and object keys, so what the gateway's own paths use below a video (<c>~…</c>, <c>subtitles</c>) is left out.
/// </summary>
internal static class VideoId
{
    public const int MaxLength = 200;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@+-");

    /// <summary>A route value leaves an escaped slash as it came.</summary>
    public static string FromRoute(string value) => value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static bool IsValid(ReadOnlySpan<char> video)
    {
        if (video.Length is 0 or > MaxLength)
            return false;
        var segments = 0;
        foreach (var range in video.Split('/'))
        {
            var segment = video[range];
            if (++segments > 8 || segment.Length == 0 || segment[0] == '.' || segment is "subtitles" || segment.ContainsAnyExcept(Allowed)
                || segment.EndsWith(".m3u8", StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return true;
    }
}
