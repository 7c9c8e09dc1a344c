using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace HlsGateway.Tests.Counting;

internal enum DiskChange
{
    Written,
    Truncated,
    Synced,
    Deleted,
}

/// <summary>
/// A disk that fails on demand: a SQLite VFS which passes every call on to the real one, after asking the plan of the folder that
/// the file stands in. Registered once per process as the default; folders without a plan notice nothing.
/// </summary>
internal static unsafe partial class FaultyDisk
{
    public const int IoError = 10;
    public const int Full = 13;

    /// <summary>Asked before each call on a file below a planned folder. Any other answer than 0 is what the call returns, undone.</summary>
    /// <param name="operation">Of a file: <c>open</c>, <c>read</c>, <c>write</c>, <c>truncate</c>, <c>sync</c>, <c>size</c>, <c>lock</c>, <c>map</c> (its shared memory); by name: <c>delete</c>, <c>access</c>.</param>
    public delegate int Plan(string operation, string file);

    /// <param name="bytes">What was written; empty for the other changes.</param>
    /// <param name="offset">Where it was written, or the length that was left.</param>
    public delegate void Change(DiskChange change, string path, ReadOnlySpan<byte> bytes, long offset);

    private static readonly ConcurrentDictionary<string, Plan> Plans = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, Change> Changes = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<nint, string> Files = new();
    private static readonly ConcurrentDictionary<nint, nint> Methods = new();
    private static nint realVfs;
    private static readonly Lazy<bool> Registered = new(Register);

    /// <summary>Files that were opened before are out of reach: call it before the ledger is opened.</summary>
    public static bool IsReady => Registered.Value;

    public static void Use(string folder, Plan plan) => Plans[folder] = plan;

    /// <summary>Told of each change to a file of the folder, after it succeeded and before SQLite goes on.</summary>
    public static void OnChange(string folder, Change change) => Changes[folder] = change;

    public static void Heal(string folder) => Plans.TryRemove(folder, out _);

