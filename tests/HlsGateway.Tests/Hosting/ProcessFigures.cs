using System.Globalization;

namespace HlsGateway.Tests.Hosting;

/// <summary>What the kernel tells of another process.</summary>
internal static class ProcessFigures
{
    /// <summary>The most memory that it ever held, in MiB.</summary>
    public static long PeakMegabytes(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    /// <summary>File descriptors that are open.</summary>
    public static int Descriptors(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();
}
