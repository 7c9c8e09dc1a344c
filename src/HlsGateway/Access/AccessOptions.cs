using System.ComponentModel.DataAnnotations;
using System.Net;

namespace HlsGateway.Access;

/// <summary>The keys of the section <c>Gateway</c> that say who may call the API and whose forwarded headers are believed.</summary>
internal sealed class AccessOptions : IValidatableObject
{
    /// <summary>Empty: one admin token is made on first start and kept in the data directory.</summary>
    public ApiToken[] ApiTokens { get; init; } = [];

    /// <summary>Addresses or CIDR ranges whose X-Forwarded-For and X-Forwarded-Proto are believed; empty believes nobody.</summary>
    public string[] KnownProxies { get; init; } = [];

    /// <summary>One of <see cref="KnownProxies"/>; a single address is a network of one.</summary>
    internal static IPNetwork NetworkOf(string proxy) =>
        IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : IPNetwork.Parse(proxy);

    /// <summary>A token's own text is never part of a message.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < ApiTokens.Length; i++)
        {
            var token = ApiTokens[i];
            if (token.Token.Length < 8)
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:Token must have 8 characters or more; 32 random ones are better.");
            if (token.Token.AsSpan().ContainsAnyExceptInRange('!', '~'))
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:Token may hold printable ASCII without spaces only: it travels in a header.");
            if (!Roles.All.Contains(token.Role, StringComparer.Ordinal))
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:Role is '{token.Role}'; it must be one of {string.Join(", ", Roles.All)}.");
            if (token.Name.Length > 0 && !TokenRules.IsName(token.Name))
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:Name must have {TokenRules.NameRule}.");
            if (token.ExpiresAt.Length > 0 && !Rfc3339.TryRead(token.ExpiresAt, out _, out var why))
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:ExpiresAt is '{token.ExpiresAt}'; it {why}.");
            if (Array.FindIndex(ApiTokens, other => other.Token == token.Token) is var first && first < i)
                yield return new ValidationResult($"Gateway:ApiTokens:{i}:Token is the same as Gateway:ApiTokens:{first}:Token; nobody could tell which of the two acts.");
        }
        for (var i = 0; i < KnownProxies.Length; i++)
        {
            if (!IPAddress.TryParse(KnownProxies[i], out _) && !IPNetwork.TryParse(KnownProxies[i], out _))
                yield return new ValidationResult($"Gateway:KnownProxies:{i} is '{KnownProxies[i]}'; it must be an IP address or a range such as 10.0.0.0/8.");
        }
    }
}

internal sealed class ApiToken
{
    public string Token { get; init; } = "";

    public string Role { get; init; } = "";

    /// <summary>Whose it is, for the lists of changes; empty: these tell its role alone.</summary>
    public string Name { get; init; } = "";

    /// <summary>RFC 3339 with an offset; from then on the token is refused. Empty: never.</summary>
    public string ExpiresAt { get; init; } = "";
}