    private static bool Register()
    {
        Batteries_V2.Init();
        realVfs = Find(0);
        var copy = Marshal.AllocHGlobal(168);
        Buffer.MemoryCopy((void*)realVfs, (void*)copy, 168, 168);
        *(nint*)(copy + 24) = Marshal.StringToCoTaskMemUTF8("faulty");
        *(nint*)(copy + 40) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)&Open;
        *(nint*)(copy + 48) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, int>)&Delete;
        *(nint*)(copy + 56) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)&Access;
        return RegisterVfs(copy, 1) == 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(nint vfs, nint name, nint file, int flags, int* outFlags)
    {
        if (name != 0 && Ask("open", Marshal.PtrToStringUTF8(name)!) is not 0 and var refused)
        {
            // SQLite closes what has methods: a file that was not opened has none.
            *(nint*)file = 0;
            return refused;
        }
        var real = (delegate* unmanaged[Cdecl]<nint, nint, nint, int, int*, int>)*(nint*)(realVfs + 40);
        var code = real(vfs, name, file, flags, outFlags);
        var methods = *(nint*)file;
        if (code != 0 || methods == 0 || name == 0) return code;
        Files[file] = Marshal.PtrToStringUTF8(name)!;
        *(nint*)file = Methods.GetOrAdd(methods, static original =>
        {
            // The unix VFS gives all its files of one locking style one table; ours ends with the way back to it.
            var copy = Marshal.AllocHGlobal(160);
            Buffer.MemoryCopy((void*)original, (void*)copy, 152, 152);
            *(nint*)(copy + 152) = original;
            *(nint*)(copy + 16) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)&Read;
            *(nint*)(copy + 24) = (nint)(delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)&Write;
            *(nint*)(copy + 32) = (nint)(delegate* unmanaged[Cdecl]<nint, long, int>)&Truncate;
            *(nint*)(copy + 40) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int>)&Sync;
            *(nint*)(copy + 48) = (nint)(delegate* unmanaged[Cdecl]<nint, long*, int>)&Size;
            *(nint*)(copy + 56) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int>)&Lock;
            if (*(nint*)(copy + 104) != 0) *(nint*)(copy + 104) = (nint)(delegate* unmanaged[Cdecl]<nint, int, int, int, nint*, int>)&Map;
            return copy;
        });
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(nint vfs, nint name, int sync)
    {
        var path = Marshal.PtrToStringUTF8(name)!;
        if (Ask("delete", path) is not 0 and var code) return code;
        var result = ((delegate* unmanaged[Cdecl]<nint, nint, int, int>)*(nint*)(realVfs + 48))(vfs, name, sync);
        if (result == 0) Tell(DiskChange.Deleted, path, default, 0);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(nint vfs, nint name, int flags, int* answer) =>
        Ask("access", Marshal.PtrToStringUTF8(name)!) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)*(nint*)(realVfs + 56))(vfs, name, flags, answer);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint file, nint buffer, int length, long offset) =>
        Ask("read", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)*(nint*)(Real(file) + 16))(file, buffer, length, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint file, nint buffer, int length, long offset)
    {
        if (Ask("write", file) is not 0 and var code) return code;
        var result = ((delegate* unmanaged[Cdecl]<nint, nint, int, long, int>)*(nint*)(Real(file) + 24))(file, buffer, length, offset);
        if (result == 0) Tell(DiskChange.Written, file, new ReadOnlySpan<byte>((void*)buffer, length), offset);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(nint file, long size)
    {
        if (Ask("truncate", file) is not 0 and var code) return code;
        var result = ((delegate* unmanaged[Cdecl]<nint, long, int>)*(nint*)(Real(file) + 32))(file, size);
        if (result == 0) Tell(DiskChange.Truncated, file, default, size);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(nint file, int flags)
    {
        if (Ask("sync", file) is not 0 and var code) return code;
        var result = ((delegate* unmanaged[Cdecl]<nint, int, int>)*(nint*)(Real(file) + 40))(file, flags);
        if (result == 0) Tell(DiskChange.Synced, file, default, 0);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(nint file, long* size) =>
        Ask("size", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, long*, int>)*(nint*)(Real(file) + 48))(file, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(nint file, int level) =>
        Ask("lock", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, int, int>)*(nint*)(Real(file) + 56))(file, level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Map(nint file, int region, int size, int extend, nint* memory) =>
        Ask("map", file) is not 0 and var code ? code : ((delegate* unmanaged[Cdecl]<nint, int, int, int, nint*, int>)*(nint*)(Real(file) + 104))(file, region, size, extend, memory);

    private static nint Real(nint file) => *(nint*)(*(nint*)file + 152);

    private static int Ask(string operation, nint file) => Files.TryGetValue(file, out var path) ? Ask(operation, path) : 0;

    private static int Ask(string operation, string path) => Plans.TryGetValue(Path.GetDirectoryName(path) ?? "", out var plan) ? plan(operation, Path.GetFileName(path)) : 0;

    private static void Tell(DiskChange change, nint file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (Files.TryGetValue(file, out var path)) Tell(change, path, bytes, offset);
    }

    private static void Tell(DiskChange change, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        if (Changes.TryGetValue(Path.GetDirectoryName(path) ?? "", out var told)) told(change, path, bytes, offset);
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial nint Find(nint name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int RegisterVfs(nint vfs, int makeDefault);
}

/// <summary>Holds calls until it is opened, at the test's end at the latest: a test that fails must not wait for a thread that it left standing here.</summary>
/// <remarks>Made behind the ledger whose thread it holds, so that it is disposed of before it.</remarks>
internal sealed class Latch : IDisposable
{
    // Not disposed of: the thread may still be on its way out of it.
    private readonly ManualResetEventSlim open = new();

    public void Wait() => open.Wait();

    public void Open() => open.Set();

    public void Dispose() => Open();
}
