using Microsoft.Extensions.Options;

namespace HlsGateway.Storage;

/// <summary>Whether the store can be written. One that is away is no fault: it may come back, and playback of foreign origins goes on without it.</summary>
internal sealed class StoreCheck(IOptions<StorageOptions> storage, IServiceProvider services) : IStartCheck
{
    /// <summary>Written and removed again at each start; no viewer's path leads there.</summary>
    private const string Trial = "start-check";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        // The disk's folder is part of the data directory, which is looked at as a whole.
        if (storage.Value.Kind != StorageKind.S3)
            return [];
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        try
        {
            var store = services.GetRequiredService<BlobStore>();
            using var content = new MemoryStream([0]);
            await store.PutAsync(Trial, content, "application/octet-stream", bound.Token);
            await store.DeleteAsync(Trial, bound.Token);
            return [];
        }
        catch (IOException e) when (S3Store.CodeOf(e) is { } code && Why(code) is { } fault)
        {
            return [fault];
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>By the store's own error code; null for what may pass by itself.</summary>
    private StartFault? Why(string code) => code switch
    {
        "NoSuchBucket" => new("Storage:S3:Bucket", $"Storage:S3:Bucket is '{storage.Value.S3.Bucket}'; the store has no such bucket. Create it, or name another, for example Storage:S3:Bucket=media."),
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" =>
            new("Storage:S3:AccessKey", $"Storage:S3:AccessKey and Storage:S3:SecretKey: the store does not take them ({code}). Set both as the store gave them; their values are not shown."),
        "AccessDenied" => new("Storage:S3:AccessKey", $"Storage:S3:AccessKey may not write and delete in the bucket '{storage.Value.S3.Bucket}' (AccessDenied). Allow it to put, get, list and delete objects there."),
        "PermanentRedirect" or "AuthorizationHeaderMalformed" => new("Storage:S3:Region", $"Storage:S3:Region is '{storage.Value.S3.Region}'; the bucket '{storage.Value.S3.Bucket}' is in another ({code}), for example Storage:S3:Region=eu-central-1."),
        _ => null,
    };
}
