using System.Net;
using System.Net.Security;

namespace HlsGateway.Tests.Hosting;

/// <summary>Players that speak one version of HTTP and no other.</summary>
internal static class Http2Clients
{
    /// <summary>Over HTTP/2, on as many connections as its streams need.</summary>
    public static HttpClient New(Uri address) => New(address, HttpVersion.Version20);

    /// <param name="trusts">Judges the server's certificate; null: as the machine does.</param>
    public static HttpClient New(Uri address, Version version, RemoteCertificateValidationCallback? trusts = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, EnableMultipleHttp2Connections = true };
        handler.SslOptions.RemoteCertificateValidationCallback = trusts;
        return new HttpClient(handler)
        {
            BaseAddress = address,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromMinutes(3),
        };
    }
}
