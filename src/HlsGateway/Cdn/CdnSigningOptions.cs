using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>Whose way of signing it is.</summary>
internal enum CdnScheme
{
    None,
    CloudFront,
    Bunny,
    BunnySha256,
    Akamai,
    Fastly,
    Cloudflare,
    S3,
    Hmac,
}

/// <summary>What one signature opens.</summary>
internal enum CdnScope
{
    /// <summary>The one file.</summary>
    File,

    /// <summary>Every file of its folder, and of the folders in it.</summary>
    Folder,
}

/// <summary>The section <c>Gateway:Cdn:Signing</c>, and <c>Signing</c> of a base: how the CDN is shown that a URL was given out by us, and until when.</summary>
internal sealed class CdnSigningOptions
{
    private const int LeastSecret = 16;

    public CdnScheme Scheme { get; init; } = CdnScheme.None;

    /// <summary>CloudFront, Bunny and Akamai know signatures for a folder; for one of the others it must be <c>File</c>.</summary>
    public CdnScope Scope { get; init; } = CdnScope.File;

    /// <summary>The secret that the CDN knows too: Akamai's in hexadecimal, Fastly's in base64, else a text. CloudFront has <see cref="PrivateKeyFile"/> in its place.</summary>
    public string Secret { get; init; } = "";

    /// <summary>CloudFront: the key pair's id. S3: the id of the access key.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>CloudFront: a file with the RSA private key, in PEM.</summary>
    public string PrivateKeyFile { get; init; } = "";

    /// <summary>S3: the bucket's region.</summary>
    public string Region { get; init; } = "";

    /// <summary>Akamai, Fastly, Cloudflare, Hmac: the query parameter with the token. Empty: the vendor's own name.</summary>
    public string Parameter { get; init; } = "";

    /// <summary>Hmac: what is signed, made of <c>{path}</c> and <c>{expires}</c>.</summary>
    public string Message { get; init; } = "{path}?{expires}";

    /// <summary>How long a URL is valid at most. It ends with its session where that ends sooner.</summary>
    public TimeSpan UrlLifetime { get; init; } = TimeSpan.FromHours(1);

    public IEnumerable<string> Faults(string key)
    {
        if (!Enum.IsDefined(Scheme) || Scheme == CdnScheme.None)
            yield break;
        if (UrlLifetime < TimeSpan.FromMinutes(1) || UrlLifetime > TimeSpan.FromDays(7))
            yield return $"{key}:UrlLifetime is {UrlLifetime}; it must lie between 00:01:00 and 7.00:00:00, for instance 01:00:00.";
        if (Scope == CdnScope.Folder && Scheme is not (CdnScheme.CloudFront or CdnScheme.Bunny or CdnScheme.BunnySha256 or CdnScheme.Akamai))
            yield return $"{key}:Scope is Folder; {Scheme} signs single files: write {key}:Scope=File.";
        if (Parameter.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            yield return $"{key}:Parameter is '{Parameter}'; it must be a name of letters, digits, - and _, for instance token.";
        if (Scheme is CdnScheme.CloudFront or CdnScheme.S3 && KeyId.Length == 0)
            yield return $"{key}:KeyId is ''; {(Scheme == CdnScheme.S3 ? "it must be the id of the access key" : "it must be the id of the key pair")}, for instance {key}:KeyId=K2JCJMDEHXQW5F.";
        if (Scheme == CdnScheme.S3 && Region.Length == 0)
            yield return $"{key}:Region is ''; it must be the bucket's region, for instance {key}:Region=eu-central-1.";
        if ((Scheme == CdnScheme.CloudFront ? KeyFault() : SecretFault()) is { } fault)
            yield return Scheme == CdnScheme.CloudFront ? $"{key}:PrivateKeyFile is '{PrivateKeyFile}'; {fault}" : $"{key}:Secret is {(Secret.Length == 0 ? "not set" : "set (its value is not shown)")}; {fault}";
        if (Scheme == CdnScheme.Hmac && !(Message.Contains("{path}", StringComparison.Ordinal) && Message.Contains("{expires}", StringComparison.Ordinal) && !Message.Contains("{path}{expires}", StringComparison.Ordinal)))
            yield return $"{key}:Message is '{Message}'; it must hold {{path}} and {{expires}} with something between them that no path ends with, for instance {{path}}?{{expires}}.";
    }

    private string? KeyFault()
    {
        if (PrivateKeyFile.Length == 0)
            return "it must be a file with the RSA private key in PEM, for instance /etc/hlsgateway/cloudfront.pem.";
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(System.IO.File.ReadAllText(PrivateKeyFile));
            key.SignData([], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "the file cannot be read. Make it readable for the user that runs the gateway, for instance with chown hlsgateway.";
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return "the file holds no RSA private key in PEM without a passphrase. Make one, for instance with openssl genrsa 2048.";
        }
    }

    private string? SecretFault() => Scheme switch
    {
        CdnScheme.Akamai => HexSecret() is null ? "it must be the encryption key in hexadecimal, an even number of digits, for instance the output of openssl rand -hex 32." : null,
        CdnScheme.Fastly => Base64Secret() is null ? "it must be the key in base64, for instance the output of openssl rand -base64 32." : null,
        CdnScheme.S3 => Secret.Length == 0 ? "it must be the secret of the access key." : null,
        _ => Secret.Length < LeastSecret ? $"it must be the text that the CDN has too, {LeastSecret} characters or more, for instance the output of openssl rand -base64 32." : null,
    };

    /// <summary>Akamai's key; null where the text is none.</summary>
    public byte[]? HexSecret() =>
        Secret.Length >= LeastSecret && Secret.Length % 2 == 0 && Secret.All(char.IsAsciiHexDigit) ? Convert.FromHexString(Secret) : null;

    /// <summary>Fastly's key; null where the text is none.</summary>
    public byte[]? Base64Secret() =>
        Secret.Length >= LeastSecret && Base64.IsValid(Secret) ? Convert.FromBase64String(Secret) : null;

    public byte[] TextSecret() => Encoding.UTF8.GetBytes(Secret);
}
