namespace HlsGateway.Tests.Hosting;

/// <summary>Where the sources stand, found upwards from the test assembly.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HlsGateway.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException($"No HlsGateway.sln above {AppContext.BaseDirectory}.");
    }
}
