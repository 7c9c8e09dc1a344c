using System.Diagnostics;
using System.Globalization;
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
[Collection(OnCeph.Name)]
public sealed class S3StoreTests(CephFixture ceph) : BlobStoreContract
{
    private protected override BlobStore Store => ceph.Store;

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
    public async Task Parts_of_an_upload_that_died_are_removed_when_they_are_old_and_objects_stay()
    {
        using var client = ceph.NewClient();
        await client.InitiateMultipartUploadAsync("media", "sources/half.mp4");
        await Store.PutAsync("sources/whole.mp4", "whole"u8.ToArray(), CancellationToken.None);
        await Store.RemovePartialsAsync(TimeSpan.FromHours(1), CancellationToken.None);
        Assert.Equal(["sources/half.mp4"], await PartialsAsync());
        // Begun before a moment that is still to come: old.
        await Store.RemovePartialsAsync(TimeSpan.FromMinutes(-5), CancellationToken.None);
        Assert.Empty(await PartialsAsync());
        Assert.True(await Store.ExistsAsync("sources/whole.mp4", CancellationToken.None));

        async Task<IEnumerable<string>> PartialsAsync() =>
            ((await client.ListMultipartUploadsAsync("media")).MultipartUploads ?? []).Select(upload => upload.Key).ToList();
    }

    [Fact]
    public async Task Wrong_keys_are_trouble_of_the_store_and_not_an_absent_object()
    {
        using var wrong = new S3Store(NoCdn.Addresses, Options.Create(new StorageOptions { Kind = StorageKind.S3, S3 = ceph.Options("wrong-secret-wrong-secret") }), TimeProvider.System);
        await Assert.ThrowsAsync<IOException>(() => wrong.OpenAsync("videos/p/a.ts", CancellationToken.None));
    }
}

/// <summary>Classes of this collection share one object store and one bucket, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OnCeph : ICollectionFixture<CephFixture>
{
    public const string Name = "Ceph";
}

public sealed class CephFixture : IAsyncLifetime, IDisposable
{
    private const string Access = "testaccesskey";
    private const string Secret = "testsecretkey-not-a-real-secret";
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-s3-").FullName;
    private readonly int port = FreePorts.Take(202);
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

    /// <summary>As keys of the configuration, for a process that is to use this store.</summary>
    /// <param name="endpoint">Another way to it; null goes straight.</param>
    internal Dictionary<string, string> Settings(string? endpoint = null) => new(StringComparer.Ordinal)
    {
        ["Storage:Kind"] = "S3",
        ["Storage:S3:Endpoint"] = endpoint ?? Options().Endpoint,
        ["Storage:S3:Bucket"] = "media",
        ["Storage:S3:AccessKey"] = Access,
        ["Storage:S3:SecretKey"] = Secret,
        ["Storage:S3:ForcePathStyle"] = "true",
        ["Storage:S3:Checksums"] = "false",
    };

    public async Task InitializeAsync()
    {
        await ScriptAsync("up");
        using (var client = NewClient())
            await client.PutBucketAsync("media");
        store = new S3Store(NoCdn.Addresses, Microsoft.Extensions.Options.Options.Create(new StorageOptions { Kind = StorageKind.S3, S3 = Options() }), TimeProvider.System);
    }

    internal AmazonS3Client NewClient() => new(new BasicAWSCredentials(Access, Secret), new AmazonS3Config
    {
        ServiceURL = $"http://127.0.0.1:{port}",
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
    });

    public async Task DisposeAsync()
    {
        await ScriptAsync("down");
        Directory.Delete(folder, recursive: true);
    }

    public void Dispose() => store?.Dispose();

    /// <summary>SIGKILL: the gateway is gone in the middle of what it did; what it had stored is still there.</summary>
    internal async Task KillAsync()
    {
        using var gateway = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "run", "client.rgw.a.pid")), CultureInfo.InvariantCulture));
        gateway.Kill();
        await Eventually.IsTrueAsync(() => !Answers(), "the object store is gone");
    }

    internal async Task RestartAsync()
    {
        Process.Start("radosgw", ["-c", Path.Combine(folder, "ceph.conf"), "-n", "client.rgw.a"]).Dispose();
        await Eventually.IsTrueAsync(Answers, "the object store answers again", TimeSpan.FromSeconds(60));
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private Task<List<string>> ScriptAsync(string what) => Script.RunAsync(
        "s3", [what, folder], ("S3_PORT", $"{port}"), ("MON_PORT", $"{port + 1}"), ("AK", Access), ("SK", Secret));
}
