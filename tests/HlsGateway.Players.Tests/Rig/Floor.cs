namespace HlsGateway.Players.Tests.Rig;

/// <summary>Test classes run side by side. Who plays says so here, and can ask to be the only one.</summary>
internal static class Floor
{
    private const int Places = 16;

    private static readonly SemaphoreSlim Free = new(Places);
    private static readonly SemaphoreSlim Asking = new(1);

    /// <summary>Waits until nobody has the floor alone; or, <paramref name="alone"/>, until nobody else has it.</summary>
    /// <returns>Gives the floor back.</returns>
    public static async Task<IDisposable> TakeAsync(bool alone)
    {
        // In order of asking: who wants it alone is not overtaken for ever.
        await Asking.WaitAsync();
        try
        {
            var taken = alone ? Places : 1;
            for (var place = 0; place < taken; place++) await Free.WaitAsync();
            return new Taken(taken);
        }
        finally
        {
            Asking.Release();
        }
    }

    private sealed class Taken(int places) : IDisposable
    {
        private int rest = places;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref rest, 0) is > 0 and var mine) Free.Release(mine);
        }
    }
}
