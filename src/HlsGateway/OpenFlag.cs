using System.Runtime.InteropServices;

namespace HlsGateway;

/// <summary>Flags of Linux's <c>open</c> and <c>openat</c>. Two of them have other numbers on ARM and POWER than on x86.</summary>
internal static class OpenFlag
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    /// <summary>Only names the file: nothing is opened, so that no right to it is needed.</summary>
    public const int PathOnly = 0x200000;

    private static readonly bool OldNumbers = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le;

    /// <summary>Fails where the name is no folder.</summary>
    public static int FolderOnly { get; } = OldNumbers ? 0x4000 : 0x10000;

    /// <summary>Fails where the last component is a symbolic link.</summary>
    public static int NoFollow { get; } = OldNumbers ? 0x8000 : 0x20000;
}
