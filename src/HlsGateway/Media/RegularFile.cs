using Microsoft.Win32.SafeHandles;

namespace HlsGateway.Media;

/// <summary>
/// Opens a file that an operator or an editor put into a folder of theirs. They may set a link, so it is followed; a pipe or a device
/// is refused at once, where opening it would wait for ever.
/// </summary>
internal static class RegularFile
{
    /// <exception cref="IOException">It is no regular file, or cannot be opened.</exception>
    public static FileStream OpenRead(string path)
    {
        var opened = LinuxFiles.Open(path, OpenFlag.ReadOnly | OpenFlag.CloseOnExec | OpenFlag.NonBlocking | OpenFlag.NoTerminal);
        if (opened < 0)
            throw new IOException($"The file cannot be opened: {LinuxFiles.Words(LinuxFiles.LastError)}.");
        var file = new SafeFileHandle(opened, ownsHandle: true);
        if (LinuxFiles.TryFacts(file, out var facts) && facts.Type == FileType.Regular)
            return new FileStream(file, FileAccess.Read, 1 << 16);
        file.Dispose();
        throw new IOException("It is not a regular file.");
    }
}
