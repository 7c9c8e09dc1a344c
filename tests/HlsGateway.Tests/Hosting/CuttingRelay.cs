using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// A TCP relay on loopback that resets every connection once, when a given number of bytes has gone up. A reset throws away what
/// stands in the sockets' buffers, megabytes on a busy machine: the relay first waits until nearly all it passed on has arrived.
/// </summary>
public sealed class CuttingRelay : IDisposable
{
    private readonly LoopbackRelay relay;
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
        this.cutAt = cutAt;
        this.arrived = () => arrived() + inFlight;
        relay = new LoopbackRelay(new IPEndPoint(IPAddress.Loopback, target.Port), (client, server, cancellation) =>
            Task.WhenAny(CopyAsync(client, server, counted: true, cancellation), CopyAsync(server, client, counted: false, cancellation)));
        Address = new Uri($"http://127.0.0.1:{relay.Start()}/");
    }

    public Uri Address { get; }

    /// <summary>All that clients sent, headers too.</summary>
    public long BytesUp => Interlocked.Read(ref up);

    public TaskCompletionSource Cut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => relay.Dispose();

    private async Task CopyAsync(Socket from, Socket to, bool counted, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await from.ReceiveAsync(buffer, cancellation)) > 0)
        {
            await LoopbackRelay.SendAsync(to, buffer.AsMemory(0, read), cancellation);
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
