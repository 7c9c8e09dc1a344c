using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>The section <c>Analytics</c>: the parameters of the definitions in docs/metrics.md.</summary>
public sealed class AnalyticsOptions
{
    public const string Section = "Analytics";

    /// <summary>A session with at least this many watch-seconds is a view; the default takes any content segment.</summary>
    public double ViewSeconds { get; init; } = 0.001;

    /// <summary>
    /// The most a player keeps ahead of what it shows, for the lower bound of sessions that report no buffer of their own. The
    /// default is what hls.js allows itself for a stream of low bit rate (maxMaxBufferLength).
    /// </summary>
    public TimeSpan PlayerBuffer { get; init; } = TimeSpan.FromMinutes(10);
}

internal sealed class AnalyticsOptionsValidator : IValidateOptions<AnalyticsOptions>
{
    public ValidateOptionsResult Validate(string? name, AnalyticsOptions options)
    {
        var failures = new List<string>();
        if (options.ViewSeconds is not (> 0 and <= 86_400))
            failures.Add(FormattableString.Invariant($"Analytics:ViewSeconds is {options.ViewSeconds}; it must be more than 0 and at most 86400, for example 0.001."));
        if (options.PlayerBuffer < TimeSpan.Zero || options.PlayerBuffer > TimeSpan.FromDays(1))
            failures.Add($"Analytics:PlayerBuffer is {options.PlayerBuffer}; it must be between 00:00:00 and 1.00:00:00, for example 00:10:00.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
