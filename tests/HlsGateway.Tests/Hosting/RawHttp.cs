using System.Net.Sockets;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>Bytes to a socket and back, for requests that no HTTP library would send.</summary>
public static class RawHttp
{
    /// <summary>Sends the bytes and reads until the server closes, or until it has been silent for <paramref name="quiet"/> (without one: two seconds, and long for the first byte).</summary>
    /// <returns>Latin-1 text; <c>closed</c> tells whether the server ended the connection.</returns>
    public static async Task<(string Text, bool Closed)> SendAsync(Uri address, string request, TimeSpan? quiet = null)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(request));
        }
        catch (SocketException)
        {
            // The server may refuse before all was sent; its answer is read all the same.
        }
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            using var silence = new CancellationTokenSource(quiet ?? TimeSpan.FromSeconds(text.Length == 0 ? 60 : 2));
            try
            {
                var read = await socket.ReceiveAsync(buffer, silence.Token);
                if (read == 0) return (text.ToString(), true);
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            catch (OperationCanceledException)
            {
                return (text.ToString(), false);
            }
            catch (SocketException)
            {
                return (text.ToString(), true);
            }
        }
    }
}
