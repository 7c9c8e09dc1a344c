using System.Diagnostics;
using System.Globalization;

namespace HlsGateway.Fuzz.Targets;

/// <summary>What a try costs its thread, whatever else the machine does.</summary>
internal static class ProcessorTime
{
    /// <summary>The least of some tries: the first ones compile code, and collect others' garbage.</summary>
    public static TimeSpan Of(Trial trial, byte[] input) => Enumerable.Range(0, 5).Min(_ =>
    {
        var began = Now();
        trial(input);
        return Now() - began;
    });

    /// <summary>Linux tells each thread's time on a processor in nanoseconds; elsewhere the wall clock has to do.</summary>
    private static TimeSpan Now()
    {
        const string own = "/proc/thread-self/schedstat";
        return File.Exists(own)
            ? TimeSpan.FromTicks(long.Parse(File.ReadAllText(own).Split(' ')[0], CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick)
            : Stopwatch.GetElapsedTime(0);
    }
}
