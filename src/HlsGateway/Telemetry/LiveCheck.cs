using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Telemetry;

/// <summary>Asks this process a question from outside, as a viewer would.</summary>
internal sealed class LiveCheck : IDisposable
{
    private static readonly Uri Question = new("http://localhost/healthz/live");

    private readonly HttpClient client;
    private readonly EndPoint end;

    /// <param name="address">An address that this process listens on, as the server tells it: <c>http://[::]:8080</c>, <c>http://unix:/run/gateway.sock</c>.</param>
    /// <param name="patience">How long an answer may take.</param>
    public LiveCheck(string address, TimeSpan patience)
    {
        var listened = BindingAddress.Parse(address);
        end = listened.IsUnixPipe ? new UnixDomainSocketEndPoint(listened.UnixPipePath) : new IPEndPoint(Loopback(listened.Host), listened.Port);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = ConnectAsync, PooledConnectionLifetime = TimeSpan.Zero };
        client = new HttpClient(handler) { Timeout = patience };
    }

    /// <summary>
    /// False where nobody listens, or nothing comes back in time. Any other end is a sign of life: an answer of any status, and a
    /// connection that the server closes, as it does at its limit of connections or where it speaks TLS. A gateway that is full must not
    /// be restarted.
    /// </summary>
    public async Task<bool> IsAnsweredAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await client.GetAsync(Question, ct);
            return true;
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is not SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.TimedOut or SocketError.AddressNotAvailable };
        }
    }

    public void Dispose() => client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(end, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static IPAddress Loopback(string host) =>
        !IPAddress.TryParse(host.Trim('[', ']'), out var ip) || ip.Equals(IPAddress.Any) ? IPAddress.Loopback
        : ip.Equals(IPAddress.IPv6Any) ? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback)
        : ip;
}
