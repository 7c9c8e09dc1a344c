using System.Net;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// Notices requests that say they were forwarded by somebody who is not among <c>Gateway:KnownProxies</c>: all viewers behind that
/// proxy share its address, so nothing may be rationed by it. Said once in the log, since it is a setting that is missing.
/// </summary>
internal sealed class ForwardedClients(IOptions<AccessOptions> access, ILogger<ForwardedClients> log)
{
    private readonly IPNetwork[] known = [.. access.Value.KnownProxies.Select(AccessOptions.NetworkOf)];
    private int told;

    private sealed class Unbelieved
    {
        public static readonly Unbelieved Instance = new();
    }

    /// <summary>Whether the client's address is that of a proxy nobody told us of, as far as headers tell.</summary>
    public static bool AreHidden(HttpContext context) => context.Features.Get<Unbelieved>() is not null;

    /// <summary>Runs before the headers of known proxies are taken over.</summary>
    public Task NoticeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        var forwardedFor = headers.ContainsKey("X-Forwarded-For");
        if ((forwardedFor || headers.ContainsKey("Forwarded")) && !(forwardedFor && IsKnown(context.Connection.RemoteIpAddress)))
        {
            context.Features.Set(Unbelieved.Instance);
            if (Interlocked.Exchange(ref told, 1) == 0)
                log.ForwardedHeadersNotBelieved();
        }

        return next(context);
    }

    private bool IsKnown(IPAddress? address)
    {
        if (address is null) return false;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(known, network => network.Contains(plain));
    }
}
