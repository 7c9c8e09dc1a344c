using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Players.Tests.Rig;

internal static class Ports
{
    /// <summary>A loopback port that nobody listens at now, for programs that cannot choose one and tell it.</summary>
    public static int Free()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
