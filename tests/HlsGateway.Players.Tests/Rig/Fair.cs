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

    /// <summary>As <see cref="FaultOfAsync"/>; throws the fault that stands.</summary>
    public static async Task JudgeAsync(Func<bool, Task> play, Action<string> tell)
    {
        if (await FaultOfAsync(play, tell) is { } fault) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
    }
}
