namespace HlsGateway.Access;

/// <summary>A request that a token was let in with and that is not over yet.</summary>
internal sealed class RunningCall(HttpContext context, string token, Action<RunningCall> over) : IDisposable
{
    private readonly Lock gate = new();
    private bool isOver;

    /// <summary>The token's id.</summary>
    public string Token => token;

    /// <summary>Closes the request's connection. The context is the next request's as soon as this one is over, so then nothing is done.</summary>
    public void Abort()
    {
        lock (gate)
        {
            if (!isOver)
                context.Abort();
        }
    }

    public void Dispose()
    {
        lock (gate) isOver = true;
        over(this);
    }
}
