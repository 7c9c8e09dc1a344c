using System.ComponentModel.DataAnnotations;
using System.Text;

namespace HlsGateway;

/// <summary>The section <c>Gateway:Sessions</c>.</summary>
internal sealed class SessionsOptions : IValidatableObject
{
    public const string Section = "Gateway:Sessions";

    /// <summary>Secrets of 32 bytes or more; the first signs, all verify. Empty: one is made on first start and kept in the data directory.</summary>
    public string[] Keys { get; init; } = [];

    /// <summary>How long a session's URIs stay valid after it began.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Sessions that one network (an IPv4 address, an IPv6 /64) may begin within <see cref="StartsWindow"/>; further viewers there play uncounted. 0: no bound.</summary>
    public int StartsPerNetwork { get; init; } = 10_000;

    /// <summary>The span that <see cref="StartsPerNetwork"/> is for.</summary>
    public TimeSpan StartsWindow { get; init; } = TimeSpan.FromHours(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Keys.Length; i++)
        {
            if (Encoding.UTF8.GetByteCount(Keys[i]) < 32)
                yield return new ValidationResult($"{Section}:Keys:{i} is shorter than 32 bytes; use a longer secret, for instance the output of `openssl rand -base64 32`.");
        }

        if (StartsPerNetwork < 0)
            yield return new ValidationResult($"{Section}:StartsPerNetwork is {StartsPerNetwork}; it must not be negative. 0 sets no bound.");
        if (StartsWindow < TimeSpan.FromSeconds(1) || StartsWindow > TimeSpan.FromDays(1))
            yield return new ValidationResult($"{Section}:StartsWindow is {StartsWindow}; it must lie between one second and one day.");
        if (Lifetime < TimeSpan.FromMinutes(1) || Lifetime > TimeSpan.FromDays(366))
            yield return new ValidationResult($"{Section}:Lifetime is {Lifetime}; it must lie between one minute and 366 days.");
    }
}
