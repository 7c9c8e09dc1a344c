using System.Security.Cryptography;
using HlsGateway.Access;
using HlsGateway.Cdn;

namespace HlsGateway.Storage;

/// <summary>
/// Where media objects are stored. An object never changes once anybody else knows its key, and it is durable once
/// <c>PutAsync</c> has returned. Keys follow the rules of <see cref="BlobKey"/>.
/// </summary>
internal abstract class BlobStore(CdnAddresses cdn)
{
    /// <summary>Prefixes that viewers may read; everything else (<c>sources/</c>, <c>originals/</c>, <c>uploads/</c>) is ours.</summary>
    public static bool IsPublic(string key) =>
        key.StartsWith("videos/", StringComparison.Ordinal) || key.StartsWith("trailers/", StringComparison.Ordinal);

    /// <summary>Stores an object whole or not at all; an object of the same key is replaced in one step.</summary>
    public abstract Task PutAsync(string key, Stream content, string contentType, CancellationToken ct);

    /// <summary>The object from its start, or null when there is none.</summary>
    public abstract Task<Stream?> OpenAsync(string key, CancellationToken ct);

    public abstract Task<bool> ExistsAsync(string key, CancellationToken ct);

    /// <summary>Absent objects are no error.</summary>
    public abstract Task DeleteAsync(string key, CancellationToken ct);

    /// <summary>Keys that begin with the prefix, in ordinal order. The prefix may be empty, and may end in the middle of a name.</summary>
    public abstract IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken ct);

    /// <summary>Removes unfinished writes of processes that have died, where the store keeps any. They were never objects.</summary>
    /// <param name="age">Younger ones are kept: somebody may still be writing them.</param>
    public virtual Task RemovePartialsAsync(TimeSpan age, CancellationToken ct) => Task.CompletedTask;

    /// <summary>The absolute URL that somebody without a session is redirected to.</summary>
    public string PublicUrl(string key, HttpRequest request) => PublicUrl(key, request, default);

    /// <summary>A CDN stands in front, and a key's URL there is the same for every viewer at any time.</summary>
    public bool IsSameForAll(string key) => cdn.IsSameForAll && cdn.ObjectUrl(BlobKey.UrlPath(key), default) is not null;

    /// <summary>The absolute URL that viewers are redirected to.</summary>
    public string PublicUrl(string key, HttpRequest request, in CdnViewer viewer)
    {
        BlobKey.Check(key);
        return cdn.ObjectUrl(BlobKey.UrlPath(key), viewer) ?? OwnUrl(key, request);
    }

    /// <summary>The URL where no CDN is set.</summary>
    protected abstract string OwnUrl(string key, HttpRequest request);

    /// <summary>Text and small objects.</summary>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        await PutAsync(key, stream, BlobKey.ContentType(key), ct);
    }

    /// <summary>Answers with an object that is not for viewers, as a file to save. Who may have it was decided before.</summary>
    /// <param name="fileName">ASCII without quotes.</param>
    /// <returns>Null when there is no such object.</returns>
    public async Task<IResult?> DownloadAsync(string key, string fileName, HttpResponse response, CancellationToken ct)
    {
        if (!await ExistsAsync(key, ct))
            return null;
        SecurityHeaders.Confine(response);
        response.Headers.CacheControl = "private, no-store";
        return Download(key, fileName);
    }

    /// <summary>The answer of <see cref="DownloadAsync"/>: the bytes, with ranges, or a redirect to where they are for a while.</summary>
    protected abstract IResult Download(string key, string fileName);

    public async Task DeletePrefixAsync(string prefix, CancellationToken ct)
    {
        await foreach (var key in ListAsync(prefix, ct))
            await DeleteAsync(key, ct);
    }

    /// <summary>Reads an object back from the store and hashes what it holds now. Lower-case hexadecimal, or null when absent.</summary>
    public async Task<string?> Sha256Async(string key, CancellationToken ct)
    {
        await using var content = await OpenAsync(key, ct);
        return content is null ? null : Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct));
    }
}
