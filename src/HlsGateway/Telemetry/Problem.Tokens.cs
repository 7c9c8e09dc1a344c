namespace HlsGateway.Telemetry;

/// <summary>Tokens that are made and revoked by the API.</summary>
internal sealed partial class Problem
{
    public static Problem BadToken { get; } = new("bad-token", 400, "This token cannot be made",
        "The name, the role or the expiry time of the new token cannot be used. No token was made.",
        "The detail says which of them is wrong, and what to write.");

    public static Problem ConfiguredToken { get; } = new("configured-token", 409, "The API cannot revoke this token",
        "The token is in the gateway's configuration, or in the file api-token of its data directory. It would be valid again after the next start.",
        "Remove it where the detail says, and restart the gateway.");

    public static Problem LastAdmin { get; } = new("last-admin", 409, "This is the last admin token",
        "No other valid token has the role admin. Without this one nobody could make or revoke tokens any more.",
        "Make another token with the role admin first.");

    public static Problem NoSuchToken { get; } = new("no-such-token", 404, "There is no such token",
        "No token has this id. The id is not the token's secret.",
        "GET /api/tokens lists the tokens with their ids.");

    public static Problem TooManyTokens { get; } = new("too-many-tokens", 409, "The gateway already has the most valid tokens allowed",
        "Every call compares its token with all valid ones, so their number is limited.",
        "Revoke tokens that nobody uses any more. Give new tokens an expiry time.");
}
