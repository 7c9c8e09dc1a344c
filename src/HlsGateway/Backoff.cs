namespace HlsGateway;

/// <summary>
/// How long to wait before the next try: <paramref name="First"/> after the first failure, then <see cref="Growth"/> times the
/// last wait after each further one, and never more than <paramref name="Longest"/>.
/// </summary>
internal sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    public double Growth { get; init; } = 2;

    /// <summary>Waits between half and all of that time, so that many processes do not come back in the same moment.</summary>
    public bool Jitter { get; init; }

    /// <param name="failures">Failures in a row, the one just met included: 1 or more.</param>
    public TimeSpan After(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        // Infinity after very many failures; the minimum bounds it.
        var seconds = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(Growth, failures - 1));
        return TimeSpan.FromSeconds(Jitter ? seconds * (0.5 + (Random.Shared.NextDouble() / 2)) : seconds);
    }

    /// <summary>When the next try is due.</summary>
    public DateTimeOffset NextTry(TimeProvider time, int failures) => time.GetUtcNow() + After(failures);
}
