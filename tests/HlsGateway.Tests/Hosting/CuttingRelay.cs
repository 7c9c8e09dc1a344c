using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// A TCP relay on loopback that resets every connection once, when a given number of bytes has gone up. A reset throws away what
/// stands in the sockets' buffers, megabytes on a busy machine: the relay first waits until nearly all it passed on has arrived.
/// </summary>
public sealed class CuttingRelay : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Uri target;
    private readonly long cutAt;
    private readonly Func<long> arrived;
    private long up;
    private int cuts;

    /// <param name="target">Where to.</param>
    /// <param name="cutAt">Bytes.</param>
    /// <param name="arrived">Bytes that the other side has taken.</param>
    /// <param name="inFlight">Bytes that may be on their way when the cut comes.</param>
    public CuttingRelay(Uri target, long cutAt, Func<long> arrived, int inFlight)
    {
        this.target = target;
        this.cutAt = cutAt;
        this.arrived = () => arrived() + inFlight;
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>All that clients sent, headers too.</summary>
    public long BytesUp => Interlocked.Read(ref up);

    public TaskCompletionSource Cut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await listener.AcceptSocketAsync(ending.Token));
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
                await server.ConnectAsync(target.Host, target.Port, ending.Token);
                await Task.WhenAny(CopyAsync(client, server, counted: true), CopyAsync(server, client, counted: false));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One side is gone: so is the other.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool counted)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await from.ReceiveAsync(buffer, ending.Token)) > 0)
        {
            for (var sent = 0; sent < read;)
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), ending.Token);
            if (counted && Interlocked.Add(ref up, read) >= cutAt && Interlocked.Exchange(ref cuts, 1) == 0)
            {
                await Eventually.IsTrueAsync(() => arrived() >= BytesUp, "what was passed on has arrived");
                from.LingerState = to.LingerState = new LingerOption(true, 0);
                Cut.SetResult();
                return;
            }
        }
    }
}
