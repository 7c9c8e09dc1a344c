using System.Diagnostics;

namespace HlsGateway.Tests.Hosting;

/// <summary>A folder of the test's own, gone with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hlsgateway-test-").FullName;

    public void Dispose() => Delete(Path);

    /// <summary>Deletes a folder in which whoever has just ended may still make a file.</summary>
    public static void Delete(string path)
    {
        for (var watch = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            try
            {
                Directory.Delete(path, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (IOException) when (watch.Elapsed < TimeSpan.FromSeconds(30))
            {
                // Not empty, once more.
            }
        }
    }
}
