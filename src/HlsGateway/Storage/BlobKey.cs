using System.Buffers;

namespace HlsGateway.Storage;

/// <summary>
/// Names of objects: segments of <c>[A-Za-z0-9._:@%+-]</c> joined by <c>/</c>, none of them empty, <c>.</c> or <c>..</c>, so that a
/// key is at once a path below a folder, an S3 key and, escaped, a URL path.
/// </summary>
internal static class BlobKey
{
    /// <summary>S3 takes 1,024 bytes; a file name 255.</summary>
    public const int MaxLength = 900;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@%+-");

    public static bool IsValid(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxLength)
            return false;
        foreach (var range in key.Split('/'))
        {
            var segment = key[range];
            if (segment.Length is 0 or > 200 || segment is "." or ".." || segment.ContainsAnyExcept(Allowed))
                return false;
        }

        return true;
    }

    /// <exception cref="ArgumentException">The text breaks these rules.</exception>
    public static void Check(string key)
    {
        if (!IsValid(key))
            throw new ArgumentException($"'{key}' is not a valid object key.", nameof(key));
    }

    /// <summary>The key as a URL path without a leading slash. <c>:</c> and <c>@</c> stay readable, <c>+</c> does not: some stores take it for a space.</summary>
    public static string UrlPath(string key) =>
        key.Replace("%", "%25", StringComparison.Ordinal).Replace("+", "%2B", StringComparison.Ordinal);

    /// <summary>What an object is, by its name.</summary>
    public static string ContentType(string key) => Path.GetExtension(key) switch
    {
        ".ts" => "video/mp2t",
        ".m4s" or ".mp4" => "video/mp4",
        ".aac" => "audio/aac",
        ".m3u8" => "application/vnd.apple.mpegurl",
        ".vtt" => "text/vtt; charset=utf-8",
        ".jpg" => "image/jpeg",
        ".json" => "application/json",
        _ => "application/octet-stream",
    };
}
