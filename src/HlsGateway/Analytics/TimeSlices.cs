namespace HlsGateway.Analytics;

/// <summary>Looks at a span of time a slice at a time, as many side by side as the reader has processors: each question to the ledger is short.</summary>
internal static class TimeSlices
{
    /// <param name="length">Of a slice; the last one may be shorter.</param>
    /// <param name="look">Gets a slice's first moment and its end, exclusive. Called for several at once, in no order.</param>
    public static Task EachAsync(DateTimeOffset from, DateTimeOffset until, TimeSpan length, Func<DateTimeOffset, DateTimeOffset, CancellationToken, Task> look, CancellationToken ct)
    {
        return Parallel.ForEachAsync(
            Starts(), new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount), CancellationToken = ct },
            async (start, stop) => await look(start, until - start < length ? until : start + length, stop));

        IEnumerable<DateTimeOffset> Starts()
        {
            for (var start = from; start < until; start += length) yield return start;
        }
    }
}
