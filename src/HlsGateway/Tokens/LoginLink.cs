using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Access;

namespace HlsGateway.Tokens;

/// <summary>
/// A link that signs the operator in to the Studio, once, within a quarter of an hour. It stands on the terminal that started the
/// gateway and in the memory of this process, nowhere else.
/// </summary>
internal sealed class LoginLink(TokenTable tokens, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();
    private byte[]? code;
    private DateTimeOffset until;

    /// <summary>Makes the link's code; the one before is worth nothing from now on. Null where no configured token may do everything.</summary>
    public string? Make()
    {
        if (Operator() is null)
            return null;
        var text = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        lock (gate)
        {
            (code, until) = (SHA256.HashData(Encoding.ASCII.GetBytes(text)), time.GetUtcNow() + Lifetime);
        }
        return text;
    }

    /// <summary>Uses the code up.</summary>
    /// <returns>The token that the link stands for; null where the code is wrong, old or was used before.</returns>
    public KnownToken? Use(string given)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), digest);
        lock (gate)
        {
            if (code is null || !CryptographicOperations.FixedTimeEquals(code, digest))
                return null;
            code = null;
            return time.GetUtcNow() < until ? Operator() : null;
        }
    }

    private KnownToken? Operator() => Array.Find(tokens.Configured, token => token.Role == Roles.Admin && token.StateAt(time.GetUtcNow()) == TokenState.Active);
}
