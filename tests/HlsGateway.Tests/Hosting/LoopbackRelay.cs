using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Tests.Hosting;

/// <summary>Listens on loopback, connects each client with a target of its own, and lets <c>pass</c> hand on what they say until either is gone.</summary>
/// <param name="target">Where to.</param>
/// <param name="pass">Both ways of one connection, client first; the relay closes both ends when it returns.</param>
internal sealed class LoopbackRelay(IPEndPoint target, Func<Socket, Socket, CancellationToken, Task> pass) : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();

    /// <returns>The port it listens on.</returns>
    public int Start()
    {
        listener.Start();
        _ = AcceptAsync();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
        ending.Dispose();
    }

    /// <summary>Sends all of it.</summary>
    public static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, cancellation)..];
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = RelayAsync(await listener.AcceptSocketAsync(ending.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                await server.ConnectAsync(target, ending.Token);
                await pass(client, server, ending.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One side is gone: so is the other.
            }
        }
    }
}
