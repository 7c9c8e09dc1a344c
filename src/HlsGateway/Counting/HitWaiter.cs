using System.Threading.Tasks.Sources;

namespace HlsGateway.Counting;

/// <summary>
/// One who waits until a hit is on disk. Its owner may use it again once it has awaited the answer: so a connection that asks for one
/// segment after another waits without allocating anything.
/// </summary>
/// <param name="apart">
/// What follows runs as a work item of its own. Otherwise it runs in turn with that of the batch's other viewers, on the thread pool: only for what
/// is short and never blocks.
/// </param>
internal sealed class HitWaiter(bool apart) : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> answer = new() { RunContinuationsAsynchronously = apart };

    /// <summary>The answer to the next hit; awaited once.</summary>
    internal ValueTask<bool> Begin()
    {
        answer.Reset();
        return new(this, answer.Version);
    }

    internal void Tell(bool durable) => answer.SetResult(durable);

    bool IValueTaskSource<bool>.GetResult(short token) => answer.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => answer.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        answer.OnCompleted(continuation, state, token, flags);
}
