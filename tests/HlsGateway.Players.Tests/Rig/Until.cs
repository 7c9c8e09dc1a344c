using System.Diagnostics;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Waits for a condition, never for a time: the bound only ends a test that would hang.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > within) throw new TimeoutException($"Not within {within.TotalSeconds} s: {what}");
            await Task.Delay(50);
        }
    }
}
