using System.Collections.Concurrent;
using System.Diagnostics;

namespace HlsGateway.Media;

/// <summary>
/// Starts children that must not outlive us. They ask the kernel for a signal at their parent's death, and Linux means
/// by the parent the thread that forked: a pool thread may retire long before the process ends. So one thread that
/// lives as long as the process starts them all.
/// </summary>
internal static class ChildProcesses
{
    private static readonly BlockingCollection<Action> Starts = [];

    static ChildProcesses() => new Thread(Run) { IsBackground = true, Name = "child processes" }.Start();

    /// <exception cref="System.ComponentModel.Win32Exception">The program is not there.</exception>
    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            var process = new Process { StartInfo = start };
            try
            {
                process.Start();
                started.SetResult(process);
            }
            catch (Exception e)
            {
                process.Dispose();
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static void Run()
    {
        foreach (var start in Starts.GetConsumingEnumerable())
            start();
    }
}
