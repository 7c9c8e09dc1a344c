using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Media;

/// <summary>Runs any program isolated: one folder, no network, hard limits, killed as a group at the deadline.</summary>
internal sealed class Sandbox(IOptions<MediaOptions> options, IOptions<GatewayOptions> gateway, IHostEnvironment environment, ILogger<Sandbox> log)
{
    /// <summary>Where the child looks for programs, whatever our own environment says.</summary>
    public const string SearchPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

    private readonly Lock gate = new();
    private Task<Confinement>? confinement;
    private bool swept;

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
    internal static bool Finds(string program) => Find(program) is not null;

    /// <summary>The file that is started; null where there is none.</summary>
    internal static string? Find(string program) =>
        Path.IsPathRooted(program) ? (File.Exists(program) ? program : null)
        : program.Contains('/', StringComparison.Ordinal) ? null
        : SearchPath.Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Once, and before the first folder is opened: a later sweep could not tell our own folders from those of an ended process with the same id.</summary>
    internal void SweepLeftovers()
    {
        lock (gate)
        {
            if (!swept)
                JobFolder.SweepLeftovers(Root);
            swept = true;
        }
    }

    /// <summary>How programs are isolated on this machine: tried once, then remembered.</summary>
    public Task<Confinement> ConfinementAsync()
    {
        lock (gate)
            return confinement ??= FindConfinementAsync();
    }

    /// <param name="read">Reads the program's standard output, to its end.</param>
    /// <exception cref="SandboxException">It cannot be started, or leaves processes that do not end.</exception>
    internal async Task<(ProgramResult Result, byte[] Output)> RunAsync(
        string program, IEnumerable<string> arguments, JobFolder folder, ProcessLimits limits, TimeSpan deadline,
        Func<Stream, Task<byte[]>> read, CancellationToken ct)
    {
        var walls = await ConfinementAsync();
        return await ProgramRun.RunAsync(walls.CommandLine(folder.User, folder.Path, folder.Inputs, limits, program, arguments, folder.Readable), folder, deadline, read, ct);
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
            var (result, _) = await ProgramRun.RunAsync(
                confinement.CommandLine(folder.User, folder.Path, [], ProcessLimits.Probe, "true", []), folder, TimeSpan.FromSeconds(10),
                ProgramOutput.DrainAsync, CancellationToken.None);
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
}
