using Microsoft.Win32.SafeHandles;

namespace HlsGateway.Media;

/// <summary>
/// A folder that an untrusted program writes to, held open. Its output is opened only through this type: a symbolic link, a second
/// name of another file, a pipe or a device in a result's place would otherwise make us publish, change or wait for something else.
/// Each component of a name is opened by itself and never through a link, so that nothing leads out of the folder (openat2 does the
/// same in one call, but not on every kernel and under every container's filter). The type of what was opened is then checked.
/// </summary>
internal sealed class UntrustedFolder : IDisposable
{
    private const int Safely = OpenFlag.CloseOnExec | OpenFlag.NonBlocking | OpenFlag.NoTerminal;

    private const UnixFileMode ReadByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly SafeFileHandle folder;
    private readonly uint user;

    private UntrustedFolder(SafeFileHandle folder, uint user) => (this.folder, this.user) = (folder, user);

    /// <param name="path">A folder that we have just made where nobody else may write.</param>
    /// <param name="user">Runs the programs and owns what they make; it gets the folder.</param>
    public static UntrustedFolder Give(string path, uint user)
    {
        var given = Reopen(path, user);
        given.Give(given.folder);
        return given;
    }

    /// <summary>One that an earlier process gave to a program.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public static UntrustedFolder Reopen(string path, uint user = uint.MaxValue) => new(LinuxFiles.OpenFolder(path), user);

    /// <summary>A file that the program was told to write.</summary>
    /// <param name="most">Bytes.</param>
    /// <exception cref="SandboxException">It is not there, is larger, or is no regular file of the program's own.</exception>
    public OutputFile Open(string name, long most)
    {
        var file = Find(name) ?? throw new SandboxException($"The program in the sandbox did not write '{name}'.");
        if (file.Length <= most)
            return file;
        file.Dispose();
        throw OutputFile.TooLong(name, file.Length, most);
    }

