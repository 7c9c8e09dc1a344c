using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Antiforgery;

namespace HlsGateway.Access;

/// <summary>
/// A browser sends its cookie with whatever a page makes it send. So a change that is asked for with the cookie alone must carry a
/// value that only a page of ours can read, and no page of another site is answered at all.
/// </summary>
internal static class CrossSite
{
    public const string Header = "X-Csrf";

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
        if (ApiScheme.TokenOf(context) is not null)
        {
            if (IsForeign(context.Request))
            {
                await Problems.Of(Problem.CrossSite, "The browser says that a page of another site asked for it (Sec-Fetch-Site). A program of your own calls the API with a token and no cookie.").ExecuteAsync(context);
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

    private static bool IsReading(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>Pages of the same site at another name or port are strangers too; "none" is somebody who typed the address.</summary>
    private static bool IsForeign(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";
}
