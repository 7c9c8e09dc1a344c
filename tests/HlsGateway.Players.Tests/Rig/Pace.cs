using System.Diagnostics;
using System.Globalization;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// A control clock beside a play: tells whether the machine itself kept pace, by how late a thread woke that had nothing to do but wake,
/// and by how busy all processors were (steal of a virtual machine included).
/// </summary>
internal sealed class Pace : IDisposable
{
    private const double TickMs = 20;

    /// <summary>Five ticks: more than any player keeps in its sound output's buffer to spare.</summary>
    private const double LongestLateMs = 100;

    /// <summary>Of all processors' time; a player alone takes about a third of two.</summary>
    private const double BusiestShare = 0.75;

    private readonly ManualResetEventSlim over = new();
    private readonly Thread thread;
    private readonly (long Busy, long All) before = Processors();
    private double latestMs;

    private Pace()
    {
        thread = new Thread(Tick) { IsBackground = true, Name = "control clock" };
        thread.Start();
    }

    public static Pace Start() => new();

    /// <summary>The machine, and not what was played, may be why something came late.</summary>
    public bool Faltered => Volatile.Read(ref latestMs) > LongestLateMs || BusyShare > BusiestShare;

    /// <summary>0 to 1; 0 where the kernel does not tell.</summary>
    private double BusyShare
    {
        get
        {
            var (busy, all) = Processors();
            return all == before.All ? 0 : (double)(busy - before.Busy) / (all - before.All);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"the machine {(Faltered ? "faltered" : "kept pace")}: a clock was up to {Volatile.Read(ref latestMs):F0} ms late, processors {BusyShare:P0} busy");

    public void Dispose()
    {
        over.Set();
        thread.Join();
        over.Dispose();
    }

    private void Tick()
    {
        var last = Stopwatch.GetTimestamp();
        while (!over.Wait(TimeSpan.FromMilliseconds(TickMs)))
        {
            var now = Stopwatch.GetTimestamp();
            Volatile.Write(ref latestMs, Math.Max(latestMs, Stopwatch.GetElapsedTime(last, now).TotalMilliseconds - TickMs));
            last = now;
        }
    }

    /// <summary>proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; in ticks since boot.</summary>
    private static (long Busy, long All) Processors()
    {
        const string File = "/proc/stat";
        if (!System.IO.File.Exists(File)) return (0, 0);
        var ticks = System.IO.File.ReadLines(File).First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var all = ticks.Sum();
        return (all - ticks[3] - ticks[4], all);
    }
}
