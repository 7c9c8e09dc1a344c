namespace HlsGateway.Access;

/// <summary>A bearer token that this process knows, without its secret.</summary>
/// <param name="Id">What it is called in <c>/api/tokens/{id}</c>.</param>
/// <param name="Name">Whose it is; empty where the configuration gives none.</param>
/// <param name="Digest">SHA-256 of the secret.</param>
/// <param name="ExpiresAt">From then on it is refused; null: never.</param>
/// <param name="RevokedAt">Null: it was not revoked.</param>
internal sealed record KnownToken(string Id, string Name, string Role, TokenSource Source, byte[] Digest, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt = null)
{
    public TokenState StateAt(DateTimeOffset now) =>
        RevokedAt is not null ? TokenState.Revoked : ExpiresAt <= now ? TokenState.Expired : TokenState.Active;
}

/// <summary>Where a token comes from, and so where it is taken away.</summary>
internal enum TokenSource
{
    /// <summary><c>Gateway:ApiTokens</c>.</summary>
    Configuration,

    /// <summary>The file <c>api-token</c> of the data directory, written on first start.</summary>
    File,

    /// <summary>The API, or the command line.</summary>
    Api,
}

internal enum TokenState
{
    Active,
    Expired,
    Revoked,
}
