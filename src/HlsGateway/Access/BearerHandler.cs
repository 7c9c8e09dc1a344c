using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// <c>Authorization: Bearer …</c> (RFC 6750, section 2.1 alone: never a query parameter, form field or cookie, so a token cannot
/// end in a log, a Referer or a cross-site request).
/// </summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    TokenTable tokens, FailedAttempts failures, GatewayMetrics metrics)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "Bearer";

    private bool exhausted;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        var header = Request.Headers.Authorization;
        if (header.Count == 0) return AuthenticateResult.NoResult();
        if (header.Count != 1 || !AuthenticationHeaderValue.TryParse(header[0], out var value) ||
            !value.Scheme.Equals(Name, StringComparison.OrdinalIgnoreCase) || value.Parameter is not { Length: > 0 and <= 512 } token)
            return AuthenticateResult.Fail("The Authorization header holds no bearer token.");

        if (tokens.RoleOf(token) is not { } role)
        {
            exhausted = !failures.TryTake(Context.Connection.RemoteIpAddress);
            metrics.AuthenticationFailures.Add(1);
            return AuthenticateResult.Fail("The token is not known.");
        }
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Role, role), new Claim(ClaimTypes.Name, role)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (exhausted)
        {
            Response.Headers.RetryAfter = "1";
            await Problems.Of(429, "too-many-wrong-tokens", "Too many wrong tokens",
                "This address sent too many tokens that are not ours. Send a valid one: it passes at once.").ExecuteAsync(Context);
            return;
        }
        Response.Headers.WWWAuthenticate = Name;
        await Problems.Of(401, "unauthenticated", "A bearer token is needed",
            "Send 'Authorization: Bearer <token>'. The tokens are those of Gateway:ApiTokens, or the one in the file api-token of the data directory.")
            .ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Of(403, "forbidden", "The token's role does not allow this",
            "Use a token with the role that this call asks for (analyst, editor, uploader) or the role admin.").ExecuteAsync(Context);
}
