using HlsGateway.Access;

namespace HlsGateway.Tokens;

/// <summary>Body of <c>POST /api/tokens</c>.</summary>
/// <param name="Name">Whose it is; stands in lists of changes.</param>
/// <param name="Role"><c>analyst</c>, <c>editor</c>, <c>uploader</c> or <c>admin</c>.</param>
/// <param name="ExpiresAt">RFC 3339 with an offset; null: until it is revoked.</param>
internal sealed record NewToken(string? Name, string? Role, string? ExpiresAt = null);

/// <param name="Tokens">Those of the configuration, then those made by API or command line, newest first.</param>
internal sealed record TokenList(IReadOnlyList<TokenView> Tokens);

/// <summary>A token, without its secret.</summary>
/// <param name="Id">For <c>DELETE /api/tokens/{id}</c>.</param>
/// <param name="Source"><c>api</c>, <c>configuration</c> (Gateway:ApiTokens) or <c>file</c> (the one of the first start).</param>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="CreatedAt">Null for those of the configuration.</param>
/// <param name="CreatedBy">Who made it; null for those of the configuration.</param>
/// <param name="ExpiresAt">Null: until it is revoked.</param>
internal record TokenView(
    string Id, string Name, string Role, TokenSource Source, TokenState State, DateTimeOffset? CreatedAt, string? CreatedBy, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt, string? RevokedBy)
{
    public static TokenView Of(KnownToken token, DateTimeOffset now) =>
        new(token.Id, token.Name, token.Role, token.Source, token.StateAt(now), null, null, token.ExpiresAt, null, null);

    public static TokenView Of(TokenRow row, DateTimeOffset now) => new(
        row.Id, row.Name, row.Role, TokenSource.Api, row.Known.StateAt(now), TokenRow.At(row.CreatedAt), row.CreatedBy, TokenRow.At(row.ExpiresAt),
        TokenRow.At(row.RevokedAt), row.RevokedBy);
}

/// <summary>A token that was just made.</summary>
/// <param name="Token">The secret. It is shown this once and kept nowhere.</param>
internal sealed record MadeToken(
    string Id, string Name, string Role, DateTimeOffset? CreatedAt, string? CreatedBy, DateTimeOffset? ExpiresAt, string Token);
