using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>A line between a browser and the gateway that breaks each time so many bytes have gone up it: connections end as they do when a network is lost.</summary>
internal sealed class CuttingLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private readonly Uri gateway;
    private readonly long every;
    private readonly int most;
    private readonly Task accepting;
    private long sent;
    private int cuts;

    /// <param name="every">Bytes between two cuts.</param>
    /// <param name="most">Cuts in all.</param>
    public CuttingLine(Uri gateway, long every, int most)
    {
        (this.gateway, this.every, this.most) = (gateway, every, most);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    /// <summary>Bytes that went up, of requests of all kinds.</summary>
    public long Sent => Interlocked.Read(ref sent);

    public int Cuts => Volatile.Read(ref cuts);

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        listener.Stop();
        Cut();
        await accepting;
        over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true) lines.Add(CarryAsync(await listener.AcceptSocketAsync(over.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task CarryAsync(Socket browser)
    {
        using var to = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (browser)
        {
            (open[browser], open[to]) = (true, true);
            try
            {
                await to.ConnectAsync(gateway.Host, gateway.Port, over.Token);
                await Task.WhenAny(PumpAsync(browser, to, counts: true), PumpAsync(to, browser, counts: false));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The line is broken: that is what it is for.
            }
            finally
            {
                open.TryRemove(browser, out _);
                open.TryRemove(to, out _);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool counts)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, over.Token) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count), over.Token);
                if (counts && Interlocked.Add(ref sent, count) >= every * (Cuts + 1) && Cuts < most)
                {
                    Interlocked.Increment(ref cuts);
                    Cut();
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // As above.
        }
    }

    /// <summary>Every connection, with a reset.</summary>
    private void Cut()
    {
        foreach (var socket in open.Keys)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // It ended by itself.
            }
        }
    }
}
