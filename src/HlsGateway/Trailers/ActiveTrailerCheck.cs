using System.Data.Common;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>
/// Whether <c>Trailers:Active</c> misspells a trailer: a name that is neither a file in the folder nor in the library, but nearly one
/// that is. A name like none is no fault: it may be uploaded, or put into the folder, while the gateway runs (<see cref="TrailerHealth"/>
/// tells it). Where somebody chose through the API, that choice wins and the option plays no part.
/// </summary>
internal sealed class ActiveTrailerCheck(IOptions<TrailersOptions> options, IHostEnvironment environment, IServiceProvider parts) : IStartCheck
{
    private const string Key = $"{TrailersOptions.Section}:{nameof(TrailersOptions.Active)}";

    public async Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        var active = options.Value.Active;
        if (active.Length == 0)
            return [];
        var at = active.LastIndexOf('@');
        var (name, version) = at < 0 ? (active, null) : (active[..at], active[(at + 1)..]);
        var files = FilesOf(options.Value.Folder);
        // A file's version is known once it has been read.
        if (files.Contains(name, StringComparer.Ordinal))
            return [];
        try
        {
            // Made only here: opening them makes folders.
            if (await ChosenAsync(parts.GetRequiredService<CatalogueDatabase>(), ct))
                return [];
            var library = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var key in parts.GetRequiredService<BlobStore>().ListAsync("library/", ct))
            {
                if (key.Split('/') is not ["library", var known, var hash, ..])
                    continue;
                if (known == name && (version is null || hash == version))
                    return [];
                library.Add(known);
            }

            return Nearest.To(name, files.Concat(library)) is { } near
                ? [new(Key, $"{Key} is '{active}'; neither Trailers:Folder ('{options.Value.Folder}') nor the library has such a trailer. {(near == name ? $"Other versions of {name} are there: leave out @ and what follows." : $"Did you mean {near}?")}")]
                : [];
        }
        catch (Exception e) when (e is DbException or IOException or TimeoutException)
        {
            return [];
        }
    }

    private string[] FilesOf(string folder)
    {
        if (folder.Length == 0)
            return [];
        var path = Path.GetFullPath(folder, environment.ContentRootPath);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path).Select(file => Path.GetFileNameWithoutExtension(file))] : [];
    }

    private static async Task<bool> ChosenAsync(CatalogueDatabase database, CancellationToken ct)
    {
        await using var connection = await database.PeekAsync(ct);
        if (connection is null)
            return false;
        try
        {
            return await connection.ExecuteScalarAsync<string?>(new CommandDefinition("SELECT active FROM trailer_state WHERE id = 1", cancellationToken: ct)) is not null;
        }
        catch (DbException)
        {
            // A database without our tables yet.
            return false;
        }
    }
}
