using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Counting;

/// <summary>The section <c>Analytics</c>: the parameters of the definitions in docs/metrics.md.</summary>
internal sealed class AnalyticsOptions : IValidatableObject
{
    public const string Section = "Analytics";

    /// <summary>A session with at least this many watch-seconds is a view; the default takes any content segment.</summary>
    public double ViewSeconds { get; init; } = 0.001;

    /// <summary>
    /// The most a player keeps ahead of what it shows, for the lower bound of sessions that report no buffer of their own. The
    /// default is what hls.js allows itself for a stream of low bit rate (maxMaxBufferLength).
    /// </summary>
    public TimeSpan PlayerBuffer { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>As the sums are kept by.</summary>
    internal RollupRules Rules => new((long)Math.Ceiling(ViewSeconds * 1000), (long)PlayerBuffer.TotalMilliseconds);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ViewSeconds is not (> 0 and <= 86_400))
            yield return new ValidationResult(FormattableString.Invariant($"Analytics:ViewSeconds is {ViewSeconds}; it must be more than 0 and at most 86400, for example 0.001."));
        if (PlayerBuffer < TimeSpan.Zero || PlayerBuffer > TimeSpan.FromDays(1))
            yield return new ValidationResult($"Analytics:PlayerBuffer is {PlayerBuffer}; it must be between 00:00:00 and 1.00:00:00, for example 00:10:00.");
    }
}
