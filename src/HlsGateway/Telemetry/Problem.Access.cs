namespace HlsGateway.Telemetry;

/// <summary>Who may call what.</summary>
internal sealed partial class Problem
{
    public static Problem CrossSite { get; } = new("cross-site", 403, "A page of another site asked for this",
        "The browser says that a page of another site made the request, or that it would run or embed the answer. For whom the cookie of the Studio stands, only the Studio's own pages may ask.",
        "Use the Studio's own pages; behind a proxy that changes Host, set Gateway:PublicUrl. A program calls the API with 'Authorization: Bearer <token>' and without cookies.");

    public static Problem ExpiredToken { get; } = new("expired-token", 401, "The token has expired",
        "The token was made with an expiry time, and that time has passed.",
        "Ask an admin for a new one: POST /api/tokens makes it. The detail tells when the old one expired.");

    public static Problem Forbidden { get; } = new("forbidden", 403, "The token's role does not allow this",
        "The token is known, but its role may not make this call.",
        "Use a token with one of the roles that 'needed_roles' lists; 'role' is the one that this token has. The description of each call in /openapi/v1.json names its roles too.");

    public static Problem MissingCsrf { get; } = new("missing-csrf", 403, "The change does not carry the page's own value",
        "A change was asked for with the cookie of the Studio alone. So that no other page can make one, it must carry a value that only a page of the Studio can read.",
        "Load the page again. A client of your own reads 'csrf' with GET /api/session and sends it as the header X-Csrf, or uses a bearer token, which needs none.");

    public static Problem NoServiceWorker { get; } = new("no-service-worker", 403, "No service worker is served here",
        "The browser asks for the script of a service worker. One that came from an origin or from an uploaded file would answer in place of the gateway.",
        "Play the stream without one. A page of your own keeps its worker at an address of its own.");

    public static Problem RevokedToken { get; } = new("revoked-token", 401, "The token was revoked",
        "An admin revoked the token, at this gateway or at another one with the same database.",
        "Ask an admin for a new one: POST /api/tokens makes it. The detail tells when the old one was revoked.");

    public static Problem TokensUnread { get; } = new("tokens-unread", 503, "The token cannot be checked yet",
        "The token may be one that POST /api/tokens made. Those tokens are kept in the database, which has not answered since this gateway started.",
        "Try again in a moment. A token of Gateway:ApiTokens, or the one in the file api-token, is checked without the database.");

    public static Problem TooManyWrongTokens { get; } = new("too-many-wrong-tokens", 429, "Too many wrong tokens",
        "Too many requests with unknown tokens came from this address within a short time.",
        "Send a valid token: it is accepted at once. Otherwise wait as long as the Retry-After header says.");

    public static Problem Unauthenticated { get; } = new("unauthenticated", 401, "A bearer token is needed",
        "The call needs a token, and the request carries none.",
        "Send the header 'Authorization: Bearer <token>'. POST /api/tokens makes tokens, and Gateway:ApiTokens sets them. Where none is configured, the first start made one and wrote it to the file api-token of the data directory.");

    public static Problem WrongToken { get; } = new("wrong-token", 401, "The token is not known here",
        "The request carries a token that this gateway does not know.",
        "Compare it with the token that you were given: copy it whole, without spaces. An admin can list the tokens with GET /api/tokens.");
}
