namespace HlsGateway;

/// <summary>
/// <paramref name="Most"/> at once, and as many again evenly over <paramref name="Span"/>. Only one moment is stored: when
/// the ration will be full again (the generic cell rate algorithm).
/// </summary>
internal readonly record struct Ration(int Most, TimeSpan Span)
{
    /// <summary>Takes one; false when none is left. Safe for any number of threads.</summary>
    /// <param name="wholeAt">The moment, in ticks; 0 at first.</param>
    public bool TryTake(ref long wholeAt, DateTimeOffset now)
    {
        var latest = now.UtcTicks + Span.Ticks;
        while (true)
        {
            var seen = Volatile.Read(ref wholeAt);
            // A moment further ahead than a full ration was stored before the clock was set back.
            var next = (seen > latest ? now.UtcTicks : Math.Max(seen, now.UtcTicks)) + (Span.Ticks / Most);
            if (next > latest)
                return false;
            if (Interlocked.CompareExchange(ref wholeAt, next, seen) == seen)
                return true;
        }
    }
}
