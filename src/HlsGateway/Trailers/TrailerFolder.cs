using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <param name="Reason">One sentence for the editor.</param>
internal sealed record RefusedTrailerFile(string File, string Reason);

/// <summary>
/// Loads the library from the store, then takes in the files in the folder, and those put there later. It polls: change
/// notifications are lost on network and container mounts, and listing a few names is cheap.
/// </summary>
internal sealed class TrailerFolder(
    TrailerLibrary library, TrailerRecords records, TrailerIntake intake, IOptions<TrailersOptions> options, IHostEnvironment environment,
    TimeProvider time, ILogger<TrailerFolder> log) : BackgroundService
{
    private bool away;

    private static readonly string[] Extensions = [".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".mpeg", ".flv", ".ogv"];

    /// <summary>A refused file is read again: the fault may have been ffmpeg's.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30 * 128));

    private readonly Dictionary<string, SeenFile> seen = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct FileLook(long Bytes, DateTime Written);

    /// <param name="NextTry">Null: it is in the library.</param>
    /// <param name="Reason">Why it was refused the last time.</param>
    private sealed record SeenFile(FileLook Look, DateTimeOffset? NextTry, int Refusals = 0, string? Reason = null);

    private volatile IReadOnlyList<RefusedTrailerFile> refused = [];

    /// <summary>Files in this gateway's folder that were refused as trailers, by name.</summary>
    public IReadOnlyList<RefusedTrailerFile> Refused => refused;

    /// <summary>Completes when the library has been loaded from the store.</summary>
    public Task Loaded => loaded.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A store that is slow or unavailable must not keep the gateway from starting: until then sessions have no trailer.
        await Task.Yield();
        while (!await TryLoadAsync(stoppingToken))
            await Task.Delay(options.Value.ScanInterval, time, stoppingToken);
        if (options.Value.Folder.Length == 0)
            return;
        var folder = Path.GetFullPath(options.Value.Folder, environment.ContentRootPath);
        // Files that are there at the start are assumed to be complete: they are taken at the first scan.
        var settled = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            await ScanAsync(folder, settled, stoppingToken);
            settled = false;
            await Task.Delay(options.Value.ScanInterval, time, stoppingToken);
        }
    }

    private async Task<bool> TryLoadAsync(CancellationToken ct)
    {
        try
        {
            library.AddAll(await records.LoadAsync(library.Snapshot, ct));
            loaded.TrySetResult();
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!away)
                log.TrailerLibraryUnreadable(e);
            away = true;
            return false;
        }
    }

    private async Task ScanAsync(string folder, bool settled, CancellationToken ct)
    {
        if (!Directory.Exists(folder))
            return;
        var files = new DirectoryInfo(folder).GetFiles();
        foreach (var gone in seen.Keys.Except(files.Select(file => file.FullName), StringComparer.Ordinal).ToList())
            seen.Remove(gone);
        TellRefused();
        foreach (var file in files.OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal))
        {
            if (!Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase) || file.Name.StartsWith('.'))
                continue;
            var look = new FileLook(file.Length, file.LastWriteTimeUtc);
            if (!seen.TryGetValue(file.FullName, out var before) || before.Look != look)
            {
                before = seen[file.FullName] = new SeenFile(look, DateTimeOffset.MinValue);
                if (!settled)
                    continue;
            }
            if (before.NextTry <= time.GetUtcNow())
                await TakeAsync(file, before, ct);
            TellRefused();
        }
    }

    private void TellRefused() => refused =
        [.. seen.Where(one => one.Value.Reason is not null).Select(one => new RefusedTrailerFile(Path.GetFileName(one.Key), one.Value.Reason ?? "")).OrderBy(one => one.File, StringComparer.Ordinal)];

    private async Task TakeAsync(FileInfo file, SeenFile before, CancellationToken ct)
    {
        try
        {
            await using var content = RegularFile.OpenRead(file.FullName);
            await intake.TakeAsync(Path.GetFileNameWithoutExtension(file.Name), content, by: null, ct);
            seen[file.FullName] = before with { NextTry = null, Reason = null };
        }
        catch (Exception e) when (e is TrailerRefusedException or SandboxException)
        {
            seen[file.FullName] = before with
            {
                Refusals = before.Refusals + 1,
                Reason = e.Message,
                NextTry = Retries.NextTry(time, before.Refusals + 1),
            };
            log.TrailerRefused(file.Name, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file has been removed, or the disk is full.
            seen[file.FullName] = before with { NextTry = Retries.NextTry(time, 1) };
            log.TrailerFileUnreadable(file.Name, e.GetType().Name);
        }
    }
}
