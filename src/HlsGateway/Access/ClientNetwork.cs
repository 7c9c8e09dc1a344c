using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Access;

/// <summary>
/// The network that an address stands for where clients are rationed. IPv4: the address itself, since a wider one would put strangers
/// together. IPv6: its /64, for one customer holds that at least, and single addresses would be 2^64 rations.
/// </summary>
internal static class ClientNetwork
{
    public static IPAddress Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
