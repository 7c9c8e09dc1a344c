using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// bunny.net's advanced token authentication: a token over path, end and the sorted parameters. With <paramref name="hmac"/> in today's
/// form (<c>HS256-…</c>, HMAC-SHA256), else in the older one (SHA256 over the key and the same text).
/// </summary>
internal sealed class BunnySigner(byte[] secret, CdnScope scope, bool hmac) : UrlSigner
{
    public override string Sign(in CdnUrl url, long until)
    {
        // Path and end stand side by side in what is signed: behind a digit the token names its path once more, so that no digit can change sides.
        var allowed = scope == CdnScope.Folder ? url.Folder : char.IsAsciiDigit(url.Path[^1]) ? url.Path : null;
        var parameters = url.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(Parameter).ToList();
        if (allowed is not null)
            parameters.Add(("token_path", allowed));
        parameters.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));

        // The older form signs the path as it reads once decoded.
        var path = allowed ?? (hmac ? url.Path : Uri.UnescapeDataString(url.Path));
        var signed = Encoding.UTF8.GetBytes($"{path}{until}{string.Join('&', parameters.Select(one => $"{one.Name}={one.Value}"))}");
        var token = hmac ? "HS256-" + Base64Url.EncodeToString(HMACSHA256.HashData(secret, signed)) : Base64Url.EncodeToString(SHA256.HashData([.. secret, .. signed]));
        var written = string.Concat(parameters.Select(one => $"&{one.Name}={Uri.EscapeDataString(one.Value)}"));
        return (url with { Query = $"token={token}{written}&expires={until}" }).Whole;
    }

    private static (string Name, string Value) Parameter(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (text, "") : (text[..equals], Uri.UnescapeDataString(text[(equals + 1)..]));
    }
}
