using HlsGateway.Media;
using HlsGateway.Storage;

namespace HlsGateway.Trailers;

/// <summary>A picture of each version: made when somebody first asks for it, and kept with the version.</summary>
internal sealed class TrailerPosters(TrailerRecords records, BlobStore store, Ffmpeg ffmpeg) : IDisposable
{
    private const string File = "poster.jpg";

    /// <summary>640 pixels wide at most.</summary>
    private const int MostBytes = 4 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    /// <summary>Whoever looks at the library asks for all of them at once.</summary>
    private readonly SemaphoreSlim one = new(1, 1);

    /// <exception cref="ConditioningException">None can be made.</exception>
    /// <exception cref="SandboxException">ffmpeg cannot be run, or left what it was not told to write.</exception>
    public async Task<byte[]> FindOrMakeAsync(TrailerVersion version, CancellationToken ct)
    {
        var key = version.KeyPrefix + File;
        if (await ReadAsync(key, ct) is { } kept)
            return kept;
        await one.WaitAsync(ct);
        try
        {
            if (await ReadAsync(key, ct) is { } made)
                return made;
            using var folder = ffmpeg.Sandbox.OpenFolder();
            await using (var source = await records.OpenSourceAsync(version, ct))
                await folder.AddAsync(ConditioningArguments.SourceFile, source, ct);
            var result = await ffmpeg.RunAsync(new FfmpegJob(folder, ConditioningArguments.Poster(File, version.Source), Deadline), ct);
            if (!result.Succeeded)
                throw new ConditioningException($"ffmpeg could not make the picture: {result.Reason}");
            await using var picture = folder.Outputs.Open(File, MostBytes);
            var bytes = await picture.ReadAllAsync(MostBytes, ct);
            await store.PutAsync(key, bytes, ct);
            return bytes;
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private async Task<byte[]?> ReadAsync(string key, CancellationToken ct)
    {
        await using var content = await store.OpenAsync(key, ct);
        if (content is null)
            return null;
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, ct);
        return bytes.ToArray();
    }
}
