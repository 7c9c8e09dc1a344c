using System.Runtime.InteropServices;

namespace HlsGateway.Storage;

/// <summary>
/// Makes names of files durable. A new name is part of its folder, and a folder is on disk only after its own fsync. .NET cannot
/// open a folder, so libc does.
/// </summary>
internal static partial class DurableFolder
{
    private const int NoEntry = 2; // ENOENT

    /// <summary>Creates a folder below a root, and flushes each parent that got a new name.</summary>
    public static void Create(string root, string folder)
    {
        if (Directory.Exists(folder))
            return;
        var missing = new Stack<string>();
        for (var at = folder; at.Length > root.Length && !Directory.Exists(at); at = Path.GetDirectoryName(at) ?? root)
            missing.Push(at);
        Directory.CreateDirectory(folder);
        foreach (var made in missing)
            Flush(Path.GetDirectoryName(made) ?? root);
    }

    /// <exception cref="DirectoryNotFoundException">The folder has been deleted.</exception>
    /// <exception cref="IOException">The disk did not confirm it: the name may be lost in a power cut.</exception>
    public static void Flush(string folder)
    {
        var handle = Open(folder, OpenFlag.ReadOnly | OpenFlag.FolderOnly | OpenFlag.CloseOnExec);
        if (handle < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw error == NoEntry
                ? new DirectoryNotFoundException("A folder of the store was deleted.")
                : new IOException($"A folder of the store cannot be opened (error {error}).");
        }

        try
        {
            if (Sync(handle) != 0)
                throw new IOException($"A folder of the store cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
