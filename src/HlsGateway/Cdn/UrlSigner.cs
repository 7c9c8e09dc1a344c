namespace HlsGateway.Cdn;

/// <summary>
/// Signs a URL until a time: pure, so that the same URL and time give the same text at every gateway, which caches keep once. Who
/// chooses a path chooses what is signed; so no path may read as another path, time or rule.
/// </summary>
internal abstract class UrlSigner
{
    /// <param name="until">When the CDN is to refuse it, in Unix seconds.</param>
    /// <returns>The whole URL.</returns>
    public abstract string Sign(in CdnUrl url, long until);

    /// <returns>Null where nothing is signed.</returns>
    /// <param name="options">Checked.</param>
    public static UrlSigner? Of(CdnSigningOptions options) => options.Scheme switch
    {
        CdnScheme.CloudFront => new CloudFrontSigner(File.ReadAllText(options.PrivateKeyFile), options.KeyId, options.Scope),
        CdnScheme.Bunny or CdnScheme.BunnySha256 => new BunnySigner(options.TextSecret(), options.Scope, options.Scheme == CdnScheme.Bunny),
        CdnScheme.Akamai => new AkamaiSigner(options.HexSecret() ?? [], options.Scope, Name(options, "__token__")),
        CdnScheme.Fastly => new FastlySigner(options.Base64Secret() ?? [], Name(options, "token")),
        CdnScheme.Cloudflare => new CloudflareSigner(options.TextSecret(), Name(options, "verify"), options.UrlLifetime),
        CdnScheme.S3 => new S3Signer(options.KeyId, options.Secret, options.Region, options.UrlLifetime),
        CdnScheme.Hmac => new HmacSigner(options.TextSecret(), options.Message, Name(options, "signature")),
        _ => null,
    };

    private static string Name(CdnSigningOptions options, string usual) => options.Parameter.Length == 0 ? usual : options.Parameter;
}
