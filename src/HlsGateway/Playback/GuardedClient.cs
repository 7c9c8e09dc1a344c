using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// The one client for hosts that a playlist names (rule I2). Only hosts of <c>Gateway:Origin:AllowedHosts</c> are asked; a name must
/// resolve to a public address, checked on the address that is connected to, so that DNS rebinding does not work; an address
/// written out in the setting is the operator's own decision. Redirects are not followed.
/// </summary>
internal sealed class GuardedClient : IDisposable
{
    private readonly HashSet<string> allowed;

    public GuardedClient(IOptions<OriginOptions> options)
    {
        allowed = new(options.Value.AllowedHosts, StringComparer.OrdinalIgnoreCase);
        Client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectCallback = ConnectAsync,
        });
    }

    public HttpMessageInvoker Client { get; }

    /// <summary>True when the URL's host (or host and port) is allowed.</summary>
    public bool Allows(string url) =>
        allowed.Count > 0 && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
        && ((uri.IsDefaultPort && allowed.Contains(uri.Host)) || allowed.Contains($"{uri.Host}:{uri.Port}"));

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        var literal = IPAddress.TryParse(host, out var address);
        var addresses = literal && address is not null ? [address] : await Dns.GetHostAddressesAsync(host, ct);
        var candidates = literal ? addresses : [.. addresses.Where(IsPublic)];
        if (candidates.Length == 0)
            throw new HttpRequestException($"The host {host} does not resolve to a public address.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(candidates, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>False for every address that belongs to a machine, a site, a link or a protocol rather than to the public internet (RFC 6890).</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            // 2000::/3 is all that is routed; within it 6to4, Teredo and documentation wrap or fake other addresses.
            Span<byte> six = stackalloc byte[16];
            address.TryWriteBytes(six, out _);
            return (six[0] & 0xe0) == 0x20
                && !(six[0] == 0x20 && six[1] == 0x02)
                && !(six[0] == 0x20 && six[1] == 0x01 && (six[2] < 0x02 || (six[2] == 0x0d && six[3] == 0xb8)));
        }

        Span<byte> b = stackalloc byte[4];
        address.TryWriteBytes(b, out _);
        return b[0] switch
        {
            0 or 10 or 127 or >= 224 => false,
            100 when (b[1] & 0xc0) == 64 => false,
            169 when b[1] == 254 => false,
            172 when (b[1] & 0xf0) == 16 => false,
            192 when b[1] == 168 || (b[1] == 0 && b[2] is 0 or 2) || (b[1] == 88 && b[2] == 99) => false,
            198 when (b[1] & 0xfe) == 18 || (b[1] == 51 && b[2] == 100) => false,
            203 when b[1] == 0 && b[2] == 113 => false,
            _ => true,
        };
    }

    public void Dispose() => Client.Dispose();
}
