namespace HlsGateway.Telemetry;

/// <summary>Tokens that are made and revoked by the API.</summary>
internal sealed partial class Problem
{
    public static Problem BadToken { get; } = new("bad-token", 400, "Such a token cannot be made",
        "The name, the role or the end of the token that is wanted cannot be used. Nothing was made.",
        "The detail tells which of them, and what to write.");

    public static Problem ConfiguredToken { get; } = new("configured-token", 409, "This token is not the API's to revoke",
        "The token stands in the gateway's configuration, or in the file api-token of its data directory. It would be valid again after the next start.",
        "Take it out where the detail says, and restart the gateway.");

    public static Problem LastAdmin { get; } = new("last-admin", 409, "This is the last admin token",
        "No other valid token has the role admin. Without this one nobody could make or revoke tokens any more.",
        "Make another token with the role admin first.");

    public static Problem NoSuchToken { get; } = new("no-such-token", 404, "There is no such token",
        "No token has this id. Ids are not the secrets.",
        "GET /api/tokens lists the tokens with their ids.");

    public static Problem TooManyTokens { get; } = new("too-many-tokens", 409, "There are as many valid tokens as there may be",
        "Every call compares its token with all valid ones, so their number is bounded.",
        "Revoke tokens that nobody uses any more, or give new ones an end.");
}
