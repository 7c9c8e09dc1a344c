using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Counting;

/// <summary>The section <c>Ledger</c>: how requests are made durable before they are answered.</summary>
internal sealed class LedgerOptions : IValidatableObject
{
    public const string Section = "Ledger";

    /// <summary>How long a viewer may wait for the disk; then the redirect is sent and the request stays queued; while the ledger fails, it is lost instead.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Requests that may wait for a commit. Beyond it they are losses at once: memory is bounded whatever the disk does.</summary>
    public int QueueLimit { get; init; } = 65_536;

    /// <summary>Requests of one session that its trace keeps; further ones are counted without a row of their own.</summary>
    public int TraceLimit { get; init; } = 20_000;

    /// <summary>How long single requests are kept: from the start of their session, so that a trace is deleted as a whole; in PostgreSQL by days. Sessions and sums stay.</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long a session is kept that began and fetched nothing, from its start; 00:00:00 keeps it. Its impression stays in all sums.
    /// Sessions that may still fetch (Gateway:Sessions:Lifetime, and a day for what arrives late) are kept in any case.
    /// </summary>
    public TimeSpan EmptySessionRetention { get; init; } = TimeSpan.FromDays(7);

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
        if (EmptySessionRetention != TimeSpan.Zero && EmptySessionRetention < TimeSpan.FromHours(25))
            yield return new ValidationResult($"Ledger:EmptySessionRetention is {EmptySessionRetention}; it must be at least 1.01:00:00, longer than a session lives, or 00:00:00 to keep all.");
        if (ReportTimeout < TimeSpan.Zero || ReportTimeout > TimeSpan.FromMinutes(1))
            yield return new ValidationResult($"Ledger:ReportTimeout is {ReportTimeout}; it must be between 00:00:00 and 00:01:00, for example 00:00:02.");
    }
}

/// <summary>How long a session may fetch after it began, set by the feature that begins sessions.</summary>
internal sealed record SessionSpan(TimeSpan Lifetime)
{
    /// <summary>How late requests of a gateway may come that could not reach the ledger it shares.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromDays(1);

    /// <summary>The age at which a session that fetched nothing expires; null for never.</summary>
    internal TimeSpan? EmptyAge(LedgerOptions options) =>
        options.EmptySessionRetention == TimeSpan.Zero ? null : options.EmptySessionRetention > Lifetime + Late ? options.EmptySessionRetention : Lifetime + Late;
}
