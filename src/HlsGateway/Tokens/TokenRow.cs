using HlsGateway.Access;

namespace HlsGateway.Tokens;

/// <summary>A row of <c>api_token</c>. Times are Unix milliseconds.</summary>
internal sealed record TokenRow
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Role { get; init; } = "";

    public string Sha256 { get; init; } = "";

    public long CreatedAt { get; init; }

    public string CreatedBy { get; init; } = "";

    public long? ExpiresAt { get; init; }

    public long? RevokedAt { get; init; }

    public string? RevokedBy { get; init; }

    public KnownToken Known => new(Id, Name, Role, TokenSource.Api, Convert.FromHexString(Sha256), At(ExpiresAt), At(RevokedAt));

    /// <summary>For the list of changes.</summary>
    public string Description => $"{Actor.OfToken(Name, Role)}{(At(ExpiresAt) is { } end ? $", until {Rfc3339.Text(end)}" : "")}";

    internal static DateTimeOffset? At(long? ms) => ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}
