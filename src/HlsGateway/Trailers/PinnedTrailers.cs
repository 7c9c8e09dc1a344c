using System.Collections.Concurrent;
using HlsGateway.Content;
using HlsGateway.Telemetry;

namespace HlsGateway.Trailers;

/// <summary>
/// Finds what a session has pinned, also where another gateway made the copy or the version a moment ago (rules S4, S8): what this
/// gateway does not know yet, it reads from the store before it serves a Rendition. The profile comes from a client and may be made
/// up, so the store is asked once for all who wait, and for each version at most once per <see cref="Pause"/>.
/// </summary>
internal sealed class PinnedTrailers(TrailerLibrary library, TrailerRecords records, TimeProvider time, ILogger<PinnedTrailers> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>A store that is slower than this must not keep a viewer from playing.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(2);

    private readonly LogPace pace = new(time, TimeSpan.FromMinutes(1));

    /// <summary>By version. Ids come from verified tokens, so there are no more than versions were ever pinned.</summary>
    private readonly ConcurrentDictionary<uint, Readings> readings = new();

    /// <summary>One version's reads of the store, one at a time.</summary>
    private sealed class Readings
    {
        public Lock Gate { get; } = new();

        public Task Latest { get; set; } = Task.CompletedTask;

        /// <summary>A read that has not begun: it sees all that was in the store when its callers came.</summary>
        public Task? Next { get; set; }

        public long? EndedAt { get; set; }
    }

    /// <summary>The version with the copy of that profile, at once where this gateway knows both.</summary>
    /// <param name="id">From a verified token; 0 for none.</param>
    /// <param name="profile">Empty asks for the version alone.</param>
    /// <returns>The version as it is known, which may still lack the copy; null when the library never held it.</returns>
    public ValueTask<TrailerVersion?> FindAsync(uint id, string profile, CancellationToken ct)
    {
        var known = id == 0 ? null : library.ById(id);
        return id == 0 || Has(known, profile) || !CanExist(profile) ? new(known) : FindSlowAsync(id, profile, ct);
    }

    private async ValueTask<TrailerVersion?> FindSlowAsync(uint id, string profile, CancellationToken ct)
    {
        try
        {
            await ReadAfterNow(id).WaitAsync(Patience, time, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (pace.TryTake(out var held))
                log.PinnedTrailerUnreachable(id, e.GetType().Name, held);
        }

        return library.ById(id);
    }

    private static bool Has(TrailerVersion? version, string profile) => version is not null && (profile.Length == 0 || version.CopyOf(profile) is not null);

    private static bool CanExist(string profile) => profile.Length == 0 || (RenditionShape.TryParse(profile, out var shape) && ConditioningArguments.Supports(shape));

    private Task ReadAfterNow(uint id)
    {
        var mine = readings.GetOrAdd(id, static _ => new());
        lock (mine.Gate)
            return mine.Next ??= ReadAsync(id, mine, mine.Latest);
    }

    private async Task ReadAsync(uint id, Readings mine, Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        if (mine.EndedAt is { } ended && Pause - time.GetElapsedTime(ended) is { Ticks: > 0 } rest)
            await Task.Delay(rest, time);
        lock (mine.Gate)
        {
            // A request that comes from now on may name a copy that was made after this read began.
            mine.Latest = mine.Next ?? Task.CompletedTask;
            mine.Next = null;
        }

        using var bound = new CancellationTokenSource(Patience, time);
        try
        {
            library.AddAll(await records.FindAsync(id, library.Snapshot, bound.Token));
        }
        finally
        {
            mine.EndedAt = time.GetTimestamp();
        }
    }
}
