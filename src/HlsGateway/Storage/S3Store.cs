using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using HlsGateway.Cdn;
using Microsoft.Extensions.Options;

namespace HlsGateway.Storage;

/// <summary>
/// Objects in a bucket of any S3-compatible store. Large ones go up in parts; an upload that fails is aborted and leaves
/// nothing behind. Where no CDN is set, viewers get presigned URLs. A failure of the store is an <see cref="IOException"/>.
/// </summary>
internal sealed class S3Store : BlobStore, IDisposable
{
    private readonly AmazonS3Client client;
    private readonly TransferUtility transfer;
    private readonly string bucket;
    private readonly TimeSpan lifetime;
    private readonly TimeProvider time;
    private readonly Protocol protocol;

    public S3Store(CdnAddresses cdn, IOptions<StorageOptions> storage, TimeProvider time)
        : base(cdn)
    {
        var s3 = storage.Value.S3;
        (bucket, lifetime, this.time) = (s3.Bucket, s3.PresignedLifetime, time);
        protocol = s3.Endpoint.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ? Protocol.HTTP : Protocol.HTTPS;
        var config = new AmazonS3Config { ForcePathStyle = s3.ForcePathStyle };
        if (s3.Endpoint.Length > 0)
            (config.ServiceURL, config.AuthenticationRegion) = (s3.Endpoint, s3.Region);
        else
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(s3.Region);
        if (!s3.Checksums)
        {
            config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
        }

        client = s3.AccessKey.Length > 0 ? new AmazonS3Client(new BasicAWSCredentials(s3.AccessKey, s3.SecretKey), config) : new AmazonS3Client(config);
        transfer = new TransferUtility(client);
    }

    public override async Task PutAsync(string key, Stream content, string contentType, CancellationToken ct)
    {
        BlobKey.Check(key);
        var request = new TransferUtilityUploadRequest
        {
            BucketName = bucket,
            Key = key,
            InputStream = content,
            ContentType = contentType,
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
        };
        request.Headers.CacheControl = "public, max-age=31536000, immutable";
        await TellAsync(async () =>
        {
            await transfer.UploadAsync(request, ct);
            return true;
        });
    }

    public override Task<Stream?> OpenAsync(string key, CancellationToken ct)
    {
        BlobKey.Check(key);
        return TellAsync<Stream?>(async () => (await client.GetObjectAsync(bucket, key, ct)).ResponseStream);
    }

    public override Task<bool> ExistsAsync(string key, CancellationToken ct)
    {
        BlobKey.Check(key);
        return TellAsync(async () =>
        {
            await client.GetObjectMetadataAsync(bucket, key, ct);
            return true;
        });
    }

    public override Task DeleteAsync(string key, CancellationToken ct)
    {
        BlobKey.Check(key);
        return TellAsync(async () => await client.DeleteObjectAsync(bucket, key, ct));
    }

    public override async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ContinuationToken = next };
            var page = await TellAsync(async () => await client.ListObjectsV2Async(request, ct));
            foreach (var found in page?.S3Objects ?? [])
                yield return found.Key;
            next = page?.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public override Task RemovePartialsAsync(TimeSpan age, CancellationToken ct) => TellAsync(async () =>
    {
        await transfer.AbortMultipartUploadsAsync(bucket, (time.GetUtcNow() - age).UtcDateTime, ct);
        return true;
    });

    protected override string OwnUrl(string key, HttpRequest request) => client.GetPreSignedURL(Presigned(key));

    protected override IResult Download(string key, string fileName)
    {
        var request = Presigned(key);
        request.ResponseHeaderOverrides.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        request.ResponseHeaderOverrides.CacheControl = "private, no-store";
        return TypedResults.Redirect(client.GetPreSignedURL(request));
    }

    private GetPreSignedUrlRequest Presigned(string key) => new()
    {
        BucketName = bucket,
        Key = key,
        Verb = HttpVerb.GET,
        Protocol = protocol,
        Expires = (time.GetUtcNow() + lifetime).UtcDateTime,
    };

    /// <summary>The store's own code of a failure (<c>NoSuchBucket</c>); null where it did not answer.</summary>
    internal static string? CodeOf(IOException failure) => (failure.InnerException as AmazonServiceException)?.ErrorCode;

    public void Dispose()
    {
        transfer.Dispose();
        client.Dispose();
    }

    /// <summary>Returns the default value for an object that is not there. Every other failure becomes an IOException that names no key or address of ours.</summary>
    private static async Task<T?> TellAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode is "NoSuchKey" or "NotFound")
        {
            return default;
        }
        catch (AmazonServiceException e)
        {
            throw new IOException($"The object store answered {(int)e.StatusCode} {e.ErrorCode}.", e);
        }
        catch (AmazonClientException e)
        {
            throw new IOException($"The object store cannot be reached: {e.Message}", e);
        }
        catch (HttpRequestException e)
        {
            throw new IOException($"The object store cannot be reached: {e.Message}", e);
        }
    }
}
