using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// Fastly's URL token, as its guide "Enabling URL token validation" checks it in VCL: <c>{end}_{HMAC-SHA1 in hexadecimal}</c> over the
/// URL without the token and the end.
/// </summary>
internal sealed class FastlySigner(byte[] secret, string parameter) : UrlSigner
{
    public override string Sign(in CdnUrl url, long until)
    {
        // The end follows the URL without a mark between them.
        var closed = url.EndsInDigit ? url.With("_") : url;
#pragma warning disable CA5350 // What Fastly's published VCL verifies; an HMAC does not rest on collisions.
        var signature = HMACSHA1.HashData(secret, Encoding.UTF8.GetBytes($"{closed.Resource}{until}"));
#pragma warning restore CA5350
        return closed.With($"{parameter}={until}_{Convert.ToHexStringLower(signature)}").Whole;
    }
}

/// <summary>
/// Cloudflare's timed HMAC, which a rule verifies by <c>is_timed_hmac_valid_v0</c>: <c>{time}-{HMAC-SHA256 in base64}</c> over the URL
/// without the token and the time. The rule adds its own lifetime to the time, so that it must be the same as here.
/// </summary>
internal sealed class CloudflareSigner(byte[] secret, string parameter, TimeSpan lifetime) : UrlSigner
{
    public override string Sign(in CdnUrl url, long until)
    {
        var closed = url.EndsInDigit ? url.With("_") : url;
        var time = (until - (long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var mac = Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(closed.Resource + time)));
        return closed.With($"{parameter}={time}-{Uri.EscapeDataString(mac)}").Whole;
    }
}

/// <summary>For everything else that can compute an HMAC-SHA256: <c>expires</c> and the signature in base64url, over a message that the options word.</summary>
internal sealed class HmacSigner(byte[] secret, string message, string parameter) : UrlSigner
{
    public override string Sign(in CdnUrl url, long until)
    {
        var end = until.ToString(CultureInfo.InvariantCulture);
        var signed = message.Replace("{expires}", end, StringComparison.Ordinal).Replace("{path}", url.Path, StringComparison.Ordinal);
        return url.With($"expires={end}&{parameter}={Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(signed)))}").Whole;
    }
}
