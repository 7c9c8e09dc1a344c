using System.CommandLine;
using System.Diagnostics;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway restore FOLDER</c>: makes of a backup a data directory, a database and a store that a gateway starts on.</summary>
internal static class RestoreVerb
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>In the data directory while a restore is under way: the sum of its backup.json.</summary>
    private const string Begun = "restore.begun";

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "What 'backup' made." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data directory to make. Default: Gateway:DataDirectory. It must hold neither a ledger nor a catalogue.", HelpName = "DIR" };
        var check = new Option<bool>("--check") { Description = "Only compares every file of the backup with its sum, and changes nothing." };
        var command = new Command("restore", $"Makes a data directory of a backup, fills an empty PostgreSQL database (ConnectionStrings:Ledger, with pg_restore) where the gateway counted there, and puts the objects into the store. Every file is compared with its sum before anything is written; broken off, it can be called again. {Offline.ExitCodes}")
        {
            folder, data, check,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((asked, ct) => Offline.RunAsync(asked, asked.GetValue(data), (parts, stop) => RunAsync(parts, Path.GetFullPath(asked.GetRequiredValue(folder)), asked.GetValue(check), stop), ct));
        return command;
    }

    private static async Task RunAsync(WebApplication parts, string folder, bool check, CancellationToken ct)
    {
        var manifest = await BackupManifest.ReadAsync(folder, ct);
        if (manifest.DatabaseSteps > PostgresSchema.Schema.Steps.Count)
            throw new InvalidDataException($"The ledger of PostgreSQL in the backup was made by a newer version ({manifest.Version}). Restore it with that version.");
        var data = parts.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.DataPath(parts.Environment);
        var connection = parts.Configuration.GetConnectionString("Ledger") ?? "";
        var begun = Path.Combine(data, Begun);
        var sum = await BackupManifest.HashAsync(Path.Combine(folder, BackupManifest.Name), ct);
        // What is there then is of the same restore, which was broken off.
        var goesOn = !check && File.Exists(begun) && await File.ReadAllTextAsync(begun, ct) == sum;
        if (!check && !goesOn)
            await RefuseAsync(manifest, data, connection, ct);
        await ProgressAsync(manifest.Files, "checked", async file =>
        {
            var path = BackupManifest.PathOf(folder, file);
            if (new FileInfo(path).Length != file.Bytes || await BackupManifest.HashAsync(path, ct) != file.Sha256)
                throw new InvalidDataException($"{path} is not what was backed up: its sum differs.");
        });
        if (check)
        {
            Console.WriteLine($"{folder} is whole: {manifest.Files.Count:N0} files of {Rfc3339.Text(manifest.MadeAt)}.");
            return;
        }

        RefuseNewer(folder);
        if (!goesOn)
        {
            Directory.CreateDirectory(data);
            await File.WriteAllTextAsync(begun, sum, ct);
            BackupManifest.Flush(begun);
            DurableFolder.Flush(data);
        }
        var store = parts.Services.GetRequiredService<BlobStore>();
        await ProgressAsync([.. manifest.Files.Where(file => file.Path.StartsWith(BackupManifest.Objects, StringComparison.Ordinal))], "objects", async file =>
        {
            var key = file.Path[BackupManifest.Objects.Length..];
            if (await store.Sha256Async(key, ct) == file.Sha256)
                return;
            await using var content = File.OpenRead(BackupManifest.PathOf(folder, file));
            await store.PutAsync(key, content, BlobKey.ContentType(key), ct);
        });
        // In one transaction: all of it is there, or nothing.
        if (manifest.HasDatabase && !await IsUsedAsync(connection, ct))
        {
            Console.WriteLine("PostgreSQL");
            await PostgresTool.RunAsync("pg_restore", connection, ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", $"--dbname={new NpgsqlConnectionStringBuilder(connection).Database}", Path.Combine(folder, BackupManifest.Database)], ct);
        }
        foreach (var name in BackupManifest.DataFiles)
        {
            if (manifest.Files.FirstOrDefault(file => file.Path == BackupManifest.Data + name) is not { } file)
                continue;
            var (to, aside) = (Path.Combine(data, name), Path.Combine(data, name + ".partial"));
            File.Copy(BackupManifest.PathOf(folder, file), aside, overwrite: true);
            File.SetUnixFileMode(aside, Private);
            BackupManifest.Flush(aside);
            File.Move(aside, to, overwrite: true);
        }
        File.Delete(begun);
        DurableFolder.Flush(data);
        Console.WriteLine($"{data} is as it was on {Rfc3339.Text(manifest.MadeAt)}. Start the gateway on it.");
    }

    /// <exception cref="InvalidDataException">Something is there that would be lost, or something is missing.</exception>
    private static async Task RefuseAsync(BackupManifest manifest, string data, string connection, CancellationToken ct)
    {
        // SQLite would read a journal that was left into a ledger that is restored beside it.
        foreach (var name in BackupManifest.DataFiles.SelectMany(name => (string[])[name, name + "-wal", name + "-shm", name + "-journal"]).Append(Begun))
        {
            if (File.Exists(Path.Combine(data, name)))
                throw new InvalidDataException($"{data} holds a {name} already. Give an empty directory (--data DIR), or move this one away.");
        }
        if (!manifest.HasDatabase)
            return;
        if (connection.Length == 0)
            throw new InvalidDataException("The backup holds a PostgreSQL database. Name an empty one to restore it into: ConnectionStrings__Ledger=Host=…;Database=…;Username=…");
        if (await IsUsedAsync(connection, ct))
            throw new InvalidDataException($"The database {new NpgsqlConnectionStringBuilder(connection).Database} holds a ledger or a catalogue already. Name an empty one.");
    }

    /// <exception cref="InvalidDataException">This version could not open it.</exception>
    private static void RefuseNewer(string folder)
    {
        using var ledger = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, BackupManifest.Data, "ledger.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        ledger.Open();
        using var ask = ledger.CreateCommand();
        ask.CommandText = "PRAGMA user_version";
        if (ask.ExecuteScalar() is long steps && steps > LedgerSchema.Schema.Steps.Count)
            throw new InvalidDataException("The ledger in the backup was written by a newer version. Restore it with that version.");
    }

    private static async Task<bool> IsUsedAsync(string connection, CancellationToken ct)
    {
        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync(ct);
        await using var ask = new NpgsqlCommand("SELECT to_regclass('counting.session') IS NOT NULL OR to_regclass('catalogue_migration') IS NOT NULL", database);
        return await ask.ExecuteScalarAsync(ct) is true;
    }

    private static async Task ProgressAsync(IReadOnlyList<BackupFile> files, string what, Func<BackupFile, Task> each)
    {
        var told = Stopwatch.StartNew();
        for (var at = 0; at < files.Count; at++)
        {
            await each(files[at]);
            if (told.Elapsed < Between)
                continue;
            Console.WriteLine($"{what}: {at + 1:N0} of {files.Count:N0} files");
            told.Restart();
        }
    }
}
