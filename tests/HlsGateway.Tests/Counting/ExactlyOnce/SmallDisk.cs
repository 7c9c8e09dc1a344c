using System.Diagnostics;

namespace HlsGateway.Tests.Counting.ExactlyOnce;

/// <summary>A test that mounts a file system: skipped, with the reason, where that is not allowed.</summary>
internal sealed class MountingFactAttribute : FactAttribute
{
    public MountingFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "mounts a small tmpfs, which needs root";
    }
}

/// <summary>A tmpfs of its own that can be filled to the last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string filler;

    public SmallDisk(int megabytes)
    {
        Path = Directory.CreateTempSubdirectory("small-disk-").FullName;
        filler = System.IO.Path.Combine(Path, "filler");
        Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path);
    }

    public string Path { get; }

    public void Fill()
    {
        using var file = new FileStream(filler, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var block = new byte[1 << 20];
        // Smaller and smaller blocks, until not a single page is left.
        for (var size = block.Length; size >= 4096; size /= 4)
        {
            try
            {
                while (true) file.Write(block, 0, size);
            }
            catch (IOException)
            {
                // Full for blocks of this size.
            }
        }
        Assert.True(new DriveInfo(Path).AvailableFreeSpace < 4096, "the disk is not full");
    }

    public void Free() => File.Delete(filler);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        Directory.Delete(Path);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
