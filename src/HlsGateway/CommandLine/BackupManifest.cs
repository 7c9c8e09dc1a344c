using System.Security.Cryptography;
using System.Text.Json;
using HlsGateway.Storage;

namespace HlsGateway.CommandLine;

/// <summary>A file of a backup.</summary>
/// <param name="Path">Below the backup's folder, with <c>/</c>.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
internal sealed record BackupFile(string Path, long Bytes, string Sha256);

/// <summary>
/// <c>backup.json</c>, written last: a folder without it is no backup. <c>data/…</c> are files of the data directory, <c>objects/…</c> those of the
/// store by their keys, <c>postgres.dump</c> the database in pg_dump's own format.
/// </summary>
internal sealed record BackupManifest(int Format, string Version, DateTimeOffset MadeAt, IReadOnlyList<BackupFile> Files)
{
    public const string Name = "backup.json";

    public const string Database = "postgres.dump";

    public const string Data = "data/";

    public const string Objects = "objects/";

    private const int Known = 1;

    /// <summary>What may stand in <c>data/</c>, in the order in which it is restored: whoever finds a ledger finds everything else.</summary>
    public static readonly string[] DataFiles = ["api-token", "session.key", "catalogue.db", "ledger.lost", "ledger.db"];

    private static readonly JsonSerializerOptions Json = new(TargetOptions.Json) { WriteIndented = true };

    /// <summary>Steps of the schema that the ledger in PostgreSQL has; null without one.</summary>
    public int? DatabaseSteps { get; init; }

    public bool HasDatabase => Files.Any(file => file.Path == Database);

    public static BackupManifest Of(IEnumerable<BackupFile> files) => new(Known, ProgramVersion.Text, DateTimeOffset.UtcNow, [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)]);

    public async Task WriteAsync(string folder, CancellationToken ct)
    {
        var aside = System.IO.Path.Combine(folder, Name + ".partial");
        await File.WriteAllTextAsync(aside, JsonSerializer.Serialize(this, Json) + "\n", ct);
        Flush(aside);
        File.Move(aside, System.IO.Path.Combine(folder, Name), overwrite: true);
        DurableFolder.Flush(folder);
    }

    /// <exception cref="InvalidDataException">It is no backup, one of a newer version, or names what no backup holds.</exception>
    public static async Task<BackupManifest> ReadAsync(string folder, CancellationToken ct)
    {
        var path = System.IO.Path.Combine(folder, Name);
        if (!File.Exists(path))
            throw new InvalidDataException($"{folder} holds no {Name}: it is no backup, or one that did not come to its end.");
        BackupManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<BackupManifest>(await File.ReadAllTextAsync(path, ct), Json) ?? throw new JsonException("It is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
        if (manifest.Format != Known || manifest.Files is null)
            throw new InvalidDataException($"{path} is of format {manifest.Format}, which this version does not know. Version {manifest.Version} made it.");
        if (!manifest.Files.Any(file => file?.Path == Data + "ledger.db"))
            throw new InvalidDataException($"{path} names no {Data}ledger.db, which every backup holds.");
        foreach (var file in manifest.Files)
        {
            if (file?.Path is null || file.Sha256 is null)
                throw new InvalidDataException($"{path} names a file without a path or a sum.");
            // Its names become names of files and objects.
            var good = file.Path == Database
                || (file.Path.StartsWith(Data, StringComparison.Ordinal) && DataFiles.Contains(file.Path[Data.Length..], StringComparer.Ordinal))
                || (file.Path.StartsWith(Objects, StringComparison.Ordinal) && BlobKey.IsValid(file.Path.AsSpan(Objects.Length)));
            if (!good)
                throw new InvalidDataException($"{path} names {JsonSerializer.Serialize(file.Path)}, which is no part of a backup.");
        }
        return manifest;
    }

    /// <summary>The file in the folder, which is a file of its own and no link.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static string PathOf(string folder, BackupFile file)
    {
        var path = System.IO.Path.Combine(folder, file.Path);
        for (var at = path; at.Length > folder.Length; at = System.IO.Path.GetDirectoryName(at)!)
        {
            if (File.GetAttributes(at).HasFlag(FileAttributes.ReparsePoint))
                throw new InvalidDataException($"{at} is a link; a backup has none.");
        }
        return path;
    }

    public static async Task<string> HashAsync(string path, CancellationToken ct)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
    }

    public static void Flush(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }
}
