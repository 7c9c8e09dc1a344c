namespace HlsGateway.Cdn;

/// <summary>Until when a URL is signed.</summary>
internal static class SignedUntil
{
    /// <summary>Without a session that still runs: time for one fetch and a pause.</summary>
    private const long WithoutSession = 300;

    /// <summary>A request in the last moment of its session still gets its file.</summary>
    private const long Least = 30;

    /// <summary>Ends are whole steps of a tenth of the lifetime, so that all who ask within one have the same URL and caches keep it once.</summary>
    private const int Steps = 10;

    /// <param name="sessionEndsMs">In Unix milliseconds; in the past or 0 where no session runs.</param>
    /// <returns>Unix seconds: never later than the lifetime allows, nor than the session's end.</returns>
    public static long Of(long nowMs, long sessionEndsMs, TimeSpan lifetime)
    {
        var now = nowMs / 1000;
        var most = (long)lifetime.TotalSeconds;
        if (sessionEndsMs <= nowMs)
            most = Math.Min(most, WithoutSession);
        var step = Math.Max(1, most / Steps);
        var until = (now + most) / step * step;
        return Math.Max(sessionEndsMs > nowMs ? Math.Min(until, sessionEndsMs / 1000) : until, now + Least);
    }
}
