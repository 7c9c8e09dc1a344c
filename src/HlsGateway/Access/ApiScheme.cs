using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// How a caller of the API says who it is: a bearer token, or in the Studio a cookie that stands for one. The header wins; who sends
/// neither is answered as one without a token.
/// </summary>
internal static class ApiScheme
{
    public const string Name = "Api";

    public const string Cookie = "hlsgateway-studio";

    /// <summary>What the description of the API calls the cookie.</summary>
    public const string CookieSchemeName = "Cookie";

    /// <summary>The SHA-256 of the token that a cookie stands for, in hexadecimal.</summary>
    private const string DigestClaim = "digest";

    /// <summary>
    /// The last "sign out everywhere" that was known when it was given. Not the time at which it was given: the clocks of two gateways
    /// differ, and a cookie must not survive, or end at once, for that.
    /// </summary>
    private const string AfterClaim = "after";

    /// <summary>A cookie that is used goes on; one that is not ends after this time.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public static void Add(AuthenticationBuilder authentication)
    {
        authentication.AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Name, null);
        authentication.AddPolicyScheme(Name, null, scheme => scheme.ForwardDefaultSelector = static context =>
            // Authorization looks at who calls an open endpoint too. Players and pages are nobody there: they send their cookie unasked, and no value beside it.
            IsByCookie(context) && context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null ? Cookie : BearerHandler.Name);
        authentication.AddCookie(Cookie);
        authentication.Services.AddOptions<CookieAuthenticationOptions>(Cookie).Configure<IOptions<GatewayOptions>, TimeProvider>(static (cookie, gateway, time) =>
        {
            cookie.Cookie.Name = Cookie;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.IsEssential = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            // A proxy that nobody told us of may end TLS: then the public address says that there is some.
            cookie.Cookie.SecurePolicy = gateway.Value.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
            cookie.Cookie.Path = "/";
            cookie.ExpireTimeSpan = Lifetime;
            cookie.SlidingExpiration = true;
            cookie.TimeProvider = time;
            cookie.ForwardChallenge = BearerHandler.Name;
            cookie.ForwardForbid = BearerHandler.Name;
            cookie.Events.OnValidatePrincipal = ValidateAsync;
        });
    }

    /// <summary>Whether the request says who it is by its cookie alone.</summary>
    public static bool IsByCookie(HttpContext context) => context.Request.Headers.Authorization.Count == 0 && context.Request.Cookies.ContainsKey(Cookie);

    /// <summary>Gives the browser a cookie that stands for this token.</summary>
    public static Task SignInAsync(HttpContext context, KnownToken token)
    {
        var after = context.RequestServices.GetRequiredService<TokenTable>().SignedOutAt(token.Digest);
        var identity = new ClaimsIdentity([new Claim(DigestClaim, Convert.ToHexStringLower(token.Digest)), new Claim(AfterClaim, after.ToString(CultureInfo.InvariantCulture))], Cookie);
        return context.SignInAsync(Cookie, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
    }

    /// <summary>Who a caller with this token is.</summary>
    public static ClaimsPrincipal PrincipalOf(KnownToken token, string scheme)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Role, token.Role), new Claim(ClaimTypes.Name, Actor.OfToken(token.Name, token.Role).Text)], scheme);
        // Whose it is, without the role: the same for a token that replaces another.
        if (token.Name.Length > 0)
            identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, token.Name));
        return new ClaimsPrincipal(identity);
    }

    /// <summary>The valid token that the caller of this request has, or that its cookie stands for.</summary>
    public static KnownToken? CallerOf(HttpContext context) => context.Features.Get<Caller>()?.Token;

    /// <summary>Whether the request was let in for its cookie, which a browser sends whoever asks for it.</summary>
    public static bool IsLetInByCookie(HttpContext context) => context.Features.Get<Caller>() is { IsByCookie: true };

    public static void Remember(HttpContext context, KnownToken token, bool isByCookie) => context.Features.Set(new Caller(token, isByCookie));

    /// <summary>A cookie says nothing by itself: it stands for a token, which may have been revoked, or may have signed out everywhere, at any gateway.</summary>
    private static async Task ValidateAsync(CookieValidatePrincipalContext cookie)
    {
        var services = cookie.HttpContext.RequestServices;
        var tokens = services.GetRequiredService<TokenTable>();
        if (cookie.Principal?.FindFirstValue(DigestClaim) is { } digest && long.TryParse(cookie.Principal.FindFirstValue(AfterClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            && tokens.FindByDigest(Convert.FromHexString(digest)) is { } token && token.StateAt(services.GetRequiredService<TimeProvider>().GetUtcNow()) == TokenState.Active
            && after >= tokens.SignedOutAt(token.Digest))
        {
            tokens.Watch(cookie.HttpContext, token, after);
            Remember(cookie.HttpContext, token, isByCookie: true);
            // The role is the token's, each time anew; a cookie that is renewed stays as it was.
            cookie.ReplacePrincipal(PrincipalOf(token, Cookie));
            return;
        }
        cookie.RejectPrincipal();
        // Before the database has answered, a token that the API made is only unknown yet: its cookie stays in the browser.
        if (tokens.IsRead)
            await cookie.HttpContext.SignOutAsync(Cookie);
    }

    private sealed record Caller(KnownToken Token, bool IsByCookie);
}
