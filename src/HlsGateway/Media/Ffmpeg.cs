using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Telemetry;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Options;

namespace HlsGateway.Media;

/// <summary>One run of ffmpeg.</summary>
/// <param name="Folder">The only folder it sees; names in the arguments are relative to it.</param>
/// <param name="Arguments">The words of a line that <see cref="FfmpegArguments.From"/> begins.</param>
/// <param name="Deadline">Wall time after which its whole process group is killed.</param>
public sealed record FfmpegJob(JobFolder Folder, ImmutableArray<string> Arguments, TimeSpan Deadline)
{
    public ProcessLimits Limits { get; init; } = ProcessLimits.Transcode;
}

/// <param name="ExitCode">0 is success; 128 + n means that signal n ended it.</param>
/// <param name="StderrTail">The last 8 KiB of what it said, on one line for each fault.</param>
public sealed record FfmpegResult(int ExitCode, string StderrTail, TimeSpan Elapsed, bool TimedOut)
{
    private const int MaxReason = 300;

    public bool Succeeded => ExitCode == 0 && !TimedOut;

    /// <summary>One line for a log or an error.</summary>
    public string Reason =>
        TimedOut ? $"stopped after {Elapsed.TotalSeconds:0} s"
        : StderrTail.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim() is { Length: > 0 } line ? Plain(line)
        : string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}");

    /// <summary>The words of a program that nobody trusts, fit for one line of an answer.</summary>
    private static string Plain(string line)
    {
        var plain = string.Concat(line.Where(c => !char.IsControl(c)));
        return plain.Length <= MaxReason ? plain : plain[..MaxReason] + "…";
    }
}

/// <summary>ffmpeg or ffprobe cannot read or make what was asked.</summary>
public sealed class FfmpegException : SandboxException
{
    public FfmpegException()
    {
    }

    public FfmpegException(string message)
        : base(message)
    {
    }

    public FfmpegException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Runs ffmpeg and ffprobe shut in: one folder, no network, hard limits, killed as a group at the deadline. FFMpegCore's own runner
/// has none of this (docs/decisions/0004-ffmpegcore.md).
/// </summary>
public sealed class Ffmpeg(IOptions<TranscodeOptions> options, IOptions<GatewayOptions> gateway, IHostEnvironment environment, ILogger<Ffmpeg> log)
{
    /// <summary>Where the child looks for programs, whatever our own environment says.</summary>
    public const string SearchPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

    private const int TailBytes = 8 << 10;
    private const int ProbeBytes = 4 << 20;

    /// <summary>From the end of a program and its group to the end of what it wrote: long for a machine under load, and only a process that left its group outlasts it.</summary>
    private static readonly TimeSpan PipesEnd = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private Task<Confinement>? _confinement;
    private bool _swept;

    private string Root => Path.GetFullPath(
        options.Value.WorkDirectory.Length > 0 ? options.Value.WorkDirectory : Path.Combine(gateway.Value.DataPath(environment), "work"));

    /// <summary>A folder for one job; dispose it whatever happens.</summary>
    /// <param name="readable">Folders of the machine that the job's programs may read beside it; absolute.</param>
    public JobFolder OpenFolder(IReadOnlyList<string>? readable = null)
    {
        SweepLeftovers();
        return JobFolder.Create(Root, readable, log.JobFolderLeft);
    }

    /// <summary>Whether a program is there to be started.</summary>
    internal static bool Finds(string program) =>
        Path.IsPathRooted(program) ? File.Exists(program)
        : !program.Contains('/', StringComparison.Ordinal) && SearchPath.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Once, and before the first folder is opened: a later sweep could not tell our own folders from those of a dead namesake.</summary>
    internal void SweepLeftovers()
    {
        lock (_gate)
        {
            if (!_swept)
                JobFolder.SweepLeftovers(Root);
            _swept = true;
        }
    }

    /// <summary>How programs are shut in on this machine: tried once, then remembered.</summary>
    public Task<Confinement> ConfinementAsync()
    {
        lock (_gate)
            return _confinement ??= FindConfinementAsync();
    }

    /// <exception cref="FfmpegException">ffmpeg is not installed.</exception>
    public async Task<FfmpegResult> RunAsync(FfmpegJob job, CancellationToken ct)
    {
        var (result, _) = await RunConfinedAsync(
            options.Value.FfmpegPath, job.Arguments, job.Folder, job.Limits, job.Deadline, DrainAsync, ct);
        return result;
    }

    /// <summary>Reads what a file in the folder holds.</summary>
    /// <exception cref="FfmpegException">Not media that we read, or ffprobe is not installed; the message says which.</exception>
    public async Task<MediaProbe> ProbeAsync(JobFolder folder, string name, ProbeAs kind, CancellationToken ct)
    {
        var (result, output) = await RunConfinedAsync(
            options.Value.FfprobePath, FfmpegArguments.Probe(name, kind), folder, ProcessLimits.Probe, options.Value.ProbeTimeout,
            stdout => ReadCappedAsync(stdout, ProbeBytes), ct);
        if (!result.Succeeded)
            throw new FfmpegException($"The file is no media that can be read: {result.Reason}");
        try
        {
            return MediaProbe.Parse(output);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or OverflowException)
        {
            // The program was broken into, or the file has more to tell than is kept: what it wrote is not the JSON that was asked for.
            throw new FfmpegException("The file's description is longer than any real video's, or none.", e);
        }
    }

