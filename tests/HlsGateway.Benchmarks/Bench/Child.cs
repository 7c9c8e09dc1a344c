using System.Diagnostics;
using System.Globalization;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>A process that we started on given cores, and that ends with us. What it prints goes to a file.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly double TickMicroseconds = 1_000_000.0 / Ticks();

    private readonly Process process;
    private readonly string log;

    private Child(Process process, string log)
    {
        this.process = process;
        this.log = log;
    }

    public int Id => process.Id;

    /// <summary>Which process is measured: itself, or the worker that it started.</summary>
    public int Measured { get; set; }

    /// <param name="cores">As taskset -c takes them; taskset becomes the program itself, so that the id is its own.</param>
    /// <param name="log">What it prints, both streams.</param>
    public static Child Start(string cores, string log, string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = folder ?? "" };
        // The shell gives its place to taskset, and that to the program: nobody reads pipes, so that nothing here wakes up for a line of log.
        foreach (var word in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, "taskset", "-c", cores, program]) start.ArgumentList.Add(word);
        foreach (var word in arguments) start.ArgumentList.Add(word);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal)) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        return new Child(process, log) { Measured = process.Id };
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It ended with an error; the message holds what it printed.</exception>
    public static async Task<string> RunAsync(string cores, string log, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        File.Delete(log);
        await using var child = Start(cores, log, program, arguments, environment: environment);
        await child.process.WaitForExitAsync();
        var text = await File.ReadAllTextAsync(log);
        return child.process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} ended with exit code {child.process.ExitCode}:\n{text}");
    }

    /// <summary>Tells each line that it prints, until it ends.</summary>
    /// <returns>The last line, which is not told.</returns>
    /// <exception cref="InvalidOperationException">It ended with an error; the message holds what it printed.</exception>
    public async Task<string> FollowAsync(Action<string> tell)
    {
        for (var told = 0; ;)
        {
            var ended = process.HasExited;
            var lines = File.Exists(log) ? (await File.ReadAllTextAsync(log)).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
            if (ended && process.ExitCode != 0) throw new InvalidOperationException($"A process ended with exit code {process.ExitCode}:\n{string.Join('\n', lines)}");
            for (; told < lines.Length - 1; told++) tell(lines[told]);
            if (ended) return lines[^1];
            await Task.Delay(500);
        }
    }

    /// <summary>Waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It ended, or does not answer within a minute.</exception>
    public async Task WaitAsync(Func<Task<bool>> answers)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                if (await answers()) return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                // Not yet.
            }
            if (process.HasExited || tries > 600) throw new InvalidOperationException($"A process did not start:\n{await File.ReadAllTextAsync(log)}");
            await Task.Delay(100);
        }
    }

    /// <summary>Time on processors so far, microseconds.</summary>
    public double CpuMicroseconds() => ProcStat.Parse(File.ReadAllText($"/proc/{Measured}/stat")).Ticks * TickMicroseconds;

    /// <summary>The same for its threads, summed up by what they do.</summary>
    public Dictionary<string, double> CpuByThread()
    {
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories($"/proc/{Measured}/task"))
        {
            try
            {
                var thread = ProcStat.Parse(File.ReadAllText($"{folder}/stat"));
                var kind = ProcStat.KindOf(thread.Name);
                sums[kind] = sums.GetValueOrDefault(kind) + (thread.Ticks * TickMicroseconds);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The thread has just ended.
            }
        }
        return sums;
    }

    /// <summary>A figure of <c>/proc/…/status</c> in MB: VmRSS, VmHWM.</summary>
    public double MemoryMB(string name) => double.Parse(
        File.ReadLines($"/proc/{Measured}/status").First(line => line.StartsWith($"{name}:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1000;

    /// <summary>How long it must do nothing to be done: longer than it may put off what a request leaves to be done.</summary>
    public TimeSpan Quiet { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until it has nothing more to do: what a request leaves to be done belongs to its cost.</summary>
    public async Task SettleAsync()
    {
        var (clock, quietSince, before) = (Stopwatch.StartNew(), TimeSpan.Zero, CpuMicroseconds());
        while (clock.Elapsed - quietSince < Quiet && clock.Elapsed < TimeSpan.FromSeconds(20))
        {
            await Task.Delay(200);
            var now = CpuMicroseconds();
            if (now - before > TickMicroseconds) quietSince = clock.Elapsed;
            before = now;
        }
    }

    /// <summary>What one processor was busy with, microseconds, all processes together.</summary>
    public static double BusyMicroseconds(int processor) => ProcStat.BusyTicks(File.ReadLines("/proc/stat"), processor) * TickMicroseconds;

    /// <summary>As a service manager ends it; harder after ten seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using (var kill = Process.Start("kill", [process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
        process.Dispose();
    }

    private static int Ticks()
    {
        using var getconf = Process.Start(new ProcessStartInfo("getconf", "CLK_TCK") { RedirectStandardOutput = true, UseShellExecute = false }) ?? throw new InvalidOperationException("getconf did not start.");
        return int.Parse(getconf.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }
}
