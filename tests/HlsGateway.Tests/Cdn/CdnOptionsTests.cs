using HlsGateway.Cdn;
using Microsoft.Extensions.Configuration;

namespace HlsGateway.Tests.Cdn;

/// <summary>What is wrong with the options of the CDN is one line with key, value, what is allowed and an example; a secret's value is in none.</summary>
public sealed class CdnOptionsTests
{
    [Theory]
    [InlineData("Gateway:Cdn:BaseUrl is 'cdn.test'; it must be an absolute http or https URL", "BaseUrl=cdn.test")]
    [InlineData("Gateway:Cdn:BaseUrl is 'https://a.test/', and Gateway:Cdn:Bases is set too; ", "BaseUrl=https://a.test/", "Bases:0:Name=a", "Bases:0:Url=https://b.test/")]
    [InlineData("Gateway:Cdn:Bases:0:Url is ''; a base needs Url, StoreUrl or both", "Bases:0:Name=a")]
    [InlineData("Gateway:Cdn:Bases:0:Url is 'b.test'; it must be an absolute http or https URL", "Bases:0:Name=a", "Bases:0:Url=b.test")]
    [InlineData("Gateway:Cdn:Bases:0:StoreUrl is 'b.test'; it must be an absolute http or https URL", "Bases:0:Name=a", "Bases:0:StoreUrl=b.test")]
    [InlineData("Gateway:Cdn:Bases:0:Name is 'a b'; it must be a name", "Bases:0:Name=a b", "Bases:0:Url=https://b.test/")]
    [InlineData("Gateway:Cdn:Bases: 2 bases are called 'a'", "Bases:0:Name=a", "Bases:0:Url=https://a.test/", "Bases:1:Name=A", "Bases:1:Url=https://b.test/")]
    [InlineData("Gateway:Cdn:Bases:0:Weight is -1; it must be 0 to 10000", "Bases:0:Name=a", "Bases:0:Url=https://b.test/", "Bases:0:Weight=-1")]
    [InlineData("Gateway:Cdn:Bases:0:Viewers is set, but Gateway:Cdn:ViewerHeader names no header", "Bases:0:Name=a", "Bases:0:Url=https://b.test/", "Bases:0:Viewers:0=DE")]
    [InlineData("Gateway:Cdn:Bases:0:Host is 'a:80'; it must be a host's name", "Bases:0:Name=a", "Bases:0:Url=https://b.test/", "Bases:0:Host=a:80")]
    [InlineData("Gateway:Cdn:Bases:0:Host is 'a.test'; it must be a host's name without a port, of a base that has a Url", "Bases:0:Name=a", "Bases:0:StoreUrl=https://b.test/", "Bases:0:Host=a.test")]
    [InlineData("Gateway:Cdn:Bases: 2 bases have the Host 'c.test'", "Bases:0:Name=a", "Bases:0:Url=https://a.test/", "Bases:0:Host=c.test", "Bases:1:Name=b", "Bases:1:Url=https://b.test/", "Bases:1:Host=C.test")]
    [InlineData("Gateway:Cdn:SteeringTtl is 00:00:00; it must lie between", "SteeringTtl=00:00:00")]
    [InlineData("Gateway:Cdn:ViewerHeader is 'a b'; it must be a header's name", "ViewerHeader=a b")]
    [InlineData("Gateway:Cdn:SessionParameter is 'a&b'; it must be a name", "SessionParameter=a&b")]
    [InlineData("Gateway:Cdn:Probe:Path is '/health'; it must be a path below each base", "Probe:Path=/health")]
    [InlineData("Gateway:Cdn:Probe:Interval is 00:00:00; it must lie between", "Probe:Interval=00:00:00")]
    [InlineData("Gateway:Cdn:Probe:Timeout is 00:02:00; it must lie between", "Probe:Timeout=00:02:00")]
    [InlineData("Gateway:Cdn:Probe:Failures is 0; it must be 1 to 100", "Probe:Failures=0")]
    [InlineData("Gateway:Cdn:Probe:Successes is 101; it must be 1 to 100", "Probe:Successes=101")]
    [InlineData("Gateway:Cdn:Signing:Secret is not set; it must be the text", "Signing:Scheme=Bunny")]
    [InlineData("Gateway:Cdn:Signing:Secret is set (its value is not shown); it must be the text", "Signing:Scheme=Cloudflare", "Signing:Secret=hunter2")]
    [InlineData("Gateway:Cdn:Signing:Secret is set (its value is not shown); it must be the encryption key in hexadecimal", "Signing:Scheme=Akamai", "Signing:Secret=hunter2hunter2hunter2")]
    [InlineData("Gateway:Cdn:Signing:Secret is set (its value is not shown); it must be the key in base64", "Signing:Scheme=Fastly", "Signing:Secret=hunter2-hunter2-hunter2")]
    [InlineData("Gateway:Cdn:Signing:PrivateKeyFile is ''; it must be a file with the RSA private key", "Signing:Scheme=CloudFront", "Signing:KeyId=K1")]
    [InlineData("Gateway:Cdn:Signing:PrivateKeyFile is '/no/such/file'; the file cannot be read", "Signing:Scheme=CloudFront", "Signing:KeyId=K1", "Signing:PrivateKeyFile=/no/such/file")]
    [InlineData("Gateway:Cdn:Signing:PrivateKeyFile is '/dev/null'; the file holds no RSA private key", "Signing:Scheme=CloudFront", "Signing:KeyId=K1", "Signing:PrivateKeyFile=/dev/null")]
    [InlineData("Gateway:Cdn:Signing:KeyId is ''; it must be the id of the key pair", "Signing:Scheme=CloudFront")]
    [InlineData("Gateway:Cdn:Signing:Region is ''; it must be the bucket's region", "Signing:Scheme=S3", "Signing:KeyId=K1", "Signing:Secret=hunter2")]
    [InlineData("Gateway:Cdn:Signing:Scope is Folder; Fastly signs single files", "Signing:Scheme=Fastly", "Signing:Scope=Folder", "Signing:Secret=aHVudGVyMmh1bnRlcjJodW50ZXIy")]
    [InlineData("Gateway:Cdn:Signing:UrlLifetime is 8.00:00:00; it must lie between", "Signing:Scheme=Hmac", "Signing:Secret=hunter2hunter2hunter2", "Signing:UrlLifetime=8.00:00:00")]
    [InlineData("Gateway:Cdn:Signing:Message is '{path}{expires}'; it must hold {path} and {expires} with something between", "Signing:Scheme=Hmac", "Signing:Secret=hunter2hunter2hunter2", "Signing:Message={path}{expires}")]
    [InlineData("Gateway:Cdn:Signing:Parameter is 'a=b'; it must be a name", "Signing:Scheme=Hmac", "Signing:Secret=hunter2hunter2hunter2", "Signing:Parameter=a=b")]
    [InlineData("Gateway:Cdn:Bases:0:Signing:Secret is not set; ", "Bases:0:Name=a", "Bases:0:Url=https://b.test/", "Bases:0:Signing:Scheme=Hmac")]
    public void A_fault_is_told_in_one_line(string begins, params string[] written)
    {
        var faults = Faults(written);
        Assert.Contains(faults, fault => fault.StartsWith(begins, StringComparison.Ordinal));
        Assert.All(faults, fault =>
        {
            Assert.DoesNotContain('\n', fault);
            Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("Bases:0:Name=a", "Bases:0:Url=https://a.test/", "Bases:1:Name=b", "Bases:1:StoreUrl=https://b.test/s", "Bases:1:Viewers:0=DE", "ViewerHeader=CF-IPCountry", "Probe:Path=health.txt?full=1")]
    [InlineData("BaseUrl=https://a.test/", "Signing:Scheme=Akamai", "Signing:Scope=Folder", "Signing:Secret=52a152a152a152a152a152a152a1", "Signing:Parameter=hdnts", "SessionParameter=sid")]
    public void What_fits_has_no_fault(params string[] written) => Assert.Empty(Faults(written));

    private static IReadOnlyList<string> Faults(string[] written) => new AnnotatedOptions<CdnOptions>(CdnOptions.Section).Faults(new ConfigurationBuilder()
        .AddInMemoryCollection(written.Select(pair => KeyValuePair.Create(pair.Split('=', 2)[0], (string?)pair.Split('=', 2)[1]))).Build().Get<CdnOptions>()!);
}
