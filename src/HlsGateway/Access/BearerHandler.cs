using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// <c>Authorization: Bearer …</c> (RFC 6750, section 2.1 alone: never a query parameter or form field, so a token cannot
/// end in a log or a Referer). Only who holds the whole secret is told that its token has expired or was revoked.
/// </summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    TokenTable tokens, FailedAttempts failures, TimeProvider time, GatewayMetrics metrics)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "Bearer";

    private const string NewOne = "Ask an admin for a new one (POST /api/tokens).";

    private ProblemHttpResult refusal = Problems.Of(Problem.Unauthenticated,
        "Send 'Authorization: Bearer <token>'. POST /api/tokens makes tokens, and Gateway:ApiTokens sets them. Without these, use the one in the file api-token of the data directory.");

    private static ProblemHttpResult Unread => Problems.Of(Problem.TokensUnread,
        "The database, which holds the tokens of POST /api/tokens, has not answered since this gateway started. Try again in a moment; a token of Gateway:ApiTokens is checked without it.");

    /// <summary>For <c>WWW-Authenticate</c> (RFC 6750, section 3.1); null where no token was sent.</summary>
    private string? fault;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        var header = Request.Headers.Authorization;
        if (header.Count == 0)
            return AuthenticateResult.NoResult();
        if (header.Count != 1 || !AuthenticationHeaderValue.TryParse(header[0], out var value) ||
            !value.Scheme.Equals(Name, StringComparison.OrdinalIgnoreCase) || value.Parameter is not { Length: > 0 and <= 512 } secret)
            return AuthenticateResult.Fail("The Authorization header holds no bearer token.");

        if (tokens.Find(secret) is not { } token)
            return Unknown(secret);
        var state = token.StateAt(time.GetUtcNow());
        if (state == TokenState.Revoked)
            return Refuse(Problem.RevokedToken, $"It was revoked at {Rfc3339.Text(token.RevokedAt.GetValueOrDefault())}. {NewOne}");
        if (state == TokenState.Expired)
            return Refuse(Problem.ExpiredToken, $"It expired at {Rfc3339.Text(token.ExpiresAt.GetValueOrDefault())}. {NewOne}");

        ApiScheme.Remember(Context, token, isByCookie: false);
        tokens.Watch(Context, token);
        return AuthenticateResult.Success(new AuthenticationTicket(ApiScheme.PrincipalOf(token, Name), Name));
    }

    private AuthenticateResult Unknown(string secret)
    {
        if (!tokens.IsRead && secret.StartsWith(TokenTable.MadePrefix, StringComparison.Ordinal))
        {
            refusal = Unread;
            return AuthenticateResult.Fail("The tokens in the database are not known yet.");
        }
        metrics.AuthenticationFailures.Add(1);
        var result = Refuse(Problem.WrongToken, "Compare it with the token that you were given: copy it whole, without spaces. An admin can list the tokens with GET /api/tokens.");
        if (!failures.TryTake(Context.Connection.RemoteIpAddress))
            refusal = Problems.Of(Problem.TooManyWrongTokens,
                "This address sent too many unknown tokens. Send a valid token: it is accepted at once.");
        return result;
    }

    private AuthenticateResult Refuse(Problem problem, string detail)
    {
        refusal = Problems.Of(problem, detail);
        fault = problem.Title;
        return AuthenticateResult.Fail(problem.Title);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // The cookie was looked at by the other handler, and is worth nothing here.
        if (ApiScheme.IsByCookie(Context))
            refusal = tokens.IsRead ? Problems.Of(Problem.Unauthenticated, "This browser is not signed in any more: it has signed out, or the token that its cookie stands for is no longer valid. Sign in again.") : Unread;
        if (refusal.StatusCode == 401)
            Response.Headers.WWWAuthenticate = fault is null ? $"{Name} realm=\"hlsgateway\"" : $"{Name} realm=\"hlsgateway\", error=\"invalid_token\", error_description=\"{fault}\"";
        else
            Response.Headers.RetryAfter = "1";
        return refusal.ExecuteAsync(Context);
    }

    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var needed = await NeededRolesAsync();
        var caller = ApiScheme.CallerOf(Context);
        Response.Headers.WWWAuthenticate = $"{Name} realm=\"hlsgateway\", error=\"insufficient_scope\", scope=\"{string.Join(' ', needed)}\"";
        var problem = Problems.Of(Problem.Forbidden,
            $"This call needs the role {string.Join(" or ", needed)}; the token{(caller?.Name is { Length: > 0 } name ? $" '{name}'" : "")} has the role {caller?.Role}.");
        problem.ProblemDetails.Extensions["needed_roles"] = needed;
        problem.ProblemDetails.Extensions["role"] = caller?.Role;
        await problem.ExecuteAsync(Context);
    }

    /// <summary>What the endpoint asks for; an endpoint that states nothing needs admin.</summary>
    private async Task<string[]> NeededRolesAsync()
    {
        var stated = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>() ?? [];
        var policy = await AuthorizationPolicy.CombineAsync(Context.RequestServices.GetRequiredService<IAuthorizationPolicyProvider>(), stated);
        return policy?.Requirements.OfType<RolesAuthorizationRequirement>().Select(role => role.AllowedRoles).Aggregate<IEnumerable<string>, string[]?>(
            null, static (all, these) => all is null ? [.. these] : [.. all.Intersect(these, StringComparer.Ordinal)]) ?? [Roles.Admin];
    }
}
