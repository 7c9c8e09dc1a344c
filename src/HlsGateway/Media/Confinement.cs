using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;

namespace HlsGateway.Media;

/// <summary>How strongly this machine can isolate a program.</summary>
internal enum IsolationKind
{
    /// <summary>Resource limits only: the machine refused everything else.</summary>
    None,

    /// <summary>No network, by <c>unshare</c>; the file system stays visible.</summary>
    NoNetwork,

    /// <summary>Own view of files, processes and network, by bubblewrap: the libraries and one folder, nothing else.</summary>
    Bubblewrap,
}

/// <summary>What one process may use. The kernel enforces each (prlimit).</summary>
/// <param name="AddressSpace">Bytes of virtual memory.</param>
/// <param name="CpuSeconds">Of processor time, over all threads.</param>
/// <param name="FileSize">Bytes of the largest file it may write.</param>
/// <param name="Processes">Processes and threads of its user, who is each job's own where we are root.</param>
internal readonly record struct ProcessLimits(long AddressSpace, int CpuSeconds, long FileSize, int Processes, int OpenFiles)
{
    /// <summary>Enough for a 4K decode and three encoders, and little enough that a decompression bomb ends early.</summary>
    public static ProcessLimits Transcode { get; } = new(6L << 30, 1800, 1L << 30, 512, 256);

    /// <summary>Reading headers and a few packets.</summary>
    public static ProcessLimits Probe { get; } = new(1L << 30, 10, 1 << 20, 256, 64);
}

/// <summary>The words before a program's name that isolate it. Pure: nothing is started here.</summary>
/// <param name="Privileged">We are root, so the child becomes a user without rights; without that the kernel would not hold NPROC.</param>
internal sealed record Confinement(IsolationKind Kind, bool Privileged)
{
    /// <summary>Where the job's folder stands inside bubblewrap.</summary>
    public const string InnerFolder = "/job";

    /// <summary>User and group <c>nobody</c>.</summary>
    private const uint Nobody = 65534;

    /// <summary>From here on no distribution, container runtime or systemd gives out user ids.</summary>
    private const uint OwnUsers = 1_879_048_192;

    private const uint OwnUsersCount = 1 << 27;

    private static readonly bool HasOwnUsers = File.ReadLines("/proc/self/uid_map").Any(ReachesOwnUsers);

    /// <summary>
    /// A user for one job alone: the kernel counts processes by user, over the whole machine, and users may signal each other's.
    /// Inside a container that knows few ids it is <c>nobody</c>.
    /// </summary>
    public static uint NewUser() => HasOwnUsers ? OwnUsers + (uint)RandomNumberGenerator.GetInt32((int)OwnUsersCount) : Nobody;

    /// <summary>Whether a user is one of <see cref="NewUser"/>'s that no other job and no program of the machine has.</summary>
    internal static bool IsOneJobs(uint user) => Environment.IsPrivilegedProcess && user >= OwnUsers;

    private static readonly ImmutableArray<string> Shared =
    [
        "--die-with-parent", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--ro-bind", "/usr", "/usr",
        "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/bin", "/bin",
        "--perms", "0755", "--dir", "/etc",
        "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
        "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
        "--ro-bind-try", "/etc/fonts", "/etc/fonts",
        "--dev", "/dev",
    ];

    /// <summary>
    /// The whole command line. <c>setsid</c> makes the child the leader of its own group, so that one signal ends all of it;
    /// the limits are set last, when the right to raise them is gone.
    /// </summary>
    /// <param name="user">The folder's owner, whom a privileged child becomes.</param>
    /// <param name="folder">The job's folder, absolute: all that the program sees beside its libraries.</param>
    /// <param name="readOnly">Names of files in the folder that the program must not change.</param>
    /// <param name="readable">Further folders that it may read, absolute.</param>
    public ImmutableArray<string> CommandLine(
        uint user, string folder, IEnumerable<string> readOnly, ProcessLimits limits, string program, IEnumerable<string> arguments,
        IReadOnlyList<string>? readable = null)
    {
        var line = new List<string>();
        line.Add("setsid");
        if (Kind == IsolationKind.Bubblewrap)
        {
            line.Add("bwrap");
            line.AddRange(Shared);
            foreach (var extra in ExtraFolders(program, readable ?? []))
            {
                // Folders that bubblewrap makes by itself on the way there are root's alone.
                foreach (var above in Above(extra))
                    line.AddRange(["--perms", "0755", "--dir", above]);
                line.AddRange(["--ro-bind", extra, extra]);
            }

            line.AddRange(["--bind", folder, InnerFolder]);
            foreach (var name in readOnly)
                line.AddRange(["--ro-bind", Path.Combine(folder, name), $"{InnerFolder}/{name}"]);
            line.AddRange(["--remount-ro", "/", "--chdir", InnerFolder]);
        }
        else if (Kind == IsolationKind.NoNetwork)
        {
            line.AddRange(Privileged ? (string[])["unshare", "-n"] : ["unshare", "-r", "-n"]);
        }

        if (Privileged)
            line.AddRange(["setpriv", Text($"--reuid={user}"), Text($"--regid={user}"), "--clear-groups", "--no-new-privs", "--pdeathsig=KILL"]);
        else
            line.AddRange(["setpriv", "--no-new-privs", "--pdeathsig=KILL"]);

        line.Add("prlimit");
        line.AddRange(Words(limits));
        line.Add(program);
        line.AddRange(arguments);
        return [.. line];
    }

    private static IEnumerable<string> Words(ProcessLimits limits) =>
    [
        Text($"--as={limits.AddressSpace}"), Text($"--cpu={limits.CpuSeconds}"), Text($"--fsize={limits.FileSize}"),
        Text($"--nproc={limits.Processes}"), Text($"--nofile={limits.OpenFiles}"), "--core=0",
    ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Above(string folder) =>
        Path.GetDirectoryName(folder) is { Length: > 1 } parent ? Above(parent).Append(parent) : [];

    /// <summary>A line says: first id inside, first id outside, how many.</summary>
    private static bool ReachesOwnUsers(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var first, _, var count]
        && ulong.TryParse(first, CultureInfo.InvariantCulture, out var from) && ulong.TryParse(count, CultureInfo.InvariantCulture, out var length)
        && from <= OwnUsers && from + length >= OwnUsers + OwnUsersCount;

    /// <summary>A program of the operator's own may stand outside /usr, and may need files. Parents first: a folder mounted later would hide one inside it.</summary>
    private static IEnumerable<string> ExtraFolders(string program, IEnumerable<string> readable) =>
        readable.Concat(Path.IsPathRooted(program) ? [Path.GetDirectoryName(program) ?? "/"] : []).Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
            .Where(folder => folder is not ("/usr" or "/bin") && !folder.StartsWith("/usr/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
