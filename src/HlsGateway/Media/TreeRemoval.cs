using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HlsGateway.Media;

/// <summary>
/// Empties a folder whatever a program has made in it: names that are not valid text, trees deeper than the longest path, links that lead
/// elsewhere, folders that their own owner may not read. No link is followed, and no path is built: a folder inside a folder is moved
/// to the top before it is emptied, so that two open folders are enough for any depth.
/// </summary>
internal sealed class TreeRemoval(SafeFileHandle top)
{
    /// <summary>A program that still ran may have made more meanwhile.</summary>
    private const int Rounds = 3;

    private const int OpenFlags = OpenFlag.ReadOnly | OpenFlag.CloseOnExec;

    private const UnixFileMode ForUs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Queue<byte[]> due = new();

    /// <returns>False where something is left.</returns>
    public bool Run()
    {
        if (!Environment.IsPrivilegedProcess)
            File.SetUnixFileMode(top, ForUs);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var name in Names(top).Where(name => !RemovedAlone(top, name)))
                due.Enqueue(name);
            while (due.TryDequeue(out var name))
                Remove(name);
        }

        return !Names(top).Any();
    }

    /// <summary>Empties a folder of the top and removes it; the folders that it holds become names of the top.</summary>
    private void Remove(byte[] name)
    {
        Unlock(top, name);
        var opened = LinuxFiles.OpenAt(top, name, OpenFlags | OpenFlag.FolderOnly | OpenFlag.NoFollow, 0);
        if (opened < 0)
            return;
        using (var folder = new SafeFileHandle(opened, ownsHandle: true))
        {
            foreach (var inner in Names(folder).Where(inner => !RemovedAlone(folder, inner)))
            {
                Unlock(folder, inner);
                var moved = Terminated(RandomNumberGenerator.GetHexString(32));
                if (LinuxFiles.RenameAt(folder, inner, top, moved) == 0)
                    due.Enqueue(moved);
            }
        }

        _ = LinuxFiles.UnlinkAt(top, name, LinuxFiles.RemoveFolder);
    }

    /// <summary>True for whatever is no folder, and for a folder that is empty.</summary>
    private static bool RemovedAlone(SafeFileHandle folder, byte[] name) =>
        LinuxFiles.UnlinkAt(folder, name, 0) == 0 || LinuxFiles.UnlinkAt(folder, name, LinuxFiles.RemoveFolder) == 0;

    /// <summary>Root may enter every folder. Other users first give themselves the right, on the opened folder itself.</summary>
    private static void Unlock(SafeFileHandle folder, byte[] name)
    {
        if (Environment.IsPrivilegedProcess)
            return;
        var opened = LinuxFiles.OpenAt(folder, name, OpenFlag.PathOnly | OpenFlag.FolderOnly | OpenFlag.NoFollow | OpenFlag.CloseOnExec, 0);
        if (opened < 0)
            return;
        using var inner = new SafeFileHandle(opened, ownsHandle: true);
        try
        {
            File.SetUnixFileMode($"/proc/self/fd/{opened}", ForUs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It belongs to another user; it is reported as left.
        }
    }

    /// <summary>
    /// Names as zero-terminated bytes, as the file system has them: not every name is text. Read one by one, since there may
    /// be millions.
    /// </summary>
    private static IEnumerable<byte[]> Names(SafeFileHandle folder)
    {
        var opened = LinuxFiles.OpenAt(folder, ".", OpenFlags | OpenFlag.FolderOnly, 0);
        if (opened < 0)
            yield break;
        var listing = LinuxFiles.OpenListing(opened);
        if (listing == 0)
        {
            _ = LinuxFiles.Close(opened);
            yield break;
        }

        try
        {
            while (LinuxFiles.NextEntry(listing) is var entry && entry != 0)
            {
                var name = NameOf(entry);
                if (name is not ([(byte)'.', 0] or [(byte)'.', (byte)'.', 0]))
                    yield return name;
            }
        }
        finally
        {
            _ = LinuxFiles.CloseListing(listing);
        }
    }

    private static byte[] NameOf(nint entry)
    {
        var length = 0;
        while (Marshal.ReadByte(entry, LinuxFiles.NameOffset + length) != 0)
            length++;
        var name = new byte[length + 1];
        Marshal.Copy(entry + LinuxFiles.NameOffset, name, 0, length);
        return name;
    }

    private static byte[] Terminated(string name) => Encoding.ASCII.GetBytes(name + '\0');
}
