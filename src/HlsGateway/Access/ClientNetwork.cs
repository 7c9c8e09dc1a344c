using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Access;

/// <summary>
/// The network that an address stands for where clients are rationed. IPv4: the address itself, since a wider one would put strangers
/// together. IPv6: its /64, for one customer holds that at least, and single addresses would be 2^64 rations.
/// </summary>
internal static class ClientNetwork
{
    /// <summary>A proxy on this machine, or the operator at its keyboard; also where a socket for both families writes 127.0.0.2 as IPv6.</summary>
    public static bool IsThisMachine(IPAddress address) => IPAddress.IsLoopback(Plain(address));

    public static IPAddress Of(IPAddress client)
    {
        var address = Plain(client);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>A socket for both families writes IPv4 addresses as IPv6.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
