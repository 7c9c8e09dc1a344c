using System.Diagnostics;
using System.Security.Cryptography;

namespace HlsGateway.Media;

/// <summary>
/// A private folder for one run of an untrusted program: inputs go in, outputs come out, and it is always removed. Whatever
/// stands in it is opened by its name here, never by a path.
/// </summary>
internal sealed class JobFolder : IDisposable
{
    private readonly Dictionary<string, (ulong, uint, uint)> inputs = new(StringComparer.Ordinal);
    private readonly Action<string>? left;

    private JobFolder(string path, Action<string>? left)
    {
        Path = path;
        this.left = left;
        Directory.CreateDirectory(path);
        Outputs = UntrustedFolder.Give(path, User);
    }

    /// <summary>Owns the folder and runs its programs, where we are root.</summary>
    public uint User { get; } = Confinement.NewUser();

    /// <summary>Absolute; for the program's command line alone.</summary>
    public string Path { get; }

    /// <summary>Names of the files that the program may read and not change.</summary>
    public IReadOnlyCollection<string> Inputs => inputs.Keys;

    /// <summary>Folders of the machine that its programs may read as well; absolute.</summary>
    public IReadOnlyList<string> Readable { get; init; } = [];

    /// <summary>What its programs left.</summary>
    internal UntrustedFolder Outputs { get; }

    /// <summary>The name carries our process id, so that a later start knows which folders are no longer in use.</summary>
    /// <param name="readable">See <see cref="Readable"/>.</param>
    /// <param name="left">Told the folder's name where it cannot be removed.</param>
    public static JobFolder Create(string root, IReadOnlyList<string>? readable = null, Action<string>? left = null) => new(
        System.IO.Path.Combine(System.IO.Path.GetFullPath(root), $"{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}"), left)
    {
        Readable = readable ?? [],
    };

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

    /// <summary>A process with the same id, as in a restarted container, wrote before this process began; a younger folder is in use.</summary>
    private static bool IsOver(string folder, int pid)
    {
        if (pid != Environment.ProcessId)
            return !Directory.Exists($"/proc/{pid}");
        using var self = Process.GetCurrentProcess();
        return Directory.GetLastWriteTimeUtc(folder) < self.StartTime.ToUniversalTime();
    }

    /// <summary>Writes an input under a name of ours, never under one that a client chose.</summary>
    public Task AddAsync(string name, Stream content, CancellationToken ct) => AddAsync(name, file => content.CopyToAsync(file, ct));

    /// <inheritdoc cref="AddAsync(string, Stream, CancellationToken)"/>
    public async Task AddAsync(string name, Func<Stream, Task> writeAsync)
    {
        await using var file = Outputs.Create(name);
        await writeAsync(file);
        await file.FlushAsync();
        inputs.Add(name, UntrustedFolder.Protect(file.SafeFileHandle));
    }

    /// <summary>Another name for a file of ours that stays where it is; a copy where it is on another file system.</summary>
    public async Task LinkAsync(string name, string file, CancellationToken ct)
    {
        if (Outputs.TryLink(file, name, out var identity))
        {
            inputs.Add(name, identity);
            return;
        }

        await using var content = File.OpenRead(file);
        await AddAsync(name, content, ct);
    }

    /// <summary>Opens an input, and only the file that was put in.</summary>
    /// <exception cref="SandboxException">Another file stands in its place.</exception>
    public Stream OpenInput(string name) => Outputs.OpenProtected(name, inputs[name]);

    /// <summary>Bytes of an input.</summary>
    public long LengthOf(string name)
    {
        using var input = OpenInput(name);
        return input.Length;
    }

    /// <summary>Moves what another folder's program wrote to this folder, as an input; that program had no access here.</summary>
    /// <exception cref="SandboxException">It is no regular file of the program's own.</exception>
    public void Take(JobFolder from, string name) => inputs.Add(name, Outputs.Take(from.Outputs, name));

    /// <summary>A folder inside, for outputs.</summary>
    public void AddFolder(string name) => Outputs.AddFolder(name);

    /// <summary>What cannot be removed does not change the job's result: it is left to the next start.</summary>
    public void Dispose()
    {
        if (!Remove(Path, Outputs))
            left?.Invoke(System.IO.Path.GetFileName(Path));
        Outputs.Dispose();
    }

    /// <summary>Another process may remove the same leftovers now, or we may not be allowed to: a start must not fail because of them.</summary>
    private static void Remove(string folder)
    {
        try
        {
            using var outputs = UntrustedFolder.Reopen(folder);
            Remove(folder, outputs);
        }
        catch (IOException)
        {
            // Gone.
        }
    }

    private static bool Remove(string folder, UntrustedFolder outputs)
    {
        try
        {
            if (!outputs.Clear())
                return false;
            Directory.Delete(folder);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
