using System.ComponentModel;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Tokens;

/// <summary>Body of <c>POST /api/session</c>.</summary>
/// <param name="Token">The secret of a token.</param>
internal sealed record SignIn(string? Token);

/// <param name="Name">Whose token it is; empty where it has no name.</param>
/// <param name="ExpiresAt">When the token ends; null: not by itself.</param>
/// <param name="Csrf">To be sent as X-Csrf with every change that is made with the cookie; null for a bearer token, which needs none.</param>
internal sealed record SignedIn(string Name, string Role, DateTimeOffset? ExpiresAt, string? Csrf);

/// <summary><c>/api/session</c>: a cookie in place of a token, for pages.</summary>
internal static class SignInEndpoints
{
    /// <summary>Where the login link leads.</summary>
    public const string LinkPath = "/studio/enter";

    /// <summary>Nobody has a longer token; nothing longer is looked at.</summary>
    private const int MostCharacters = 512;

    private static readonly string[] Reading = ["GET", "HEAD"];

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/session").WithTags("Tokens");
        group.MapGet("", Tell).RequireAuthorization(Roles.Any).WithName("getSignIn").WithSummary("Who is signed in, and what a change must carry");
        group.MapPost("", SignInAsync).AllowAnonymous().WithName("signIn").WithSummary("A cookie that stands for a token: HttpOnly, of this site alone, for as long as the token is valid")
            .ProducesProblems(Problem.WrongToken, Problem.ExpiredToken, Problem.RevokedToken, Problem.TooManyWrongTokens, Problem.TokensUnread, Problem.CrossSite);
        group.MapDelete("", SignOutAsync).RequireAuthorization(Roles.Any).TakesHeaders(CrossSite.Header).WithName("signOut").WithSummary("Signs out, here or everywhere");
        app.MapMethods(LinkPath, Reading, EnterAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static Ok<SignedIn> Tell(HttpContext context, IAntiforgery antiforgery)
    {
        var token = ApiScheme.CallerOf(context);
        // Says for itself that its answer is for nobody else, and warns where somebody else has said so.
        var csrf = ApiScheme.IsLetInByCookie(context) ? antiforgery.GetAndStoreTokens(context).RequestToken : null;
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new SignedIn(token?.Name ?? "", token?.Role ?? "", token?.ExpiresAt, csrf));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SignInAsync(SignIn body, HttpContext context, TokenTable tokens, FailedAttempts failures, GatewayMetrics metrics, TimeProvider time)
    {
        // Else a page of another site could sign a visitor in as somebody else.
        if (CrossSite.Fault(context) is { } fault)
            return Problems.Of(Problem.CrossSite, fault);
        var secret = body.Token ?? "";
        if (secret.Length > MostCharacters || tokens.Find(secret) is not { } token)
        {
            if (!tokens.IsRead && secret.StartsWith(TokenTable.MadePrefix, StringComparison.Ordinal))
                return Problems.Of(Problem.TokensUnread, "The database, which holds the tokens of POST /api/tokens, has not answered since this gateway started. Try again in a moment.");
            metrics.AuthenticationFailures.Add(1);
            if (failures.TryTake(context.Connection.RemoteIpAddress))
                return Problems.Of(Problem.WrongToken, "Compare it with the token that you were given: copy it whole, without spaces.");
            context.Response.Headers.RetryAfter = "1";
            return Problems.Of(Problem.TooManyWrongTokens, "This address sent too many unknown tokens. Send a valid token: it is accepted at once.");
        }
        switch (token.StateAt(time.GetUtcNow()))
        {
            case TokenState.Revoked:
                return Problems.Of(Problem.RevokedToken, $"It was revoked at {Rfc3339.Text(token.RevokedAt.GetValueOrDefault())}. Ask an admin for a new one.");
            case TokenState.Expired:
                return Problems.Of(Problem.ExpiredToken, $"It expired at {Rfc3339.Text(token.ExpiresAt.GetValueOrDefault())}. Ask an admin for a new one.");
            default:
                // The keys of cookies are in the database too.
                if (!tokens.IsRead)
                    return Problems.Of(Problem.TokensUnread, "The database, which holds the keys of cookies, has not answered since this gateway started. Try again in a moment; as a bearer token it works without.");
                await ApiScheme.SignInAsync(context, token);
                return TypedResults.NoContent();
        }
    }

    private static async Task<NoContent> SignOutAsync(
        HttpContext context, TokenStore store, TokenRefresh refresh, CancellationToken ct, [Description("true: every browser that was signed in with this token, at every gateway that shares the database.")] bool everywhere = false)
    {
        if (everywhere && ApiScheme.CallerOf(context) is { } token)
        {
            await store.SignOutAsync(Convert.ToHexStringLower(token.Digest), ct);
            await refresh.RefreshAsync(ct);
        }
        await context.SignOutAsync(ApiScheme.Cookie);
        return TypedResults.NoContent();
    }

    /// <summary>Relative addresses: whatever prefix a proxy adds stays.</summary>
    private static async Task<RedirectHttpResult> EnterAsync(HttpContext context, LoginLink link, TokenTable tokens, string? code = null)
    {
        context.Response.Headers.CacheControl = "no-store";
        // A look ahead (HEAD) uses nothing up.
        if (HttpMethods.IsHead(context.Request.Method))
            return TypedResults.Redirect("./");
        // Nor does a visit while the keys of cookies cannot be read: the link works once the database answers.
        if (!tokens.IsRead || link.Use(code ?? "") is not { } token)
            return TypedResults.Redirect("sign-in?link=used");
        await ApiScheme.SignInAsync(context, token);
        return TypedResults.Redirect("./");
    }
}
