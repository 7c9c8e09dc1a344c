using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Storage;

public sealed class DiskStoreTests : BlobStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-tests-").FullName;

    public DiskStoreTests() => Store = Open();

    private protected override BlobStore Store { get; }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_partial_file_of_a_process_that_died_is_gone_after_the_next_start()
    {
        var partial = Path.Combine(folder, "objects", ".partial", $"{int.MaxValue}-0123");
        await File.WriteAllTextAsync(partial, "half");
        Open();
        Assert.False(File.Exists(partial));
    }

    private DiskStore Open() => new(
        NoCdn.Addresses, Options.Create(new GatewayOptions { DataDirectory = folder }), new HostingEnvironment { ContentRootPath = folder });
}
