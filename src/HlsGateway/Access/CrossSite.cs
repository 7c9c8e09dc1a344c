using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// A browser sends its cookie with whatever a page makes it send. So a change that is asked for with the cookie alone must carry a
/// value that only a page of ours can read, and no page of another site is answered at all.
/// </summary>
internal static class CrossSite
{
    public const string Header = "X-Csrf";

    /// <summary>What a browser would run or show an answer as. Answers of the API are data, for scripts of ours, pictures and downloads.</summary>
    private static readonly string[] NeverFor = ["script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "xslt", "manifest", "object", "embed", "frame", "iframe", "fencedframe", "report"];

    public static void Add(IServiceCollection services)
    {
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.HeaderName = Header;
            antiforgery.SuppressXFrameOptionsHeader = true;
            antiforgery.Cookie.Name = "hlsgateway-csrf";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.Path = "/";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }

    /// <summary>After authorization: who may not make the call is told so first.</summary>
    public static async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        // What is open to everybody, the pages' own files among it, is not let in by a cookie, though it comes with one.
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null && ApiScheme.IsLetInByCookie(context))
        {
            if (Fault(context) is { } fault)
            {
                await Problems.Of(Problem.CrossSite, fault).ExecuteAsync(context);
                return;
            }
            if (!IsReading(context.Request.Method) && !await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context))
            {
                await Problems.Of(Problem.MissingCsrf, $"Read 'csrf' with GET /api/session, and send it as the header {Header} with every change.").ExecuteAsync(context);
                return;
            }
        }
        await next(context);
    }

    /// <summary>
    /// No worker is ours. One that stood below /watch or /media, from an origin's or an uploader's bytes, would answer in place of the
    /// gateway for as long as the browser keeps it; the header is one that no script can set or leave out.
    /// </summary>
    public static Task RefuseServiceWorkers(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers["Service-Worker"].Count == 0 && !context.Request.Headers["Sec-Fetch-Dest"].ToString().Equals("serviceworker", StringComparison.OrdinalIgnoreCase))
            return next(context);
        SecurityHeaders.LetPlayersRead(context);
        return Problems.Of(Problem.NoServiceWorker, "Play the stream without one.").ExecuteAsync(context);
    }

    /// <summary>What tells that a page of another site asks; null where nothing does.</summary>
    public static string? Fault(HttpContext context)
    {
        const string remedy = "A program of your own calls the API with a token and no cookie.";
        var headers = context.Request.Headers;
        // Pages of the same site at another name or port are strangers too; "none" is somebody who typed the address.
        if (headers["Sec-Fetch-Site"].ToString() is var site && site is not ("" or "same-origin" or "none"))
            return $"The browser says that a page of another site asked for it (Sec-Fetch-Site). {remedy}";
        if (NeverFor.Contains(headers["Sec-Fetch-Dest"].ToString(), StringComparer.OrdinalIgnoreCase))
            return $"The browser would run or embed the answer (Sec-Fetch-Dest), and the API answers data. {remedy}";
        // Browsers send Sec-Fetch-Site over TLS and to the own machine alone.
        return site.Length == 0 && headers.Origin.Count > 0 && !IsOurs(headers.Origin.ToString(), context)
            ? $"The browser says that a page of another site asked for it (Origin). Behind a proxy that changes Host, set Gateway:PublicUrl. {remedy}"
            : null;
    }

    private static bool IsReading(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>By host and port alone: a proxy that nobody told us of may end TLS. One that passes Host on without its port cannot say which.</summary>
    private static bool IsOurs(string origin, HttpContext context)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var from))
            return false;
        var host = context.Request.Host;
        return string.Equals(from.Host, host.Host, StringComparison.OrdinalIgnoreCase) && (host.Port is null || host.Port == from.Port)
            || context.RequestServices.GetRequiredService<IOptions<GatewayOptions>>().Value.PublicUrl is { Length: > 0 } site && string.Equals(from.Authority, new Uri(site).Authority, StringComparison.OrdinalIgnoreCase);
    }
}
