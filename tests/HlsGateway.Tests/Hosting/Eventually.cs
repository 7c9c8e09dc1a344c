using System.Diagnostics;

namespace HlsGateway.Tests.Hosting;

/// <summary>Waits for a condition, never for a time: the bound only ends a test that would hang.</summary>
public static class Eventually
{
    public static async Task<T> GetAsync<T>(Func<Task<T?>> attempt, string what, TimeSpan? within = null) where T : class
    {
        var watch = Stopwatch.StartNew();
        var bound = within ?? TimeSpan.FromSeconds(90);
        while (true)
        {
            if (await attempt() is { } found) return found;
            if (watch.Elapsed > bound) throw new TimeoutException($"Not within {bound.TotalSeconds} s: {what}");
            await Task.Delay(20);
        }
    }

    /// <param name="what">Asked when it has not come true.</param>
    public static Task IsTrueAsync(Func<bool> condition, Func<string> what, TimeSpan? within = null) =>
        IsTrueAsync(() => Task.FromResult(condition()), what, within);

    /// <param name="what">Asked when it has not come true.</param>
    public static async Task IsTrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? within = null)
    {
        try
        {
            await IsTrueAsync(condition, "", within);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(what(), late);
        }
    }

    public static Task IsTrueAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        GetAsync(() => Task.FromResult(condition() ? "" : null), what, within);

    public static Task IsTrueAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null) =>
        GetAsync(async () => await condition() ? "" : null, what, within);
}
