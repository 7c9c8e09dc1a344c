using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>Where HTTP/2 is spoken: with TLS by agreement, without TLS only where an endpoint is set up for it.</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task With_tls_a_viewer_plays_over_HTTP_2_and_over_HTTP_1_1_alike()
    {
        using var folder = new TemporaryFolder();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(folder.Path, "certificate.pfx");
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pfx, "for tests"));
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["urls"] = "https://127.0.0.1:0",
            ["Kestrel:Certificates:Default:Path"] = file,
            ["Kestrel:Certificates:Default:Password"] = "for tests",
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
        });
        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11])
        {
            using var client = Http2Clients.New(host.Address, version, (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString());
            var viewer = await Viewer.StartAsync(client);
            using var segment = await client.GetAsync(viewer.Segments[0]);
            Assert.Equal((HttpStatusCode.Found, version), (segment.StatusCode, segment.Version));
            Assert.Equal("https://cdn.example.com/v/720p/video0.ts", segment.Headers.Location?.OriginalString);
        }
    }
}
