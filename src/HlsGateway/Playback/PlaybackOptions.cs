using System.Buffers;
using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Playback;

/// <summary>The section <c>Gateway:Origin</c>: how playlists of foreign origins are fetched and kept.</summary>
internal sealed class OriginOptions : IValidatableObject
{
    public const string Section = "Gateway:Origin";

    /// <summary>Further hosts (<c>host</c> or <c>host:port</c>) whose playlists and keys may be fetched (rule I2).</summary>
    public string[] AllowedHosts { get; init; } = [];

    /// <summary>
    /// Names of query parameters that viewers add and the origin is to see, in playlists and redirects. Each value of one is a playlist
    /// of its own, fetched and kept; every other parameter that an origin's playlist did not write is left out.
    /// </summary>
    public string[] QueryParameters { get; init; } = [];

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");

    private static readonly SearchValues<char> NoHost = SearchValues.Create("/\\@?# ");

    /// <summary>Bound of one fetch, headers and body together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a VOD playlist is served without asking the origin again, where the origin's Cache-Control says nothing.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a playlist is served after the last good answer of its origin (rule H5).</summary>
    public TimeSpan StaleFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a viewer waits for a revalidation before the known playlist is served.</summary>
    public TimeSpan RevalidationPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a failed fetch is remembered, so that a failing origin is not flooded with requests.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of memory that playlists, their indexes and their templates take together, at most.</summary>
    public long CacheBytes { get; init; } = 256L << 20;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(2))
            yield return new ValidationResult($"{Section}:Timeout is {Timeout}; it must be more than zero and at most two minutes.");
        if (FreshFor < TimeSpan.Zero || StaleFor < TimeSpan.Zero || RetryAfter < TimeSpan.Zero || RevalidationPatience < TimeSpan.Zero)
            yield return new ValidationResult($"{Section}: FreshFor, StaleFor, RetryAfter and RevalidationPatience must not be negative.");
        for (var i = 0; i < AllowedHosts.Length; i++)
        {
            if (AllowedHosts[i].AsSpan().ContainsAny(NoHost) || !Uri.TryCreate($"http://{AllowedHosts[i]}/", UriKind.Absolute, out _))
                yield return new ValidationResult($"{Section}:AllowedHosts:{i} is '{AllowedHosts[i]}'; it must be a host's name, with a port where it is not the scheme's, for instance media.example or media.example:8443.");
        }

        for (var i = 0; i < QueryParameters.Length; i++)
        {
            if (QueryParameters[i].Length == 0 || QueryParameters[i].AsSpan().ContainsAnyExcept(NameCharacters) || PlayerQuery.IsOurName(QueryParameters[i]))
                yield return new ValidationResult($"{Section}:QueryParameters:{i} is '{QueryParameters[i]}'; it must be a parameter's name of letters, digits and - . _ ~ that the gateway does not use itself.");
        }

        if (CacheBytes < 32L << 20)
            yield return new ValidationResult($"{Section}:CacheBytes is {CacheBytes}; the least is 33554432 (32 MiB). A playlist that weighs more than half of it is read again for each viewer.");
    }
}
