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
    /// <summary>The one header that we read a client's address from.</summary>
    private const string Believable = "X-Forwarded-For";

    /// <summary>What proxies say of whom they forward.</summary>
    private static readonly string[] Signs = [Believable, "Forwarded", "X-Forwarded-Proto", "X-Real-IP"];

    private readonly IPNetwork[] known = [.. access.Value.KnownProxies.Select(AccessOptions.NetworkOf)];
    private int told;

    private sealed class Unbelieved
    {
        public static readonly Unbelieved Instance = new();
    }

    /// <summary>Whether the client's address is that of a proxy that is not configured, as far as headers tell.</summary>
    public static bool AreHidden(HttpContext context) => context.Features.Get<Unbelieved>() is not null;

    /// <summary>Runs before the headers of known proxies are taken over.</summary>
    public Task NoticeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        if (Array.Exists(Signs, headers.ContainsKey) && !(headers.ContainsKey(Believable) && IsKnown(context.Connection.RemoteIpAddress)))
        {
            context.Features.Set(Unbelieved.Instance);
            if (Interlocked.Exchange(ref told, 1) == 0)
                log.ForwardedHeadersNotBelieved();
        }

        return next(context);
    }

    private bool IsKnown(IPAddress? address) => address is not null && Array.Exists(known, network => network.Contains(ClientNetwork.Plain(address)));
}
