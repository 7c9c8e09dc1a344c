namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// Judges plays so that a slow or briefly stalled machine is not taken for a fault of the stream, and nothing that is asked of the stream
/// is let off: what was found at fault in company is played again alone, and what was found at fault alone only when a
/// <see cref="Pace">control clock</see> tells that the machine itself faltered meanwhile.
/// </summary>
internal static class Fair
{
    private const int MostPlays = 3;

    /// <param name="play">Plays and judges; an exception is a fault. The argument tells whether it is alone.</param>
    /// <param name="tell">Is told of each fault that was not the last word.</param>
    /// <returns>The fault that stands; null for none.</returns>
    public static async Task<Exception?> FaultOfAsync(Func<bool, Task> play, Action<string> tell)
    {
        for (var plays = 1; ; plays++)
        {
            var alone = plays > 1;
            using var floor = await Floor.TakeAsync(alone);
            using var pace = Pace.Start();
            try
            {
                await play(alone);
                return null;
            }
            catch (Exception fault)
            {
                tell($"play {plays}, {(alone ? $"alone; {pace}" : "in company")}: {fault.Message}");
                if (plays == MostPlays || (alone && !pace.Faltered)) return fault;
            }
        }
    }

    /// <summary>Lets all play at the same time, then judges one after the other, by <see cref="FaultOfAsync"/>.</summary>
    /// <param name="plays">Each as often as it is asked; the argument tells whether it is alone.</param>
    /// <param name="judge">Throws when a play is not as it must be.</param>
    /// <param name="tell">Is told of each fault that was not the last word, by its play's index.</param>
    /// <param name="quiet">Nobody else plays meanwhile.</param>
    /// <returns>In the order of <paramref name="plays"/>; faults that stand are in them, nothing is thrown.</returns>
    public static async Task<IReadOnlyList<Settled<T>>> PlayAllAsync<T>(
        IReadOnlyList<Func<bool, Task<T>>> plays, Action<T> judge, Action<int, string> tell, bool quiet = false)
    {
        Task<T>[] all;
        using (await Floor.TakeAsync(quiet))
        {
            all = [.. plays.Select(play => play(false))];
            await ((Task)Task.WhenAll(all)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        var settled = new List<Settled<T>>();
        for (var at = 0; at < all.Length; at++)
        {
            var i = at;
            var before = new List<string>();
            var fault = await FaultOfAsync(async alone =>
            {
                if (alone) all[i] = plays[i](true);
                judge(await all[i]);
            }, text =>
            {
                before.Add(text);
                tell(i, text);
            });
            settled.Add(new Settled<T>(all[i], fault, before));
        }
        return settled;
    }

    /// <summary>As <see cref="PlayAllAsync"/>; throws the first fault that stands.</summary>
    public static async Task<IReadOnlyList<T>> JudgeAllAsync<T>(IReadOnlyList<Func<bool, Task<T>>> plays, Action<T> judge, Action<string> tell)
    {
        var settled = await PlayAllAsync(plays, judge, (_, text) => tell(text));
        if (settled.FirstOrDefault(play => play.Fault is not null) is { Fault: { } fault }) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        return await Task.WhenAll(settled.Select(play => play.Last));
    }
}

/// <param name="Last">Has ended; one that failed tells that the rig or the player broke.</param>
/// <param name="Fault">Null for a play without.</param>
/// <param name="Before">Of each play that was found at fault, the last one too: what was found, and whether the machine faltered.</param>
internal sealed record Settled<T>(Task<T> Last, Exception? Fault, IReadOnlyList<string> Before);
