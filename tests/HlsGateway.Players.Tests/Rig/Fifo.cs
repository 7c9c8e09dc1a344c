namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// A named pipe to read what another program writes to "a file". It may open and close it as often as it likes: the stream goes on
/// until <see cref="End"/>.
/// </summary>
internal sealed class Fifo : IDisposable
{
    private readonly FileStream held;

    private Fifo(FileStream reader, FileStream held)
    {
        Reader = reader;
        this.held = held;
    }

    public Stream Reader { get; }

    /// <param name="path">In a folder that goes with its owner; anybody may write.</param>
    public static async Task<Fifo> CreateAsync(string path)
    {
        await Tool.RunAsync("mkfifo", ["-m", "666", path], TimeSpan.FromMinutes(1));
        // Either end waits for the other.
        var reader = Task.Run(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
        var held = await Task.Run(() => new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
        return new Fifo(await reader, held);
    }

    /// <summary>Nobody writes any more: what is in the pipe is read, then the stream ends.</summary>
    public void End() => held.Dispose();

    public void Dispose()
    {
        held.Dispose();
        Reader.Dispose();
    }
}
