namespace HlsGateway.Tests.Counting.Crash;

/// <summary>
/// What a folder's files hold after a power cut: a second folder that takes over a file's changes when the file is synced and not
/// before. It stands on a real disk and survives the process as the page cache does.
/// </summary>
internal sealed class StableImage(string folder)
{
    private const int Sector = 512;
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<(long Offset, byte[]? Bytes)>> pending = new(StringComparer.Ordinal);

    public static string FolderOf(string data) => data + "-stable";

    public void Note(DiskChange change, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        var name = Path.GetFileName(path);
        lock (gate)
        {
            if (!pending.TryGetValue(name, out var changes)) pending.Add(name, changes = []);
            switch (change)
            {
                case DiskChange.Written:
                    changes.Add((offset, bytes.ToArray()));
                    break;
                case DiskChange.Truncated:
                    changes.Add((offset, null));
                    break;
                case DiskChange.Deleted:
                    changes.Clear();
                    File.Delete(Path.Combine(folder, name));
                    break;
                default:
                    Apply(name, changes);
                    changes.Clear();
                    break;
            }
        }
    }

    /// <summary>What a kernel may do when an fsync fails: it calls the pages clean, and no later fsync writes them.</summary>
    public void Forget(string path)
    {
        lock (gate) pending.GetValueOrDefault(Path.GetFileName(path))?.Clear();
    }

    private void Apply(string name, List<(long Offset, byte[]? Bytes)> changes)
    {
        Directory.CreateDirectory(folder);
        using var file = File.OpenHandle(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        foreach (var (offset, bytes) in changes)
        {
            if (bytes is null) RandomAccess.SetLength(file, offset);
            else RandomAccess.Write(file, bytes, offset);
        }
    }

    /// <summary>Makes a folder that holds what was synced and, of what was written later, each sector with even odds: a cut while the disk was busy.</summary>
    public static void Tear(string stable, string written, string into, Random chance)
    {
        Directory.CreateDirectory(into);
        foreach (var path in Directory.GetFiles(stable))
        {
            var synced = File.ReadAllBytes(path);
            var later = Path.Combine(written, Path.GetFileName(path)) is var now && File.Exists(now) ? File.ReadAllBytes(now) : [];
            var torn = new byte[later.Length > synced.Length && chance.Next(2) == 0 ? later.Length : synced.Length];
            for (var at = 0; at < torn.Length; at += Sector)
            {
                var from = at < synced.Length && (at >= later.Length || chance.Next(2) == 0) ? synced : later;
                if (from.Length > at) from.AsSpan(at, Math.Min(Math.Min(Sector, torn.Length - at), from.Length - at)).CopyTo(torn.AsSpan(at));
            }
            File.WriteAllBytes(Path.Combine(into, Path.GetFileName(path)), torn);
        }
    }
}
