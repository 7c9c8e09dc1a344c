using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Storage;

/// <summary>The same contract on a real object store: Ceph's gateway, started by scripts/s3.</summary>
public sealed class S3StoreTests(CephFixture ceph) : BlobStoreContract, IClassFixture<CephFixture>
{
    protected override BlobStore Store => ceph.Store;

    [Fact]
    public async Task A_presigned_url_is_good_for_its_object_and_nothing_else()
    {
        await Store.PutAsync("videos/p/a.ts", "0123456789"u8.ToArray(), CancellationToken.None);
        using var viewer = new HttpClient();
        var url = Store.PublicUrl("videos/p/a.ts", new DefaultHttpContext().Request);
        using var answer = await viewer.GetAsync(new Uri(url));
        Assert.Equal("0123456789", await answer.Content.ReadAsStringAsync());
        Assert.Equal("video/mp2t", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("public, max-age=31536000, immutable", Assert.Single(answer.Headers.GetValues("Cache-Control")));
        using var other = await viewer.GetAsync(new Uri(url.Replace("a.ts", "b.ts", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
    }

    [Fact]
    public async Task An_object_of_many_parts_is_read_back_the_same()
    {
        var bytes = new byte[18 << 20];
        new Random(7).NextBytes(bytes);
        await Store.PutAsync("sources/large.mp4", new MemoryStream(bytes), "video/mp4", CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), await Store.Sha256Async("sources/large.mp4", CancellationToken.None));
    }

    [Fact]
    public async Task Wrong_keys_are_trouble_of_the_store_and_not_an_absent_object()
    {
        using var wrong = new S3Store(Options.Create(new StorageOptions { Kind = StorageKind.S3, S3 = ceph.Options("wrong-secret-wrong-secret") }), TimeProvider.System);
        await Assert.ThrowsAsync<IOException>(() => wrong.OpenAsync("videos/p/a.ts", CancellationToken.None));
    }
}

public sealed class CephFixture : IAsyncLifetime, IDisposable
{
    private const string Access = "testaccesskey";
    private const string Secret = "testsecretkey-not-a-real-secret";
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-s3-").FullName;
    private readonly int port = FreePort();
    private S3Store? store;

    internal S3Store Store => store ?? throw new InvalidOperationException("The store has not started.");

    internal S3Options Options(string secret = Secret) => new()
    {
        Endpoint = $"http://127.0.0.1:{port}",
        Bucket = "media",
        AccessKey = Access,
        SecretKey = secret,
        ForcePathStyle = true,
        Checksums = false,
    };

    public async Task InitializeAsync()
    {
        await ScriptAsync("up");
        using (var client = new AmazonS3Client(new BasicAWSCredentials(Access, Secret), new AmazonS3Config
        {
            ServiceURL = $"http://127.0.0.1:{port}",
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
        }))
            await client.PutBucketAsync("media");
        store = new S3Store(Microsoft.Extensions.Options.Options.Create(new StorageOptions { Kind = StorageKind.S3, S3 = Options() }), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await ScriptAsync("down");
        Directory.Delete(folder, recursive: true);
    }

    public void Dispose() => store?.Dispose();

    private async Task ScriptAsync(string what)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "scripts", "s3"), [what, folder]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        (start.Environment["S3_PORT"], start.Environment["MON_PORT"]) = ($"{port}", $"{13_000 + (port % 2_000 * 10)}");
        (start.Environment["AK"], start.Environment["SK"]) = (Access, Secret);
        using var script = Process.Start(start)!;

        // The daemons that it leaves running inherit its output: the end of the script counts, not the end of the streams.
        var said = new List<string>();
        script.ErrorDataReceived += (_, line) => said.Add(line.Data ?? "");
        script.OutputDataReceived += (_, line) => said.Add(line.Data ?? "");
        script.BeginErrorReadLine();
        script.BeginOutputReadLine();
        await Eventually.IsTrueAsync(() => script.HasExited, $"scripts/s3 {what}", TimeSpan.FromSeconds(120));
        Assert.True(script.ExitCode == 0, string.Join('\n', said));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
