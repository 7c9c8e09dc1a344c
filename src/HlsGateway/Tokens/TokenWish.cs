using HlsGateway.Access;

namespace HlsGateway.Tokens;

/// <summary>A token that somebody wants, checked.</summary>
/// <param name="ExpiresAt">Null: until it is revoked.</param>
internal sealed record TokenWish(string Name, string Role, DateTimeOffset? ExpiresAt)
{
    /// <summary>Reads what a client or the command line says.</summary>
    /// <returns>What is wrong and what to write instead; null when nothing is.</returns>
    public static string? TryRead(string? name, string? role, string? expiresAt, DateTimeOffset now, out TokenWish wish)
    {
        wish = new TokenWish(name ?? "", role ?? "", null);
        if (!TokenRules.IsName(wish.Name))
            return $"The name says whose token it is, and stands in the list of changes: {TokenRules.NameRule}.";
        if (!Roles.All.Contains(wish.Role, StringComparer.Ordinal))
            return $"The role must be one of {string.Join(", ", Roles.All)}{(Nearest.To(wish.Role, Roles.All) is { } near ? $"; did you mean '{near}'?" : ".")}";
        if (string.IsNullOrEmpty(expiresAt))
            return null;
        if (!Rfc3339.TryRead(expiresAt, out var end, out var why))
            return $"expires_at {why}. Leave it out for a token that does not expire.";
        if (end <= now)
            return $"expires_at is {Rfc3339.Text(end)}, which has passed already.";
        wish = wish with { ExpiresAt = end };
        return null;
    }
}
