using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Counting;

/// <summary>The section <c>Ledger</c>: how requests are made durable before they are answered.</summary>
public sealed class LedgerOptions : IValidatableObject
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

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CommitTimeout < TimeSpan.FromMilliseconds(1) || CommitTimeout > TimeSpan.FromSeconds(10))
            yield return new ValidationResult($"Ledger:CommitTimeout is {CommitTimeout}; it must be between 00:00:00.001 and 00:00:10, for example 00:00:00.050.");
        if (QueueLimit is < 1 or > 10_000_000)
            yield return new ValidationResult($"Ledger:QueueLimit is {QueueLimit}; it must be between 1 and 10000000.");
        if (TraceLimit is < 0 or > 10_000_000)
            yield return new ValidationResult($"Ledger:TraceLimit is {TraceLimit}; it must be between 0 and 10000000.");
        if (EventRetention < TimeSpan.FromHours(25))
            yield return new ValidationResult($"Ledger:EventRetention is {EventRetention}; it must be at least 1.01:00:00, longer than a session lives.");
        if (ReportTimeout < TimeSpan.Zero || ReportTimeout > TimeSpan.FromMinutes(1))
            yield return new ValidationResult($"Ledger:ReportTimeout is {ReportTimeout}; it must be between 00:00:00 and 00:01:00, for example 00:00:02.");
    }
}
