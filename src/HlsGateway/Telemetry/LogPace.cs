namespace HlsGateway.Telemetry;

/// <summary>
/// Lets one line of a kind through in an interval and counts those it held back, for the next one to tell: trouble that lasts must not
/// fill a disk, however many viewers see it.
/// </summary>
internal sealed class LogPace(TimeProvider time, TimeSpan interval)
{
    private readonly Lock gate = new();
    private DateTimeOffset? last;
    private long held;

    /// <param name="heldBack">Lines that were not written since the last one that was.</param>
    public bool TryTake(out long heldBack)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            heldBack = held;
            // A clock that was set back must not silence the log.
            if (last is { } at && (now - at).Duration() < interval)
            {
                held++;
                return false;
            }

            (last, held) = (now, 0);
            return true;
        }
    }
}
