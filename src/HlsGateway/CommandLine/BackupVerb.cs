using System.CommandLine;
using System.Diagnostics;
using HlsGateway.Database;
using HlsGateway.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway backup FOLDER</c>: all that a gateway keeps, while it serves.</summary>
internal static class BackupVerb
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "Where to; is made. One that did not come to its end is gone on with." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data directory. Default: Gateway:DataDirectory.", HelpName = "DIR" };
        var without = new Option<bool>("--without-objects") { Description = "Leaves out the store, where that has copies of its own (an S3 store with versions or replication)." };
        var command = new Command("backup", $"Copies everything that a gateway keeps into a folder: ledger, catalogue, keys and objects, and PostgreSQL where it counts there (with pg_dump). The gateway may go on serving: what it has answered until then is in it. The folder holds secrets. {Offline.ExitCodes}")
        {
            folder, data, without,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((asked, ct) => Offline.RunAsync(asked, asked.GetValue(data), (parts, stop) => RunAsync(parts, Path.GetFullPath(asked.GetRequiredValue(folder)), !asked.GetValue(without), stop), ct));
        return command;
    }

    private static async Task RunAsync(WebApplication parts, string folder, bool withObjects, CancellationToken ct)
    {
        var data = parts.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.DataPath(parts.Environment);
        if (!File.Exists(Path.Combine(data, "ledger.db")))
            throw new InvalidDataException($"{data} holds no ledger.db. Give the data directory of a gateway: --data DIR");
        if (File.Exists(Path.Combine(folder, BackupManifest.Name)))
            throw new InvalidDataException($"{folder} is a whole backup already. Give another folder.");
        Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
        Directory.CreateDirectory(Path.Combine(folder, "data"), Private | UnixFileMode.UserExecute);
        var files = new List<BackupFile>();
        var store = withObjects ? parts.Services.GetRequiredService<BlobStore>() : null;
        // Uploads go away once they are published: before the catalogue, which may still wait for them.
        if (store is not null)
            await CopyObjectsAsync(store, "uploads/", folder, files, ct);
        // The outbox before PostgreSQL: what moves there meanwhile is in both, and counted once; the other way round it would be in neither.
        foreach (var name in BackupManifest.DataFiles.Where(name => File.Exists(Path.Combine(data, name))))
        {
            Console.WriteLine(name);
            var (from, to) = (Path.Combine(data, name), Path.Combine(folder, "data", name));
            File.Delete(to);
            await using (new FileStream(to, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private }))
            {
            }
            if (name.EndsWith(".db", StringComparison.Ordinal))
                await Task.Run(() => Copy(from, to), ct);
            else
                File.Copy(from, to, overwrite: true);
            files.Add(await KeepAsync(folder, BackupManifest.Data + name, ct));
        }
        int? steps = null;
        if (parts.Configuration.GetConnectionString("Ledger") is { Length: > 0 } connection)
        {
            Console.WriteLine("PostgreSQL");
            var dump = Path.Combine(folder, BackupManifest.Database);
            await using (new FileStream(dump, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private }))
            {
            }
            await PostgresTool.RunAsync("pg_dump", connection, ["--format=custom", "--no-owner", "--no-privileges", $"--file={dump}"], ct);
            files.Add(await KeepAsync(folder, BackupManifest.Database, ct));
            steps = await StepsAsync(connection, ct);
        }
        // All others last: they are written before the catalogue names them, and stay for hours after it has forgotten them.
        if (store is not null)
            await CopyObjectsAsync(store, "", folder, files, ct);
        await (BackupManifest.Of(files) with { DatabaseSteps = steps }).WriteAsync(folder, ct);
        Console.WriteLine($"{folder}: {files.Count:N0} files, {files.Sum(file => file.Bytes) / 1e6:N1} MB");
    }

    private static async Task CopyObjectsAsync(BlobStore store, string prefix, string folder, List<BackupFile> files, CancellationToken ct)
    {
        var had = files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        var (told, bytes, count) = (Stopwatch.StartNew(), 0L, 0);
        await foreach (var key in store.ListAsync(prefix, ct))
        {
            if (had.Contains(BackupManifest.Objects + key))
                continue;
            var path = Path.Combine(folder, BackupManifest.Objects + key);
            // An object never changes: one that an earlier try brought whole is not fetched again.
            if (!File.Exists(path))
            {
                await using var content = await store.OpenAsync(key, ct);
                if (content is null)
                    continue;
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                var aside = Path.Combine(folder, "object.partial");
                await using (var file = new FileStream(aside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private }))
                {
                    await content.CopyToAsync(file, ct);
                    file.Flush(flushToDisk: true);
                }
                File.Move(aside, path);
            }
            files.Add(await KeepAsync(folder, BackupManifest.Objects + key, ct, flush: false));
            (bytes, count) = (bytes + files[^1].Bytes, count + 1);
            if (told.Elapsed >= Between)
            {
                Console.WriteLine($"objects: {count:N0}, {bytes / 1e6:N1} MB");
                told.Restart();
            }
        }
    }

    private static async Task<int> StepsAsync(string connection, CancellationToken ct)
    {
        await using var database = new NpgsqlConnection(PostgresServers.Of(connection).ToString());
        await database.OpenAsync(ct);
        // No gateway has been started on it yet: then it has none.
        await using (var look = new NpgsqlCommand("SELECT to_regclass('counting.migration') IS NOT NULL", database))
        {
            if (await look.ExecuteScalarAsync(ct) is not true)
                return 0;
        }
        await using var ask = new NpgsqlCommand("SELECT count(*)::integer FROM counting.migration", database);
        return (int)(await ask.ExecuteScalarAsync(ct))!;
    }

    /// <summary>SQLite's own copy: a snapshot between two commits, however long it takes.</summary>
    private static void Copy(string from, string to)
    {
        using var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = from, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 30 }.ToString());
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = to, Pooling = false }.ToString());
        source.Open();
        target.Open();
        source.BackupDatabase(target);
    }

    private static async Task<BackupFile> KeepAsync(string folder, string name, CancellationToken ct, bool flush = true)
    {
        var path = Path.Combine(folder, name);
        if (flush)
            BackupManifest.Flush(path);
        return new BackupFile(name, new FileInfo(path).Length, await BackupManifest.HashAsync(path, ct));
    }
}
