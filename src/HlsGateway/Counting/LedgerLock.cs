using System.Globalization;

namespace HlsGateway.Counting;

/// <summary>
/// One process per ledger. SQLite 3.50.4 can corrupt a WAL that two connections reset at once (fixed in 3.51.3), so the second
/// process is refused before it opens anything. The lock is the kernel's and ends with the process, however it dies.
/// </summary>
internal sealed class LedgerLock : IDisposable
{
    private readonly FileStream file;

    private LedgerLock(FileStream file) => this.file = file;

    /// <exception cref="InvalidOperationException">Another process holds the ledger; the message names it and the file.</exception>
    public static LedgerLock Take(string path)
    {
        // Beside the lock, which nobody but its holder can read.
        var holder = path + ".pid";
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException held) when (File.Exists(path))
        {
            var pid = File.Exists(holder) ? File.ReadAllText(holder) : "(unknown)";
            throw new InvalidOperationException(
                $"The ledger is in use by process {pid}, which holds {path}. Stop that process, or give this one a data directory of its own (Gateway:DataDirectory).", held);
        }
        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new LedgerLock(file);
    }

    public void Dispose() => file.Dispose();
}
