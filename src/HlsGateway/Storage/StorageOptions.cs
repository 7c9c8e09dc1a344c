using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Storage;

internal enum StorageKind
{
    FileSystem,
    S3,
}

/// <summary>The section <c>Storage</c>.</summary>
internal sealed class StorageOptions : IValidatableObject
{
    public const string Section = "Storage";

    public StorageKind Kind { get; init; } = StorageKind.FileSystem;

    /// <summary>Where viewers are redirected to: a CDN in front of the store. Empty: <c>/media/</c> of the gateway, or presigned URLs.</summary>
    public string PublicUrl { get; init; } = "";

    public S3Options S3 { get; init; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Enum.IsDefined(Kind))
            yield return new ValidationResult("Storage:Kind must be FileSystem or S3.");
        if (PublicUrl.Length > 0 && !HttpAddress.IsBase(PublicUrl))
            yield return new ValidationResult($"Storage:PublicUrl is '{PublicUrl}'; it must be an absolute http or https URL without query or fragment.");
        if (Kind == StorageKind.S3)
        {
            if (S3.Bucket.Length == 0)
                yield return new ValidationResult("Storage:S3:Bucket must name the bucket when Storage:Kind is S3.");
            if (S3.Endpoint.Length > 0 && !HttpAddress.IsBase(S3.Endpoint))
                yield return new ValidationResult($"Storage:S3:Endpoint is '{S3.Endpoint}'; it must be an absolute http or https URL.");
            if (S3.AccessKey.Length > 0 != S3.SecretKey.Length > 0)
                yield return new ValidationResult("Storage:S3:AccessKey and Storage:S3:SecretKey must be set together, or neither.");
            if (S3.PresignedLifetime < TimeSpan.FromMinutes(1) || S3.PresignedLifetime > TimeSpan.FromDays(7))
                yield return new ValidationResult("Storage:S3:PresignedLifetime must be between 00:01:00 and 7.00:00:00, the most that signatures allow.");
        }
    }
}

/// <summary>The section <c>Storage:S3</c>. The defaults are those of Amazon's own service.</summary>
internal sealed class S3Options
{
    /// <summary>Empty: Amazon's, by region. Otherwise the address of a compatible store.</summary>
    public string Endpoint { get; init; } = "";

    public string Bucket { get; init; } = "";

    public string Region { get; init; } = "us-east-1";

    /// <summary>Empty: the SDK's own search for credentials (environment, instance role).</summary>
    public string AccessKey { get; init; } = "";

    public string SecretKey { get; init; } = "";

    /// <summary>The bucket in the path and not in the host name, as most compatible stores want it.</summary>
    public bool ForcePathStyle { get; init; }

    /// <summary>False sends the SDK's CRC32 trailers only where they are required: Ceph and others refuse them otherwise.</summary>
    public bool Checksums { get; init; } = true;

    /// <summary>How long a presigned URL is valid. A player may pause for hours between two segments, but asks us for each.</summary>
    public TimeSpan PresignedLifetime { get; init; } = TimeSpan.FromHours(6);
}
