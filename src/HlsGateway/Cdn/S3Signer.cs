using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// A presigned URL of S3 (Signature Version 4 in the query, GET, any payload) for a bucket that holds an origin's files. The day's key is
/// kept; the SDK's own presigning takes neither a time nor a URL, and makes both anew for each.
/// </summary>
internal sealed class S3Signer(string keyId, string secret, string region, TimeSpan lifetime) : UrlSigner
{
    private volatile DayKey? kept;

    public override string Sign(in CdnUrl url, long until)
    {
        var seconds = (long)lifetime.TotalSeconds;
        var time = DateTimeOffset.FromUnixTimeSeconds(until - seconds);
        var stamp = time.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{stamp[..8]}/{region}/s3/aws4_request";
        var path = string.Join('/', url.Path.Split('/').Select(Canonical));
        List<string> parameters =
        [
            .. url.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(Pair),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256", $"X-Amz-Credential={Canonical($"{keyId}/{scope}")}", $"X-Amz-Date={stamp}", $"X-Amz-Expires={seconds}", "X-Amz-SignedHeaders=host",
        ];
        parameters.Sort(StringComparer.Ordinal);
        var query = string.Join('&', parameters);
        var host = url.Site[(url.Site.IndexOf("://", StringComparison.Ordinal) + 3)..].ToLowerInvariant();
        var request = $"GET\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD";
        var signed = $"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        return $"{url.Site}{path}?{query}&X-Amz-Signature={Convert.ToHexStringLower(HMACSHA256.HashData(KeyOf(stamp[..8]), Encoding.UTF8.GetBytes(signed)))}";
    }

    private byte[] KeyOf(string day)
    {
        if (kept is { } known && string.Equals(known.Day, day, StringComparison.Ordinal))
            return known.Key;
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in (string[])[day, region, "s3", "aws4_request"])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        kept = new(day, key);
        return key;
    }

    private static string Pair(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? $"{Canonical(text)}=" : $"{Canonical(text[..equals])}={Canonical(text[(equals + 1)..])}";
    }

    /// <summary>One spelling for each text: decoded, and everything but unreserved characters encoded again.</summary>
    private static string Canonical(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));

    private sealed record DayKey(string Day, byte[] Key);
}
