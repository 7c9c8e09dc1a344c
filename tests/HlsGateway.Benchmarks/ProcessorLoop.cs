using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace HlsGateway.Benchmarks;

/// <summary>A fixed piece of work, beside which what a machine is asked to do can be weighed: a figure in loops holds on any machine.</summary>
internal static class ProcessorLoop
{
    /// <returns>Milliseconds of some work that needs the processor and the memory near it, when nothing came between.</returns>
    public static double BestMs() => Enumerable.Range(0, 60).Min(_ => RunMs());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double RunMs()
    {
        var table = new long[1 << 16];
        var began = Stopwatch.GetTimestamp();
        var state = 1UL;
        for (var i = 0; i < 3_000_000; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            table[state >> 48] += (long)state;
        }
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
