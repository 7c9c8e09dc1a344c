using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Players.Tests.Rig;

internal static class Ports
{
    /// <summary>How often a program is started that found its port taken since it was looked for.</summary>
    public const int Attempts = 5;

    /// <summary>A loopback port that nobody listens at now, for programs that cannot choose one and tell it.</summary>
    public static int Free()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
