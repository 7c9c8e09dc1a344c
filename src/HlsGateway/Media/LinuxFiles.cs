using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HlsGateway.Media;

/// <summary>What a file is, as <c>statx</c> tells it. The layout is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct FileFacts
{
    private const int TypeMask = 0xF000;

    [FieldOffset(16)] public readonly uint Links;
    [FieldOffset(20)] public readonly uint Owner;
    [FieldOffset(28)] private readonly ushort mode;
    [FieldOffset(32)] public readonly ulong Inode;
    [FieldOffset(40)] public readonly ulong Size;
    [FieldOffset(136)] public readonly uint DeviceMajor;
    [FieldOffset(140)] public readonly uint DeviceMinor;

    public FileType Type => (FileType)(mode & TypeMask);

    /// <summary>Two names with the same identity are one file.</summary>
    public (ulong, uint, uint) Identity => (Inode, DeviceMajor, DeviceMinor);
}

internal enum FileType
{
    Pipe = 0x1000,
    CharacterDevice = 0x2000,
    Folder = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Link = 0xA000,
    Socket = 0xC000,
}

/// <summary>Linux's calls that name a file relative to an open folder, which the class library does not offer. Each gives 0, a descriptor, or -1.</summary>
internal static partial class LinuxFiles
{
    /// <summary>Of <c>unlinkat</c>: an empty folder.</summary>
    public const int RemoveFolder = 0x200;

    public const int NotThere = 2;
    public const int Exists = 17;

    private const int EmptyPath = 0x1000;
    private const uint BasicFacts = 0x7ff;
    private const int CurrentFolder = -100;

    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The error in words, without a path.</summary>
    public static string Words(int error) => new Win32Exception(error).Message;

    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenFolder(string path) => OpenAt(CurrentFolder, path, OpenFlag.ReadOnly | OpenFlag.FolderOnly | OpenFlag.NoFollow | OpenFlag.CloseOnExec, 0) is var folder and >= 0
        ? new SafeFileHandle(folder, ownsHandle: true)
        : throw new IOException($"A job folder cannot be opened: {Words(LastError)}.");

    /// <summary>Follows links.</summary>
    public static int Open(string path, int flags) => OpenAt(CurrentFolder, path, flags, 0);

    public static bool TryFacts(SafeFileHandle file, out FileFacts facts) => Statx(file, "", EmptyPath, BasicFacts, out facts) == 0;

    public static int Link(string file, SafeFileHandle folder, string name) => LinkAt(CurrentFolder, file, folder, name, 0);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(SafeFileHandle folder, byte[] name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolderAt(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(SafeFileHandle from, string name, SafeFileHandle to, string newName);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int RenameAt(SafeFileHandle from, byte[] name, SafeFileHandle to, byte[] newName);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(SafeFileHandle folder, byte[] name, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint User();

    [LibraryImport("libc", EntryPoint = "fdopendir", SetLastError = true)]
    public static partial nint OpenListing(int folder);

    /// <summary>Null at the end. The name begins at <see cref="NameOffset"/> and ends with a zero, on every 64-bit Linux.</summary>
    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    public static partial nint NextEntry(nint listing);

    /// <summary>Closes the descriptor too.</summary>
    [LibraryImport("libc", EntryPoint = "closedir")]
    public static partial int CloseListing(nint listing);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    public const int NameOffset = 19;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(int folder, string file, SafeFileHandle to, string name, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, out FileFacts facts);
}
