using System.Globalization;

namespace HlsGateway.Access;

/// <summary>
/// How this process shares out its file descriptors. .NET ends a process that has none left when it needs a thread, so whatever strangers
/// can open has a bound, and the bounds together stay below what the system allows.
/// </summary>
internal static class Descriptors
{
    /// <summary>For assemblies, databases, the store, jobs and logs: a process of all roles holds some 330 at rest.</summary>
    private const int Kept = 512;

    /// <summary>Below this there would be too few for anybody else.</summary>
    public const int Least = 1024;

    private const int Sixteenths = 16;

    /// <summary>What the system allows; the runtime raises its own limit to it at the start.</summary>
    public static long Limit { get; } = Read();

    /// <summary>Connections of clients. 50,000 idle ones are about 600 MB.</summary>
    public static int Connections { get; } = Share(12, 50_000);

    /// <summary>Files of the origin that are read at a time: playlists, and segments that are measured.</summary>
    public static int Fetches { get; } = Share(1, 8_192);

    /// <summary>Files of the origin that are passed through at a time. HTTP/2 brings a hundred requests on one connection.</summary>
    public static int Streams { get; } = Share(3, 32_768);

    private static int Share(int sixteenths, int most) => (int)Math.Clamp((Limit - Kept) / Sixteenths * sixteenths, sixteenths, most);

    private static long Read()
    {
        const string proc = "/proc/self/limits";
        if (!File.Exists(proc))
            return 8192;
        var line = File.ReadLines(proc).FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        // "Max open files  <soft>  <hard>  files".
        var fields = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return fields.Length > 4 && long.TryParse(fields[4], CultureInfo.InvariantCulture, out var hard) ? hard : int.MaxValue;
    }
}

/// <summary>A process that may open too few files would be ended by a crowd.</summary>
internal sealed class DescriptorCheck : IStartCheck
{
    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<StartFault>>(Descriptors.Limit >= Descriptors.Least
        ? []
        : [new StartFault("", $"The process may open {Descriptors.Limit} files; it needs {Descriptors.Least} at least. Raise the limit: ulimit -n 65536 in the shell that starts it, LimitNOFILE=65536 in its systemd unit.")]);
}
