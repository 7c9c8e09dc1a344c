using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Storage;

namespace HlsGateway.Trailers;

/// <summary>
/// What the library keeps in the store. Below <c>library/{name}/{hash8}/</c>, which no viewer reads: the source, the version's record
/// and the index of each shared copy. Below <c>trailers/{name}/{hash8}/{profile}/</c>: a copy's objects and, for a continuing copy,
/// its index; there may be one for every length of a video, so these are never listed.
/// Record and index are written last, so that whatever a gateway finds is complete, also after a crash.
/// </summary>
internal sealed class TrailerRecords(BlobStore store)
{
    private const string Root = "library/";
    private const string VersionFile = "version.json";
    private const string SourceFile = "source";
    private const string CopyFile = "copy.json";
    private const string CopiesFolder = "copies";
    private const string CopyExtension = ".json";
    private const string WithdrawnFile = "withdrawn";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>All versions with the copies that are shared.</summary>
    /// <param name="known">Immutable records that it holds are not read again.</param>
    public Task<List<TrailerVersion>> LoadAsync(TrailerSnapshot known, CancellationToken ct) => LoadAsync(only: null, known, ct);

    /// <summary>One version with the copies that are shared, under each name it has; empty when the store has none.</summary>
    public Task<List<TrailerVersion>> FindAsync(uint id, TrailerSnapshot known, CancellationToken ct) => LoadAsync(id, known, ct);

    public Task<TrailerCopy?> FindCopyAsync(TrailerVersion version, RenditionShape shape, CancellationToken ct) => ReadAsync<TrailerCopy>(IndexOf(version, shape), ct);

    public async Task AddVersionAsync(TrailerVersion version, Stream source, CancellationToken ct)
    {
        await store.PutAsync(KeyOf(version, SourceFile), source, "application/octet-stream", ct);
        await store.PutAsync(KeyOf(version, VersionFile), JsonSerializer.SerializeToUtf8Bytes(version.Source, Json), ct);
    }

    /// <summary>Withdraws a version for good: its objects stay, since CDNs may still hold them and records name them.</summary>
    public Task WithdrawAsync(TrailerVersion version, CancellationToken ct) => store.PutAsync(KeyOf(version, WithdrawnFile), "withdrawn"u8.ToArray(), ct);

    public async Task<Stream> OpenSourceAsync(TrailerVersion version, CancellationToken ct) =>
        await store.OpenAsync(KeyOf(version, SourceFile), ct) ?? throw new ConditioningException("The trailer's source is no longer in the store. Upload the trailer again.");

    /// <summary>One object of a copy, whole; null when it is not in the store.</summary>
    public async Task<byte[]?> ReadObjectAsync(TrailerCopy copy, string file, CancellationToken ct)
    {
        await using var content = await store.OpenAsync(copy.KeyPrefix + file, ct);
        if (content is null)
            return null;
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, ct);
        return bytes.ToArray();
    }

    public async Task AddCopyAsync(TrailerVersion version, RenditionShape shape, EncodedCopy encoded, CancellationToken ct)
    {
        foreach (var file in encoded.Files)
        {
            await using var content = encoded.Open(file);
            var key = encoded.Copy.KeyPrefix + file;
            await store.PutAsync(key, content, BlobKey.ContentType(key), ct);
        }
        await store.PutAsync(IndexOf(version, shape), JsonSerializer.SerializeToUtf8Bytes(encoded.Copy, Json), ct);
    }

    private async Task<List<TrailerVersion>> LoadAsync(uint? only, TrailerSnapshot known, CancellationToken ct)
    {
        var versions = new List<TrailerVersion>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var key in store.ListAsync(Root, ct))
            keys.Add(key);
        foreach (var key in keys)
        {
            if (key.Split('/') is not [_, var name, var hash, VersionFile]
                || !uint.TryParse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var id) || (only ?? id) != id)
                continue;
            var version = known.Find($"{name}@{hash}");
            if (version is null && await ReadAsync<TrailerSource>(key, ct) is { } source)
                version = new TrailerVersion(name, id, source, FrozenDictionary<string, TrailerCopy>.Empty);
            if (version is not null)
                versions.Add(version with { Withdrawn = keys.Contains(KeyOf(version, WithdrawnFile)), Copies = await LoadCopiesAsync(version, keys, ct) });
        }
        return versions;
    }

    private async Task<FrozenDictionary<string, TrailerCopy>> LoadCopiesAsync(TrailerVersion version, HashSet<string> keys, CancellationToken ct)
    {
        var folder = KeyOf(version, CopiesFolder) + "/";
        var missing = keys.Where(key => key.StartsWith(folder, StringComparison.Ordinal) && !version.Copies.ContainsKey(key[folder.Length..^CopyExtension.Length])).ToList();
        if (missing.Count == 0)
            return version.Copies;
        var copies = new Dictionary<string, TrailerCopy>(version.Copies, StringComparer.Ordinal);
        foreach (var key in missing)
        {
            if (await ReadAsync<TrailerCopy>(key, ct) is { } copy)
                copies[copy.Profile] = copy;
        }
        return copies.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private async Task<T?> ReadAsync<T>(string key, CancellationToken ct)
        where T : class
    {
        await using var content = await store.OpenAsync(key, ct);
        return content is null ? null : await JsonSerializer.DeserializeAsync<T>(content, Json, ct);
    }

    private static string IndexOf(TrailerVersion version, RenditionShape shape) =>
        shape.Continues is null ? KeyOf(version, $"{CopiesFolder}/{shape.Profile}{CopyExtension}") : $"{version.KeyPrefix}{shape.Profile}/{CopyFile}";

    private static string KeyOf(TrailerVersion version, string file) => $"{Root}{version.Name}/{version.Hash}/{file}";
}
