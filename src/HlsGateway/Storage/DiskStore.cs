using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using HlsGateway.Cdn;
using Microsoft.Extensions.Options;

namespace HlsGateway.Storage;

/// <summary>
/// Objects as files below one folder. Written aside, flushed, renamed into place, and the folder flushed: after a crash an
/// object is whole or absent.
/// </summary>
internal sealed class DiskStore : BlobStore
{
    private const string Aside = ".partial";

    private readonly string root;
    private readonly GatewayOptions gateway;

    public DiskStore(CdnAddresses cdn, IOptions<GatewayOptions> gateway, IHostEnvironment environment)
        : base(cdn)
    {
        root = Path.Combine(gateway.Value.DataPath(environment), "objects");
        this.gateway = gateway.Value;
        Directory.CreateDirectory(Path.Combine(root, Aside));
        SweepPartials();
    }

    /// <summary>The file of a valid key; it need not exist.</summary>
    public string PathOf(string key)
    {
        BlobKey.Check(key);
        return Path.Combine(root, key);
    }

    public override async Task PutAsync(string key, Stream content, string contentType, CancellationToken ct)
    {
        var target = PathOf(key);
        var aside = Path.Combine(root, Aside, $"{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        try
        {
            await using (var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
            {
                await content.CopyToAsync(file, 1 << 16, ct);
                file.Flush(flushToDisk: true);
            }

            MoveInto(aside, target);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }

    public override Task<Stream?> OpenAsync(string key, CancellationToken ct)
    {
        var path = PathOf(key);
        try
        {
            return Task.FromResult<Stream?>(
                new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public override Task<bool> ExistsAsync(string key, CancellationToken ct) => Task.FromResult(File.Exists(PathOf(key)));

    public override Task DeleteAsync(string key, CancellationToken ct)
    {
        var path = PathOf(key);
        if (!File.Exists(path))
            return Task.CompletedTask;
        File.Delete(path);
        for (var folder = Path.GetDirectoryName(path); folder is not null && folder.Length > root.Length; folder = Path.GetDirectoryName(folder))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                // Not empty: it holds other objects.
                break;
            }
        }

        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var slash = prefix.LastIndexOf('/');
        var keys = KeysBelow(slash < 0 ? root : PathOf(prefix[..slash]))
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith(Aside, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        foreach (var key in keys)
        {
            ct.ThrowIfCancellationRequested();
            yield return key;
        }

        await Task.CompletedTask;
    }

    private List<string> KeysBelow(string folder)
    {
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                return [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
                    .Select(path => Path.GetRelativePath(root, path))];
            }
            catch (DirectoryNotFoundException) when (attempt < 50)
            {
                // The folder became empty and was removed while it was being listed.
            }
        }

        return [];
    }

    public override Task RemovePartialsAsync(TimeSpan age, CancellationToken ct)
    {
        SweepPartials();
        return Task.CompletedTask;
    }

    protected override IResult Download(string key, string fileName) =>
        TypedResults.PhysicalFile(PathOf(key), BlobKey.ContentType(key), fileName, enableRangeProcessing: true);

    protected override string OwnUrl(string key, HttpRequest request) =>
        $"{gateway.SiteOf(request)}/media/{BlobKey.UrlPath(key)}";

    private void MoveInto(string aside, string target)
    {
        var folder = Path.GetDirectoryName(target) ?? root;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                DurableFolder.Create(root, folder);
                File.Move(aside, target, overwrite: true);
                break;
            }
            catch (DirectoryNotFoundException) when (attempt < 50)
            {
                // The folder became empty and was removed between two of these calls.
            }
        }

        DurableFolder.Flush(folder);
    }

    /// <summary>Unfinished files of processes that died while they wrote.</summary>
    private void SweepPartials()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(root, Aside)))
        {
            var name = Path.GetFileName(path);
            var dash = name.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0 && int.TryParse(name.AsSpan(0, dash), out var pid) && !Directory.Exists($"/proc/{pid}"))
                File.Delete(path);
        }
    }
}
