using System.Diagnostics;
using System.Security.Cryptography;

namespace HlsGateway.Transcoding;

/// <summary>A private folder for one run of ffmpeg: inputs go in, outputs come out, and it is always removed.</summary>
public sealed class JobFolder : IDisposable
{
    private readonly List<string> _inputs = [];

    private JobFolder(string path) => Path = path;

    /// <summary>Owns the folder and runs its programs, where we are root.</summary>
    public uint User { get; } = Confinement.NewUser();

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Names of the files that the program may read and not change.</summary>
    public IReadOnlyList<string> Inputs => _inputs;

    /// <summary>Folders of the machine that its programs may read as well; absolute.</summary>
    public IReadOnlyList<string> Readable { get; init; } = [];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The name carries our process id, so that a later start knows which folders nobody works in any more.</summary>
    /// <param name="readable">See <see cref="Readable"/>.</param>
    public static JobFolder Create(string root, IReadOnlyList<string>? readable = null)
    {
        var path = System.IO.Path.Combine(
            System.IO.Path.GetFullPath(root), $"{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        var folder = new JobFolder(path) { Readable = readable ?? [] };
        folder.Make(path);
        return folder;
    }

    /// <summary>Removes what processes that ended without tidying up left behind.</summary>
    public static void SweepLeftovers(string root)
    {
        if (!Directory.Exists(root))
            return;
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            var name = System.IO.Path.GetFileName(folder);
            var dash = name.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0 && int.TryParse(name.AsSpan(0, dash), out var pid) && IsOver(folder, pid))
                Remove(folder);
        }
    }

    /// <summary>A namesake, as in a container that starts again, wrote before this process began; what is younger is in use.</summary>
    private static bool IsOver(string folder, int pid)
    {
        if (pid != Environment.ProcessId)
            return !Directory.Exists($"/proc/{pid}");
        using var self = Process.GetCurrentProcess();
        return Directory.GetLastWriteTimeUtc(folder) < self.StartTime.ToUniversalTime();
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process that starts now removes it as well, or nobody may: a start must not fail for what is only in the way.
        }
    }

    /// <summary>Writes an input under a name of ours, never under one that a client chose.</summary>
    public async Task AddAsync(string name, Stream content, CancellationToken ct)
    {
        await using (var file = new FileStream(this[name], FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
            await content.CopyToAsync(file, ct);
        Protect(name);
    }

    /// <summary>Another name for a file that stays where it is; a copy where it stands on another file system.</summary>
    public void Link(string name, string file)
    {
        if (Native.Link(file, this[name]) != 0)
            File.Copy(file, this[name]);
        Protect(name);
    }

    /// <summary>A folder inside, for outputs.</summary>
    public void AddFolder(string name) => Make(this[name]);

    /// <summary>What an earlier step wrote becomes an input of the next.</summary>
    public void Protect(string name)
    {
        File.SetUnixFileMode(this[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        _inputs.Add(name);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private void Make(string path)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (Environment.IsPrivilegedProcess && Native.Chown(path, User, User) != 0)
            throw new IOException($"The job folder {path} cannot be given to the user {User}.");
    }
}
