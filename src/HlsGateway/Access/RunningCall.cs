namespace HlsGateway.Access;

/// <summary>A request that a token was let in with and that is not over yet.</summary>
internal sealed class RunningCall(HttpContext context, KnownToken token, long after, Action<RunningCall> over) : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private ITimer? end;
    private bool isOver;

    public KnownToken Token => token;

    /// <summary>The last "sign out everywhere" that its cookie was given after, Unix milliseconds.</summary>
    public long After => after;

    /// <summary>
    /// Closes the request's connection, unless it is over within a second: a short call has its answer, and a client that uses its connection
    /// for the next one must not find it reset.
    /// </summary>
    public void EndSoon(TimeProvider time)
    {
        lock (gate)
        {
            if (!isOver)
                end ??= time.CreateTimer(static call => ((RunningCall)call!).Abort(), this, Grace, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The context is the next request's as soon as this one is over, so then nothing is done.</summary>
    private void Abort()
    {
        lock (gate)
        {
            if (!isOver)
                context.Abort();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
            end?.Dispose();
        }

        over(this);
    }
}
