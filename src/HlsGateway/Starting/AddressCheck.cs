using System.Net;
using System.Net.Sockets;

namespace HlsGateway.Starting;

/// <summary>
/// Whether the addresses to listen on can be had, tried before anything starts. Another process may still take one in between: then the
/// server's own failure is told in the same way.
/// </summary>
internal sealed class AddressCheck(IConfiguration configuration) : IStartCheck
{
    private const string Key = "urls";

    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        // Endpoints of Kestrel's own section replace these addresses.
        var text = configuration.GetSection("Kestrel:Endpoints").GetChildren().Any() ? "" : configuration[Key] ?? "";
        return Task.FromResult<IReadOnlyList<StartFault>>([.. text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Fault).OfType<StartFault>()]);
    }

    private static StartFault? Fault(string text)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(text);
        }
        catch (FormatException)
        {
            return new(Key, OptionValue.Told($"{Key} is '{text}'; it must be one address or several with semicolons between them, for example http://127.0.0.1:8080."));
        }

        if (address.IsUnixPipe || address.IsNamedPipe || address.Port == 0)
            return null;
        // As Kestrel takes it: a name other than localhost means every address of the machine.
        var ip = IPAddress.TryParse(address.Host.Trim('[', ']'), out var written) ? written
            : string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        try
        {
            using var trial = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (ip.Equals(IPAddress.IPv6Any))
                trial.DualMode = true;
            trial.Bind(new IPEndPoint(ip, address.Port));
            return null;
        }
        catch (SocketException e)
        {
            var why = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"another process listens there. Stop it, or give this one a port of its own, for example --{Key}=http://{(written is null ? "127.0.0.1" : address.Host)}:{(address.Port < 65_535 ? address.Port + 1 : 8080)}",
                SocketError.AccessDenied => $"this user may not listen on port {address.Port}. Use one above 1023, for example --{Key}=http://127.0.0.1:8080",
                SocketError.AddressNotAvailable => $"the machine has no such address. Use one of its own, for example --{Key}=http://127.0.0.1:{address.Port}",
                _ => $"nothing can listen there ({e.Message})",
            };
            return new(Key, OptionValue.Told($"{Key} is '{text}'; {why}."));
        }
    }
}
