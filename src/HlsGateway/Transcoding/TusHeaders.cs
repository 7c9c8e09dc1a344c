using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Transcoding;

/// <summary>Headers of tus 1.0.0 (tus.io/protocols/resumable-upload), read strictly.</summary>
internal static class TusHeaders
{
    public const string Version = "1.0.0";
    public const string Extensions = "creation,expiration,checksum,termination";
    public const string Algorithms = "sha1,sha256,md5";

    public const string Resumable = "Tus-Resumable";
    public const string Offset = "Upload-Offset";
    public const string Length = "Upload-Length";
    public const string Metadata = "Upload-Metadata";
    public const string Checksum = "Upload-Checksum";
    public const string Expires = "Upload-Expires";

    public static long? Number(HttpRequest request, string header) =>
        request.Headers[header] is [{ Length: <= 18 } text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Keys with values in base64, <c>video dmlkZW8=,filename YQ==</c>; null for any other text.</summary>
    public static Dictionary<string, string>? ReadMetadata(HttpRequest request)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in request.Headers[Metadata].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var space = pair.IndexOf(' ', StringComparison.Ordinal);
            var bytes = new byte[pair.Length];
            if (!Convert.TryFromBase64String(space < 0 ? "" : pair[(space + 1)..], bytes, out var length)
                || !metadata.TryAdd(space < 0 ? pair : pair[..space], Encoding.UTF8.GetString(bytes, 0, length)))
                return null;
        }

        return metadata;
    }

    /// <summary><c>sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=</c>.</summary>
    /// <returns>False: no such algorithm, or no digest of its length.</returns>
    public static bool TryReadChecksum(string text, out HashAlgorithmName algorithm, out byte[] digest)
    {
        var parts = text.Split(' ');
        (algorithm, var length) = parts[0] switch
        {
            "sha1" => (HashAlgorithmName.SHA1, SHA1.HashSizeInBytes),
            "sha256" => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            "md5" => (HashAlgorithmName.MD5, MD5.HashSizeInBytes),
            _ => (default, 0),
        };
        digest = new byte[length];
        return parts.Length == 2 && length > 0 && parts[1].Length == (length + 2) / 3 * 4
            && Convert.TryFromBase64String(parts[1], digest, out var read) && read == length;
    }
}
