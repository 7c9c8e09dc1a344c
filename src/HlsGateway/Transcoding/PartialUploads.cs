using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>A resumable upload as its file says.</summary>
/// <param name="Id">Made by us: 32 hexadecimal digits that cannot be guessed.</param>
/// <param name="Length">Bytes that the client announced.</param>
/// <param name="Owner">Digest of whose token began it; for any other the upload does not exist.</param>
/// <param name="Queued">All bytes came and the video is being made: only the answer may have been lost.</param>
internal sealed record PartialUpload(string Id, string Video, long Length, string Owner, bool Queued);

internal enum Room
{
    Free,

    /// <summary>Too many unfinished uploads, or too many bytes announced.</summary>
    None,
}

/// <summary>
/// Unfinished uploads below <c>{data}/uploads</c>: the bytes so far as <c>{id}</c>, what was announced as <c>{id}.json</c>. The file's
/// length is the offset, so nothing has to agree with it after a crash.
/// </summary>
internal sealed class PartialUploads
{
    private readonly string root;
    private readonly TranscodeOptions options;
    private readonly TimeProvider time;
    private readonly Lock creating = new();
    private readonly HashSet<Whole> wholes = [];
    private readonly ConcurrentDictionary<string, UploadLock> locks = new(StringComparer.Ordinal);

    public PartialUploads(IOptions<TranscodeOptions> transcode, IOptions<GatewayOptions> gateway, IHostEnvironment environment, TimeProvider time)
    {
        root = Path.Combine(gateway.Value.DataPath(environment), "uploads");
        options = transcode.Value;
        this.time = time;
    }

    public string FileOf(PartialUpload upload) => Path.Combine(root, upload.Id);

    /// <summary>Bytes that are here.</summary>
    public long OffsetOf(PartialUpload upload) => upload.Queued ? upload.Length : new FileInfo(FileOf(upload)).Length;

    public DateTimeOffset ExpiresAt(PartialUpload upload) => new DateTimeOffset(LastWrite(upload.Id)) + options.PartialLifetime;

    public Room Create(string video, long length, string owner, out PartialUpload upload)
    {
        upload = new PartialUpload(RandomNumberGenerator.GetHexString(32, lowercase: true), video, length, owner, Queued: false);
        lock (creating)
        {
            Directory.CreateDirectory(root);
            if (!HasRoom(length))
                return Room.None;
            using (File.Create(FileOf(upload)))
            {
                // A new upload is an empty file.
            }

            Write(upload);
        }

        return Room.Free;
    }

    /// <summary>Reserves room for an upload in one request while it arrives; dispose it to give the room back. Null: there is none.</summary>
    public IDisposable? Hold(long length)
    {
        lock (creating)
        {
            if (!HasRoom(length))
                return null;
            var whole = new Whole(this, length);
            wholes.Add(whole);
            return whole;
        }
    }

    /// <summary>Both ways of uploading share one quota, so that neither bypasses it.</summary>
    private bool HasRoom(long length)
    {
        var unfinished = Ids().Select(Read).OfType<PartialUpload>().Where(other => !other.Queued).ToList();
        return unfinished.Count + wholes.Count < options.MaxPartialUploads
            && unfinished.Sum(other => other.Length) + wholes.Sum(other => other.Length) + length <= options.MaxPartialBytes;
    }

    private sealed class Whole(PartialUploads uploads, long length) : IDisposable
    {
        public long Length => length;

        public void Dispose()
        {
            lock (uploads.creating)
                uploads.wholes.Remove(this);
        }
    }

    /// <returns>Null: none of ours, another's, or expired.</returns>
    /// <param name="owners">Any of them may have begun it.</param>
    public PartialUpload? Find(string id, params IReadOnlyList<string> owners) =>
        IsId(id) && Read(id) is { } upload && owners.Any(owner => CryptographicOperations.FixedTimeEquals(Convert.FromHexString(upload.Owner), Convert.FromHexString(owner)))
        && ExpiresAt(upload) > time.GetUtcNow() && (upload.Queued || File.Exists(FileOf(upload)))
            ? upload
            : null;

    /// <summary>Exclusive access to an upload, or null while another request writes to it.</summary>
    /// <param name="insist">Asks the other to stop and waits: a client that asks for the offset has lost the connection that wrote.</param>
    public async Task<UploadLock?> LockAsync(string id, bool insist, CancellationToken ct)
    {
        while (true)
        {
            var mine = new UploadLock(locks, id);
            var holder = locks.GetOrAdd(id, mine);
            if (ReferenceEquals(holder, mine))
                return mine;
            mine.Dispose();
            if (!insist)
                return null;
            await holder.StopAsync(ct);
        }
    }

    /// <summary>Records that the video is queued, and deletes the bytes: the store has them.</summary>
    public void MarkQueued(PartialUpload upload)
    {
        Write(upload with { Queued = true });
        File.Delete(FileOf(upload));
    }

    public void Remove(string id)
    {
        File.Delete(Path.Combine(root, id));
        File.Delete(Path.Combine(root, id + ".json"));
    }

    /// <summary>Removes uploads that had no write for the lifetime.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(CancellationToken ct)
    {
        var removed = 0;
        foreach (var id in Ids())
        {
            using var alone = await LockAsync(id, insist: false, ct);
            if (alone is null || new DateTimeOffset(LastWrite(id)) + options.PartialLifetime > time.GetUtcNow())
                continue;
            Remove(id);
            removed++;
        }

        return removed;
    }

    private static bool IsId(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);

    private List<string> Ids() => Directory.Exists(root)
        ? Directory.EnumerateFiles(root).Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsId).Distinct(StringComparer.Ordinal).ToList()
        : [];

    private DateTime LastWrite(string id)
    {
        var part = File.GetLastWriteTimeUtc(Path.Combine(root, id));
        var said = File.GetLastWriteTimeUtc(Path.Combine(root, id + ".json"));
        return part > said ? part : said;
    }

    private PartialUpload? Read(string id)
    {
        try
        {
            return JsonSerializer.Deserialize<PartialUpload>(File.ReadAllBytes(Path.Combine(root, id + ".json")));
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Write(PartialUpload upload)
    {
        var file = Path.Combine(root, upload.Id + ".json");
        var aside = Path.Combine(root, $"{upload.Id}.new");
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, upload);
            stream.Flush(flushToDisk: true);
        }

        // From our clock and not the file system's, since tests move ours.
        File.SetLastWriteTimeUtc(aside, time.GetUtcNow().UtcDateTime);
        File.Move(aside, file, overwrite: true);
        DurableFolder.Flush(root);
    }
}

/// <summary>One request's right to change an upload; disposing gives it back.</summary>
internal sealed class UploadLock(ConcurrentDictionary<string, UploadLock> locks, string id) : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled when a later request wants the upload.</summary>
    public CancellationToken Stopping => stop.Token;

    public async Task StopAsync(CancellationToken ct)
    {
        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }

        await released.Task.WaitAsync(ct);
    }

    public void Dispose()
    {
        locks.TryRemove(KeyValuePair.Create(id, this));
        released.TrySetResult();
        stop.Dispose();
    }
}
