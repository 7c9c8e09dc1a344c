using System.Diagnostics;
using System.Globalization;

namespace HlsGateway.Counting;

/// <summary>
/// One process per ledger: the writer numbers requests in memory, and a second writer would give the same numbers again. So the
/// second process is refused before it opens anything. The lock is the kernel's and ends with the process, however it dies.
/// </summary>
internal sealed class LedgerLock : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly FileStream file;

    private LedgerLock(FileStream file) => this.file = file;

    /// <exception cref="WrongStartException">Another process holds the ledger; the message names it and the file.</exception>
    public static LedgerLock Take(string path)
    {
        var holder = Holder(path);
        var file = Open(path);
        // A child process holds its parent's files between fork and exec, so a lock that has just been given up can look held
        // for a moment: that moment is waited out before anybody is refused.
        for (var waited = Stopwatch.StartNew(); file is null && waited.Elapsed < Patience; file = Open(path))
            Thread.Sleep(20);
        if (file is null)
        {
            var told = File.Exists(holder) ? File.ReadAllLines(holder) : [];
            var (pid, addresses) = (told is [var first, ..] ? first : "(unknown)", told is [_, var second, ..] ? $" It listens at {second}." : "");
            throw new WrongStartException([new("Gateway:DataDirectory",
                $"The ledger is in use by process {pid}, which holds {path}. Stop that process, or give this one a data directory of its own (Gateway:DataDirectory).{addresses}")]);
        }

        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new LedgerLock(file);
    }

    /// <summary>Lets those who are refused know where the holder listens. For the holder alone, once it does.</summary>
    public static void NoteAddresses(string path, string addresses) =>
        File.WriteAllText(Holder(path), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{addresses}\n"));

    public void Dispose() => file.Dispose();

    /// <summary>Process and addresses of the holder, a line each: beside the lock, which nobody but its holder can read.</summary>
    private static string Holder(string path) => path + ".pid";

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}
