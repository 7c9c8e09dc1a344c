using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>Classes of this collection share one published folder, which none of them changes.</summary>
[CollectionDefinition(Name)]
public sealed class OnPublished : ICollectionFixture<PublishedProgram>
{
    public const string Name = "Published program";
}

/// <summary>What <c>dotnet publish</c> makes of the sources. Nothing is compiled: the tests were built from the same.</summary>
public sealed class PublishedProgram : IAsyncLifetime, IDisposable
{
    private const string Configuration =
#if DEBUG
        "Debug";
#else
        "Release";
#endif

    private readonly TemporaryFolder folder = new();

    public string Folder => Path.Combine(folder.Path, "program");

    public async Task InitializeAsync()
    {
        // Others than root install it and run it too.
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        var (code, said, errors) = await ProgramTests.RunAsync("dotnet", ["publish", "src/HlsGateway", "-c", Configuration, "--no-restore", "--nologo", "-v", "quiet", "-o", Folder], Repository.Root);
        Assert.True(code == 0, said + errors);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();
}
