using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Storage;

namespace HlsGateway.Trailers;

/// <summary>
/// What the library keeps in the store: below <c>library/{name}/{hash8}/</c>, which no viewer reads, the source and the version's
/// record; below <c>trailers/{name}/{hash8}/{profile}/</c> a copy's objects and its index. Record and index are written last, so
/// that what can be found is whole, after any crash and for any other gateway.
/// </summary>
public sealed class TrailerRecords(BlobStore store)
{
    private const string Root = "library/";
    private const string VersionFile = "version.json";
    private const string SourceFile = "source";
    private const string CopyFile = "copy.json";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>All versions with all their copies.</summary>
    public async Task<List<TrailerVersion>> LoadAsync(CancellationToken ct)
    {
        var versions = new List<TrailerVersion>();
        await foreach (var key in store.ListAsync(Root, ct))
        {
            if (key.Split('/') is not [_, var name, var hash, VersionFile]
                || !uint.TryParse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var id)
                || await ReadAsync<TrailerSource>(key, ct) is not { } source)
                continue;
            var version = new TrailerVersion(name, id, source, FrozenDictionary<string, TrailerCopy>.Empty);
            versions.Add(version with { Copies = await LoadCopiesAsync(version, ct) });
        }
        return versions;
    }

    public Task<TrailerCopy?> FindCopyAsync(TrailerVersion version, string profile, CancellationToken ct) =>
        ReadAsync<TrailerCopy>($"{version.KeyPrefix}{profile}/{CopyFile}", ct);

    public async Task AddVersionAsync(TrailerVersion version, Stream source, CancellationToken ct)
    {
        await store.PutAsync(KeyOf(version, SourceFile), source, "application/octet-stream", ct);
        await store.PutAsync(KeyOf(version, VersionFile), JsonSerializer.SerializeToUtf8Bytes(version.Source, Json), ct);
    }

    public async Task<Stream> OpenSourceAsync(TrailerVersion version, CancellationToken ct) =>
        await store.OpenAsync(KeyOf(version, SourceFile), ct) ?? throw new ConditioningException("The trailer's source is not in the store any more.");

    public async Task AddCopyAsync(EncodedCopy encoded, CancellationToken ct)
    {
        foreach (var file in encoded.Files)
        {
            await using var content = encoded.Open(file);
            var key = encoded.Copy.KeyPrefix + file;
            await store.PutAsync(key, content, BlobKey.ContentType(key), ct);
        }
        await store.PutAsync(encoded.Copy.KeyPrefix + CopyFile, JsonSerializer.SerializeToUtf8Bytes(encoded.Copy, Json), ct);
    }

    private async Task<FrozenDictionary<string, TrailerCopy>> LoadCopiesAsync(TrailerVersion version, CancellationToken ct)
    {
        var copies = new Dictionary<string, TrailerCopy>(StringComparer.Ordinal);
        await foreach (var key in store.ListAsync(version.KeyPrefix, ct))
        {
            if (key.EndsWith("/" + CopyFile, StringComparison.Ordinal) && await ReadAsync<TrailerCopy>(key, ct) is { } copy)
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

    private static string KeyOf(TrailerVersion version, string file) => $"{Root}{version.Name}/{version.Hash}/{file}";
}
