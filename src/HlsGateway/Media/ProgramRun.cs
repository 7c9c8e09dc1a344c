using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;

namespace HlsGateway.Media;

/// <summary>
/// One program from its start until everything that it started has ended: no environment of ours, output read to its end and kept to a
/// length, the whole process group killed at the deadline.
/// </summary>
internal static class ProgramRun
{
    private const int TailBytes = 8 << 10;

    /// <summary>From the end of a program and its group to the end of its output: enough for a machine under load; only a process that left its group takes longer.</summary>
    private static readonly TimeSpan PipesEnd = TimeSpan.FromMinutes(1);

    /// <param name="line">From <see cref="Confinement.CommandLine"/>.</param>
    /// <param name="read">Reads standard output, to its end.</param>
    /// <exception cref="SandboxException">It cannot be started, or leaves processes that do not end.</exception>
    public static async Task<(ProgramResult Result, byte[] Output)> RunAsync(
        ImmutableArray<string> line, JobFolder folder, TimeSpan deadline, Func<Stream, Task<byte[]>> read, CancellationToken ct)
    {
        var start = new ProcessStartInfo(line[0])
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in line.AsSpan()[1..])
            start.ArgumentList.Add(word);

        // Our environment holds tokens and connection strings; the child gets none of it.
        start.Environment.Clear();
        start.Environment["PATH"] = Sandbox.SearchPath;
        start.Environment["LANG"] = "C.UTF-8";

        var clock = Stopwatch.StartNew();
        using var process = await StartAsync(start);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);

        // setsid made the child the leader of its group, so its id names the group, whatever it has started meanwhile.
        var group = process.Id;
        await using var kill = limit.Token.Register(() =>
        {
            // A child that has not called setsid yet leads no group, and has started nothing.
            if (Native.Kill(-group, Native.SigKill) != 0)
                Native.Kill(group, Native.SigKill);
        });
        process.StandardInput.Close();
        var errors = ProgramOutput.TailAsync(process.StandardError.BaseStream, TailBytes);
        var output = read(process.StandardOutput.BaseStream);
        await process.WaitForExitAsync(CancellationToken.None);
        var timedOut = limit.IsCancellationRequested;

        // A process that is left could still write into the folder, or hold our ends of its pipes.
        await Stragglers.EndAsync(group, folder.User);
        try
        {
            await Task.WhenAll(output, errors).WaitAsync(PipesEnd, CancellationToken.None);
        }
        catch (TimeoutException e)
        {
            throw new SandboxException("The program in the sandbox left processes that do not end.", e);
        }

        ct.ThrowIfCancellationRequested();
        return (new ProgramResult(process.ExitCode, await errors, clock.Elapsed, timedOut), await output);
    }

    private static async Task<Process> StartAsync(ProcessStartInfo start)
    {
        try
        {
            return await ChildProcesses.StartAsync(start);
        }
        catch (Win32Exception e)
        {
            throw new SandboxException($"{start.FileName} cannot be started; install util-linux and ffmpeg.", e);
        }
    }
}