    /// <summary>Probes bytes, in a folder of their own that is gone afterwards.</summary>
    /// <exception cref="FfmpegException">As above.</exception>
    public async Task<MediaProbe> ProbeAsync(Stream content, ProbeAs kind, CancellationToken ct)
    {
        using var folder = OpenFolder();
        await folder.AddAsync("input", content, ct);
        return await ProbeAsync(folder, "input", kind, ct);
    }

    /// <summary>Runs any program inside the same walls; what the walls deny is proven with it.</summary>
    internal async Task<(FfmpegResult Result, byte[] Output)> RunConfinedAsync(
        string program, IEnumerable<string> arguments, JobFolder folder, ProcessLimits limits, TimeSpan deadline,
        Func<Stream, Task<byte[]>> read, CancellationToken ct)
    {
        var confinement = await ConfinementAsync();
        return await RunAsync(confinement.CommandLine(folder.User, folder.Path, folder.Inputs, limits, program, arguments, folder.Readable), folder, deadline, read, ct);
    }

    private static async Task<(FfmpegResult Result, byte[] Output)> RunAsync(
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
        start.Environment["PATH"] = SearchPath;
        start.Environment["LANG"] = "C.UTF-8";

        var clock = Stopwatch.StartNew();
        using var process = await StartAsync(start);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);

        // setsid made the child the leader of its group, so its id names the group, whatever it has started meanwhile.
        var group = process.Id;
        await using var kill = limit.Token.Register(() =>
        {
            // A child that has not come to setsid yet leads no group; it is alone then.
            if (Native.Kill(-group, Native.SigKill) != 0)
                Native.Kill(group, Native.SigKill);
        });
        process.StandardInput.Close();
        var errors = ReadTailAsync(process.StandardError.BaseStream, TailBytes);
        var output = read(process.StandardOutput.BaseStream);
        await process.WaitForExitAsync(CancellationToken.None);
        var timedOut = limit.IsCancellationRequested;

        // Whoever is left may still write into the folder, or hold our ends of its pipes.
        await Stragglers.EndAsync(group, folder.User);
        try
        {
            await Task.WhenAll(output, errors).WaitAsync(PipesEnd, CancellationToken.None);
        }
        catch (TimeoutException e)
        {
            throw new SandboxException("The program in the sandbox left processes behind that do not end.", e);
        }

        ct.ThrowIfCancellationRequested();
        return (new FfmpegResult(process.ExitCode, await errors, clock.Elapsed, timedOut), await output);
    }

    private static async Task<Process> StartAsync(ProcessStartInfo start)
    {
        try
        {
            return await ChildProcesses.StartAsync(start);
        }
        catch (Win32Exception e)
        {
            throw new FfmpegException($"{start.FileName} cannot be started; install util-linux and ffmpeg.", e);
        }
    }

    private async Task<Confinement> FindConfinementAsync()
    {
        var privileged = Environment.IsPrivilegedProcess;
        foreach (var kind in (IsolationKind[])[IsolationKind.Bubblewrap, IsolationKind.NoNetwork])
        {
            var confinement = new Confinement(kind, privileged);
            if (kind <= options.Value.MaxIsolation && await WorksAsync(confinement))
                return confinement;
        }

        log.TranscoderNotIsolated();
        return new Confinement(IsolationKind.None, privileged);
    }

    private async Task<bool> WorksAsync(Confinement confinement)
    {
        using var folder = OpenFolder();
        try
        {
            var (result, _) = await RunAsync(
                confinement.CommandLine(folder.User, folder.Path, [], ProcessLimits.Probe, "true", []), folder, TimeSpan.FromSeconds(10),
                DrainAsync, CancellationToken.None);
            if (!result.Succeeded)
                log.IsolationRefused(confinement.Kind, result.Reason);
            return result.Succeeded;
        }
        catch (SandboxException e)
        {
            log.IsolationRefused(confinement.Kind, e.Message);
            return false;
        }
    }

    /// <summary>For programs whose output nobody wants.</summary>
    internal static Task<byte[]> DrainAsync(Stream stream) => ReadCappedAsync(stream, 0);

    /// <summary>Reads to the end, so that the child never blocks, and keeps the first bytes.</summary>
    private static async Task<byte[]> ReadCappedAsync(Stream stream, int most)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
            kept.Write(buffer, 0, Math.Min(read, most - (int)kept.Length));
        return kept.ToArray();
    }

    /// <summary>Reads to the end and keeps the last bytes: a child may write gigabytes of complaints.</summary>
    internal static async Task<string> ReadTailAsync(Stream stream, int most)
    {
        var kept = new byte[2 * most];
        var length = 0;
        int read;
        while ((read = await stream.ReadAsync(kept.AsMemory(length))) > 0)
        {
            length += read;
            if (length > most)
            {
                kept.AsSpan(length - most, most).CopyTo(kept);
                length = most;
            }
        }

        return Encoding.UTF8.GetString(kept, 0, length);
    }
}