    /// <summary>Null where nothing has that name.</summary>
    /// <exception cref="SandboxException">What has that name is no regular file of the program's own.</exception>
    public OutputFile? Find(string name)
    {
        var file = OpenBeneath(name, OpenFlag.ReadOnly | Safely);
        if (file is null)
            return null;
        try
        {
            var facts = Facts(file);
            return What(facts) is { } wrong ? throw Refuse(name, wrong) : new OutputFile(file, name, (long)facts.Size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A file of ours, for the program to read: created only where nothing has that name yet.</summary>
    /// <exception cref="SandboxException">Something has that name.</exception>
    public FileStream Create(string name)
    {
        var file = LinuxFiles.OpenAt(folder, Single(name), OpenFlag.WriteOnly | OpenFlag.Create | OpenFlag.Exclusive | OpenFlag.NoFollow | OpenFlag.CloseOnExec, 0x180);
        return file >= 0 ? new FileStream(new SafeFileHandle(file, ownsHandle: true), FileAccess.Write, 1 << 16) : throw NotMade(name);
    }

    /// <summary>Lets the program read a file and change it no more.</summary>
    /// <returns>What identifies this file.</returns>
    public static (ulong, uint, uint) Protect(SafeFileHandle file)
    {
        File.SetUnixFileMode(file, ReadByAll);
        return Facts(file).Identity;
    }

    /// <summary>A file that <see cref="Protect"/> identified.</summary>
    /// <exception cref="SandboxException">Another file stands in its place.</exception>
    public FileStream OpenProtected(string name, (ulong, uint, uint) identity)
    {
        var file = OpenBeneath(name, OpenFlag.ReadOnly | Safely);
        if (file is not null && Facts(file).Identity == identity)
            return new FileStream(file, FileAccess.Read, 1 << 16);
        file?.Dispose();
        throw Refuse(name, "another file");
    }

    /// <summary>A second name for a file of ours that no program made; false where it is on another file system.</summary>
    public bool TryLink(string file, string name, out (ulong, uint, uint) identity)
    {
        identity = default;
        if (LinuxFiles.Link(file, folder, Single(name)) != 0)
            return LinuxFiles.LastError == LinuxFiles.Exists ? throw NotMade(name) : false;
        using var linked = OpenBeneath(name, OpenFlag.ReadOnly | Safely) ?? throw Refuse(name, "another file");
        identity = Protect(linked);
        return true;
    }

    /// <summary>Moves what a program left in its folder to this one, which that program never saw, and takes it from the program's user.</summary>
    /// <exception cref="SandboxException">It is no regular file of the program's own.</exception>
    public (ulong, uint, uint) Take(UntrustedFolder from, string name)
    {
        if (LinuxFiles.RenameAt(from.folder, Single(name), folder, name) != 0)
            throw LinuxFiles.LastError == LinuxFiles.NotThere ? new SandboxException($"The program in the sandbox did not write '{name}'.") : NotMade(name);
        using var file = OpenBeneath(name, OpenFlag.ReadOnly | Safely) ?? throw Refuse(name, "another file");
        if (from.What(Facts(file)) is { } wrong)
            throw Refuse(name, wrong);
        if (Environment.IsPrivilegedProcess && LinuxFiles.ChangeOwner(file, 0, 0) != 0)
            throw new IOException($"The owner of a job's file cannot be changed: {LinuxFiles.Words(LinuxFiles.LastError)}.");
        return Protect(file);
    }

    /// <summary>A folder inside, for outputs.</summary>
    /// <exception cref="SandboxException">Something has that name.</exception>
    public void AddFolder(string name)
    {
        if (LinuxFiles.MakeFolderAt(folder, Single(name), 0x1C0) != 0)
            throw NotMade(name);
        using var made = OpenBeneath(name, OpenFlag.ReadOnly | OpenFlag.FolderOnly | OpenFlag.CloseOnExec) ?? throw Refuse(name, "another folder");
        Give(made);
    }

    /// <summary>Removes everything in it; false where something cannot be removed.</summary>
    public bool Clear() => new TreeRemoval(folder).Run();

    public void Dispose() => folder.Dispose();

    /// <summary>Null where nothing has that name.</summary>
    private SafeFileHandle? OpenBeneath(string name, int flags)
    {
        SafeFileHandle? above = null;
        try
        {
            var words = name.Split('/');
            for (var i = 0; ; i++)
            {
                var last = i == words.Length - 1;
                var opened = LinuxFiles.OpenAt(
                    above ?? folder, Single(words[i]), OpenFlag.NoFollow | (last ? flags : OpenFlag.ReadOnly | OpenFlag.FolderOnly | OpenFlag.CloseOnExec), 0);
                if (opened < 0)
                    return LinuxFiles.LastError == LinuxFiles.NotThere ? null : throw NotOpened(name, LinuxFiles.LastError);
                var file = new SafeFileHandle(opened, ownsHandle: true);
                if (last)
                    return file;
                above?.Dispose();
                above = file;
            }
        }
        finally
        {
            above?.Dispose();
        }
    }

    /// <summary>One component, which stays where it is.</summary>
    private static string Single(string word) => word.Length > 0 && word is not ("." or "..") && word.AsSpan().IndexOfAny('/', '\0') < 0
        ? word
        : throw new SandboxException("The program in the sandbox named a file outside its folder.");

    /// <summary>Null for a regular file of the program's own with this one name.</summary>
    private string? What(in FileFacts facts) => facts.Type switch
    {
        FileType.Regular when facts.Owner != (Environment.IsPrivilegedProcess ? user : LinuxFiles.User()) => "a file of another user",
        FileType.Regular when facts.Links != 1 => "a file with several names",
        FileType.Regular => null,
        FileType.Folder => "a folder",
        FileType.Pipe => "a pipe",
        _ => "a device",
    };

    private static FileFacts Facts(SafeFileHandle file) =>
        LinuxFiles.TryFacts(file, out var facts) ? facts : throw new IOException($"A job's file cannot be examined: {LinuxFiles.Words(LinuxFiles.LastError)}.");

    /// <summary>Gives a folder that we have just made to the user alone.</summary>
    private void Give(SafeFileHandle made)
    {
        File.SetUnixFileMode(made, OwnerAlone);
        if (Environment.IsPrivilegedProcess && LinuxFiles.ChangeOwner(made, user, user) != 0)
            throw new IOException($"A job folder cannot be given to the user {user}: {LinuxFiles.Words(LinuxFiles.LastError)}.");
    }

    private static SandboxException Refuse(string name, string what) =>
        new($"The program in the sandbox left {what} as '{name}' instead of a file of its own.");

    /// <summary>What the program left is the program's fault; that we have no descriptors or the disk fails is the machine's.</summary>
    private static Exception NotOpened(string name, int error) => error switch
    {
        40 => Refuse(name, "a symbolic link"), // ELOOP
        20 => Refuse(name, "a link or file instead of a folder"), // ENOTDIR
        6 or 19 => Refuse(name, "a socket or device"), // ENXIO, ENODEV
        13 or 1 or 11 or 26 or 36 => Refuse(name, "a file that cannot be opened"), // EACCES, EPERM, EAGAIN, ETXTBSY, ENAMETOOLONG
        _ => new IOException($"A job's file cannot be opened: {LinuxFiles.Words(error)}."),
    };

    private static Exception NotMade(string name) => LinuxFiles.LastError switch
    {
        LinuxFiles.Exists or 20 or 21 or 39 or 40 => Refuse(name, "something"), // ENOTDIR, EISDIR, ENOTEMPTY, ELOOP
        var error => new IOException($"A job's file cannot be made: {LinuxFiles.Words(error)}."),
    };
}
