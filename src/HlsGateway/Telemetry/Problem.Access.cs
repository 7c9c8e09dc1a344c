namespace HlsGateway.Telemetry;

/// <summary>Who may call what.</summary>
internal sealed partial class Problem
{
    public static Problem Forbidden { get; } = new("forbidden", 403, "The token's role does not allow this",
        "The token is known, but its role may not make this call.",
        "Use a token with a role that the call asks for, or one of the role admin. The description of each call in /openapi/v1.json names its roles.");

    public static Problem TooManyWrongTokens { get; } = new("too-many-wrong-tokens", 429, "Too many wrong tokens",
        "Too many requests with unknown tokens came from this address within a short time.",
        "Send a valid token: it passes at once. Otherwise wait as long as the Retry-After header says.");

    public static Problem Unauthenticated { get; } = new("unauthenticated", 401, "A bearer token is needed",
        "The call needs a token, and the request carries none.",
        "Send the header 'Authorization: Bearer <token>'. Tokens are those of Gateway:ApiTokens; where none is configured, the first start made one and keeps it in the file api-token of the data directory.");
}
