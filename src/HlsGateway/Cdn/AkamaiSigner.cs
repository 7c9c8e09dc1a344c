using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// Akamai's Auth Token 2.0: fields with tildes between them and their HMAC-SHA256. For a file the path is signed and does not stand in the
/// token (the property has "Escape token input" and "Ignore query string" on); for a folder the token carries its access list.
/// </summary>
internal sealed class AkamaiSigner(byte[] secret, CdnScope scope, string parameter) : UrlSigner
{
    public override string Sign(in CdnUrl url, long until)
    {
        // Marks of the token's own form and wildcards would change what a list means: such a folder's files are signed one by one.
        var isList = scope == CdnScope.Folder && url.Folder.AsSpan().IndexOfAny("~!*?") < 0;
        var shown = isList ? $"exp={until}~acl={url.Folder}*" : $"exp={until}";
        var signed = isList ? shown : $"{shown}~url={Escaped(url.Path)}";
        return url.With($"{parameter}={shown}~hmac={Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(signed)))}").Whole;
    }

    /// <summary>As a form's value, with escapes in lower case.</summary>
    private static string Escaped(string path)
    {
        var text = new StringBuilder(path.Length * 2);
        foreach (var letter in path)
        {
            if (char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '!' or '(' or ')')
                text.Append(letter);
            else
                text.Append('%').Append(((int)letter).ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
