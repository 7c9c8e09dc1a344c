using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
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

    /// <summary>The SHA-256 of the token that a cookie stands for, in hexadecimal.</summary>
    private const string DigestClaim = "digest";

    /// <summary>When it was given, Unix milliseconds: the framework's own time of it is cut to seconds.</summary>
    private const string GivenClaim = "given";

    /// <summary>A cookie that is used goes on; one that is not ends after this time.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public static void Add(AuthenticationBuilder authentication)
    {
        authentication.AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Name, null);
        authentication.AddPolicyScheme(Name, null, scheme => scheme.ForwardDefaultSelector = static context => IsByCookie(context) ? Cookie : BearerHandler.Name);
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
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds();
        var identity = new ClaimsIdentity([new Claim(DigestClaim, Convert.ToHexStringLower(token.Digest)), new Claim(GivenClaim, now.ToString(CultureInfo.InvariantCulture))], Cookie);
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

    /// <summary>The token that a cookie of this request stands for; null where it stands for none that is valid.</summary>
    public static KnownToken? TokenOf(HttpContext context) => context.Features.Get<Behind>()?.Token;

    /// <summary>A cookie says nothing by itself: it stands for a token, which may have been revoked, or may have signed out everywhere, at any gateway.</summary>
    private static async Task ValidateAsync(CookieValidatePrincipalContext cookie)
    {
        var services = cookie.HttpContext.RequestServices;
        var tokens = services.GetRequiredService<TokenTable>();
        if (cookie.Principal?.FindFirstValue(DigestClaim) is { } digest && long.TryParse(cookie.Principal.FindFirstValue(GivenClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            && tokens.FindByDigest(digest) is { } token && token.StateAt(services.GetRequiredService<TimeProvider>().GetUtcNow()) == TokenState.Active
            && given > tokens.SignedOutAt(digest).ToUnixTimeMilliseconds())
        {
            tokens.Watch(cookie.HttpContext, token);
            cookie.HttpContext.Features.Set(new Behind(token));
            // The role is the token's, each time anew; a cookie that is renewed stays as it was.
            cookie.ReplacePrincipal(PrincipalOf(token, Cookie));
            return;
        }
        cookie.RejectPrincipal();
        await cookie.HttpContext.SignOutAsync(Cookie);
    }

    private sealed record Behind(KnownToken Token);
}
