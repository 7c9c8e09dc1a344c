using System.Globalization;

namespace HlsGateway.Benchmarks.Measuring;

/// <summary>Time on a processor of a process or thread, in ticks of the system, from its line in <c>/proc/…/stat</c> (proc(5)).</summary>
internal readonly record struct ProcStat(string Name, int Parent, long Ticks)
{
    /// <summary>The name stands in parentheses and may hold some itself.</summary>
    public static ProcStat Parse(string line)
    {
        var (open, close) = (line.IndexOf('('), line.LastIndexOf(')'));
        if (open < 0 || close < open) throw new FormatException($"This is no line of /proc/…/stat: {line}");
        // Behind the name: 0 state, 1 parent, …, 11 user, 12 system.
        var fields = line[(close + 2)..].Split(' ');
        return new(line[(open + 1)..close], int.Parse(fields[1], CultureInfo.InvariantCulture), Number(fields[11]) + Number(fields[12]));
    }

    /// <summary>What one processor was busy with, all processes together; <paramref name="lines"/> are those of <c>/proc/stat</c>.</summary>
    /// <exception cref="InvalidOperationException">There is no such processor.</exception>
    public static long BusyTicks(IEnumerable<string> lines, int processor)
    {
        var fields = lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).First(fields => fields.Length > 8 && fields[0] == $"cpu{processor}");
        // user, nice, system, irq, softirq, steal; not idle (4) and iowait (5).
        return Number(fields[1]) + Number(fields[2]) + Number(fields[3]) + Number(fields[6]) + Number(fields[7]) + Number(fields[8]);
    }

    /// <summary>Threads that do the same have one name: a number at the end is left out.</summary>
    public static string KindOf(string name) => name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').TrimEnd(' ', '#', '-', '/', ':');

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
