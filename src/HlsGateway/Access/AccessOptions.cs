using System.Net;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>The keys of the section <c>Gateway</c> that say who may come in and whom we believe.</summary>
public sealed class AccessOptions
{
    /// <summary>Empty: one admin token is made on first start and kept in the data directory.</summary>
    public ApiToken[] ApiTokens { get; init; } = [];

    /// <summary>Addresses or CIDR ranges whose X-Forwarded-For and X-Forwarded-Proto are believed; empty believes nobody.</summary>
    public string[] KnownProxies { get; init; } = [];

    /// <summary>One of <see cref="KnownProxies"/>; a single address is a network of one.</summary>
    internal static IPNetwork NetworkOf(string proxy) =>
        IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : IPNetwork.Parse(proxy);
}

public sealed class ApiToken
{
    public string Token { get; init; } = "";

    public string Role { get; init; } = "";
}

/// <summary>Stops the start with the key's name and the reason; a token's own text is never part of a message.</summary>
internal sealed class AccessOptionsValidator : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var failures = new List<string>();
        for (var i = 0; i < options.ApiTokens.Length; i++)
        {
            var token = options.ApiTokens[i];
            if (token.Token.Length < 8)
                failures.Add($"Gateway:ApiTokens:{i}:Token must have 8 characters or more; 32 random ones are better.");
            if (token.Token.AsSpan().ContainsAnyExceptInRange('!', '~'))
                failures.Add($"Gateway:ApiTokens:{i}:Token may hold printable ASCII without spaces only: it travels in a header.");
            if (!Roles.All.Contains(token.Role, StringComparer.Ordinal))
                failures.Add($"Gateway:ApiTokens:{i}:Role is '{token.Role}'; it must be one of {string.Join(", ", Roles.All)}.");
        }
        for (var i = 0; i < options.KnownProxies.Length; i++)
        {
            if (!IPAddress.TryParse(options.KnownProxies[i], out _) && !IPNetwork.TryParse(options.KnownProxies[i], out _))
                failures.Add($"Gateway:KnownProxies:{i} is '{options.KnownProxies[i]}'; it must be an IP address or a range such as 10.0.0.0/8.");
        }
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
