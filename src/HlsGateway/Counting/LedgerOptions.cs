using Microsoft.Extensions.Options;

namespace HlsGateway.Counting;

/// <summary>The section <c>Ledger</c>: how requests are made durable before they are answered.</summary>
public sealed class LedgerOptions
{
    public const string Section = "Ledger";

    /// <summary>How long a viewer may be kept for the disk's sake; then the redirect goes out and the request stays in line; while the ledger fails, it is lost instead.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Requests that may wait for a commit. Beyond it they are losses at once: memory is bounded whatever the disk does.</summary>
    public int QueueLimit { get; init; } = 65_536;

    /// <summary>Requests of one session that its trace keeps; further ones are counted without a row of their own.</summary>
    public int TraceLimit { get; init; } = 20_000;

    /// <summary>How long single requests are kept: from the start of their session, so that a trace goes whole; in PostgreSQL by days. Sessions and sums stay.</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a report waits until what is on disk is in the sums; then it tells what there is, and in <c>as_of</c> up to when.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

internal sealed class LedgerOptionsValidator : IValidateOptions<LedgerOptions>
{
    public ValidateOptionsResult Validate(string? name, LedgerOptions options)
    {
        var failures = new List<string>();
        if (options.CommitTimeout < TimeSpan.FromMilliseconds(1) || options.CommitTimeout > TimeSpan.FromSeconds(10))
            failures.Add($"Ledger:CommitTimeout is {options.CommitTimeout}; it must be between 00:00:00.001 and 00:00:10, for example 00:00:00.050.");
        if (options.QueueLimit is < 1 or > 10_000_000)
            failures.Add($"Ledger:QueueLimit is {options.QueueLimit}; it must be between 1 and 10000000.");
        if (options.TraceLimit is < 0 or > 10_000_000)
            failures.Add($"Ledger:TraceLimit is {options.TraceLimit}; it must be between 0 and 10000000.");
        if (options.EventRetention < TimeSpan.FromHours(25))
            failures.Add($"Ledger:EventRetention is {options.EventRetention}; it must be at least 1.01:00:00, longer than a session lives.");
        if (options.ReportTimeout < TimeSpan.Zero || options.ReportTimeout > TimeSpan.FromMinutes(1))
            failures.Add($"Ledger:ReportTimeout is {options.ReportTimeout}; it must be between 00:00:00 and 00:01:00, for example 00:00:02.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
