using System.Runtime.InteropServices;

namespace HlsGateway.Media;

/// <summary>The few calls of the C library that the class library does not offer. Each gives 0 or a negative number.</summary>
internal static partial class Native
{
    public const int SigKill = 9;

    /// <summary>Signals a process, or with a negative id every process of the group.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);
}
