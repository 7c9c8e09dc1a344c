using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace HlsGateway.Tests.Counting;

/// <summary>
/// A disk that fails on demand: a SQLite VFS which passes every call on to the real one, after asking the plan of the folder that
/// the file stands in. Registered once per process as the default; folders without a plan notice nothing.
/// </summary>
internal static unsafe partial class FaultyDisk
{
    public const int IoError = 10;
    public const int Full = 13;

    /// <summary>Asked before each call on a file below a planned folder. Any other answer than 0 is what the call returns, undone.</summary>
    /// <param name="operation"><c>read</c>, <c>write</c>, <c>truncate</c>, <c>sync</c>.</param>
    public delegate int Plan(string operation, string file);

    private static readonly ConcurrentDictionary<string, Plan> Plans = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, Action<string>> Synced = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<nint, string> Files = new();
    private static readonly ConcurrentDictionary<nint, nint> Methods = new();
    private static nint realVfs;
    private static nint realMethods;
    private static readonly Lazy<bool> Registered = new(Register);

    /// <summary>Files that were opened before are out of reach: call it before the ledger is opened.</summary>
    public static bool IsReady => Registered.Value;

    public static void Use(string folder, Plan plan) => Plans[folder] = plan;

    /// <summary>Calls <paramref name="copy"/> with the path of each file of the folder after it was synced.</summary>
    public static void OnSync(string folder, Action<string> copy) => Synced[folder] = copy;

    public static void Heal(string folder) => Plans.TryRemove(folder, out _);

    private static bool Register()
    {
        Batteries_V2.Init();
        realVfs = Find(0);
        var copy = Marshal.AllocHGlobal(168);
        Buffer.MemoryCopy((void*)realVfs, (void*)copy, 168, 168);
        *(nint*)(copy + 24) = Marshal.StringToCoTaskMemUTF8("faulty");
        *(nint*)(copy + 40) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)&Open;
        return RegisterVfs(copy, 1) == 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(nint vfs, nint name, nint file, int flags, int* outFlags)
    {
        var real = (delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)*(nint*)(realVfs + 40);
        var code = real(vfs, name, file, flags, outFlags);
        var methods = *(nint*)file;
        if (code != 0 || methods == 0 || name == 0) return code;
        Files[file] = Marshal.PtrToStringUTF8(name)!;
        *(nint*)file = Methods.GetOrAdd(methods, static original =>
        {
            // The unix VFS gives all its files of one locking style one table.
            realMethods = original;
            var copy = Marshal.AllocHGlobal(152);
            Buffer.MemoryCopy((void*)original, (void*)copy, 152, 152);
            *(nint*)(copy + 16) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)&Read;
            *(nint*)(copy + 24) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)&Write;
            *(nint*)(copy + 32) = (nint)(delegate* unmanaged[Cdecl]<nint, long, int>)&Truncate;
            *(nint*)(copy + 40) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int>)&Sync;
            return copy;
        });
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint file, nint buffer, int length, long offset) =>
        Ask("read", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)*(nint*)(realMethods + 16))(file, buffer, length, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint file, nint buffer, int length, long offset) =>
        Ask("write", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)*(nint*)(realMethods + 24))(file, buffer, length, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(nint file, long size) =>
        Ask("truncate", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, long, int>)*(nint*)(realMethods + 32))(file, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(nint file, int flags)
    {
        if (Ask("sync", file) is not 0 and var code) return code;
        var result = ((delegate* unmanaged[Cdecl]<nint, int, int>)*(nint*)(realMethods + 40))(file, flags);
        if (result == 0 && Files.TryGetValue(file, out var path) && Synced.TryGetValue(Path.GetDirectoryName(path)!, out var copy)) copy(path);
        return result;
    }

    private static int Ask(string operation, nint file) =>
        Files.TryGetValue(file, out var path) && Plans.TryGetValue(Path.GetDirectoryName(path)!, out var plan) ? plan(operation, Path.GetFileName(path)) : 0;

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial nint Find(nint name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int RegisterVfs(nint vfs, int makeDefault);
}
