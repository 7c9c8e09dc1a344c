using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>A change of the schedule that <c>strict</c> or a bound forbids; nothing was changed.</summary>
internal sealed class ScheduleRefusedException(ImmutableArray<ScheduleWarning> warnings) : Exception(string.Join(' ', warnings.Select(warning => warning.Message)))
{
    public ImmutableArray<ScheduleWarning> Warnings { get; } = warnings;
}

/// <summary>What became of a change of one entry.</summary>
/// <param name="State">Null: nothing was changed, because somebody else changed it first or the entry is not there.</param>
/// <param name="Entry">As it is now, or was when it was removed; null where it is not there.</param>
internal sealed record ScheduleOutcome(TrailerState? State, ActiveTrailer? Entry, ImmutableArray<ScheduleWarning> Warnings);

/// <summary>Adds, changes and removes single entries of the schedule. A new entry stands above the others: the first that covers a video decides.</summary>
internal sealed class TrailerSchedule(TrailerSwitch state, TrailerLibrary library)
{
    public const int MostEntries = 100;

    /// <summary>An entry whose time is over is kept for a while, so that it can be looked at or given more time.</summary>
    private static readonly TimeSpan KeptWhenOver = TimeSpan.FromDays(7);

    /// <summary>Puts an entry on top. One without window for all videos replaces all others; another one those with the same window and videos.</summary>
    /// <param name="known">Warnings that are known already.</param>
    /// <exception cref="ScheduleRefusedException"/>
    public Task<ScheduleOutcome> ActivateAsync(ActiveTrailer entry, ImmutableArray<ScheduleWarning> known, bool strict, long? expected, Actor actor, CancellationToken ct) => PutAsync(
        "activate", entry, known, strict, expected, actor,
        now => entry is { Videos: null, IsStanding: true } ? [] : now.Entries.RemoveAll(old => (old.Videos, old.From, old.Until) == (entry.Videos, entry.From, entry.Until)), ct);

    /// <summary>Puts an entry on top; all others stay.</summary>
    /// <inheritdoc cref="ActivateAsync"/>
    public Task<ScheduleOutcome> AddAsync(ActiveTrailer entry, ImmutableArray<ScheduleWarning> known, bool strict, long? expected, Actor actor, CancellationToken ct) =>
        PutAsync("schedule", entry, known, strict, expected, actor, now => now.Entries, ct);

    /// <summary>Changes one entry, which stays where it stands.</summary>
    /// <param name="change">What the entry becomes; null leaves everything as it is.</param>
    /// <exception cref="ScheduleRefusedException"/>
    public Task<ScheduleOutcome> ChangeAsync(
        Guid id, Func<ActiveTrailer, ActiveTrailer?> change, ImmutableArray<ScheduleWarning> known, bool strict, long? expected, Actor actor, CancellationToken ct) => AtAsync(
        "reschedule", id, expected, actor,
        (now, place) =>
        {
            if (change(now.Entries[place]) is not { } changed)
                return (null, now.Entries[place], []);
            changed = changed with { Actor = actor.Text };
            var entries = now.Entries.SetItem(place, changed);
            return (entries, changed, Reviewed([.. known, .. ScheduleReview.Of(changed, entries, library.Snapshot, now.At)], strict));
        },
        ct);

    public Task<ScheduleOutcome> RemoveAsync(Guid id, long? expected, Actor actor, CancellationToken ct) => AtAsync(
        "unschedule", id, expected, actor, (now, place) => (now.Entries.RemoveAt(place), now.Entries[place], []), ct);

    /// <summary>No trailer for any new session.</summary>
    /// <returns>State null: somebody else changed it first.</returns>
    public async Task<(TrailerState? State, ImmutableArray<ScheduleWarning> Warnings)> ClearAsync(long? expected, Actor actor, CancellationToken ct)
    {
        ImmutableArray<ScheduleWarning> warnings = [];
        var after = await state.ChangeAsync(
            "clear", expected, actor,
            now =>
            {
                warnings = Removed(now, [], new(null),
                    "It empties the whole schedule. These were removed, also what was planned", "DELETE /api/trailers/schedule/{id} removes one entry and no other");
                return Task.FromResult<TrailerNext?>(new([], now.Revision));
            },
            ct);
        return (after, warnings);
    }

    private async Task<ScheduleOutcome> PutAsync(
        string action, ActiveTrailer entry, ImmutableArray<ScheduleWarning> known, bool strict, long? expected, Actor actor, Func<TrailerNow, ImmutableArray<ActiveTrailer>> keep, CancellationToken ct)
    {
        ImmutableArray<ScheduleWarning> warnings = [];
        var after = await state.ChangeAsync(
            action, expected, actor,
            now =>
            {
                entry = entry with { Id = Guid.CreateVersion7(now.At), CreatedAt = now.At, Actor = actor.Text };
                var kept = keep(now);
                ImmutableArray<ActiveTrailer> entries = [entry, .. Bounded(kept, now.At)];
                warnings = Reviewed([.. known, .. ScheduleReview.Of(entry, entries, library.Snapshot, now.At), .. Removed(now, kept, entry,
                    "It replaces the whole schedule. These could never play again and were removed", "POST /api/trailers/schedule adds an entry and removes none")], strict);
                return Task.FromResult<TrailerNext?>(new(entries, now.Revision) { Videos = entry.Videos ?? "" });
            },
            ct);
        return new(after, entry, warnings);
    }

    private async Task<ScheduleOutcome> AtAsync(
        string action, Guid id, long? expected, Actor actor,
        Func<TrailerNow, int, (ImmutableArray<ActiveTrailer>? Entries, ActiveTrailer Entry, ImmutableArray<ScheduleWarning> Warnings)> change, CancellationToken ct)
    {
        // Somebody else's change is not the same as an entry that is not there.
        var outcome = new ScheduleOutcome(null, new ActiveTrailer(null), []);
        var after = await state.ChangeAsync(
            action, expected, actor,
            now =>
            {
                if (now.Entries.FirstOrDefault(entry => entry.Id == id) is not { } found)
                {
                    outcome = new(null, null, []);
                    return Task.FromResult<TrailerNext?>(null);
                }

                var (entries, entry, warnings) = change(now, now.Entries.IndexOf(found));
                outcome = new(null, entry, warnings);
                return Task.FromResult<TrailerNext?>(entries is { } next ? new(next, now.Revision) { Videos = VideosOf(found, entry) } : null);
            },
            ct);
        return outcome with { State = after };
    }

    /// <summary>A change that widens or narrows an entry's scope may concern all videos.</summary>
    private static string VideosOf(ActiveTrailer before, ActiveTrailer after) => before.Videos == after.Videos ? before.Videos ?? "" : "";

    private static ImmutableArray<ScheduleWarning> Reviewed(ImmutableArray<ScheduleWarning> warnings, bool strict) =>
        strict && warnings.Length > 0 ? throw new ScheduleRefusedException(warnings) : warnings;

    /// <summary>What had no window and was for all videos is what an editor means to replace.</summary>
    private static ImmutableArray<ScheduleWarning> Removed(TrailerNow now, ImmutableArray<ActiveTrailer> kept, ActiveTrailer entry, string what, string instead)
    {
        var gone = now.Entries.Where(old => !kept.Contains(old) && !old.IsOver(now.At) && (old.Videos, old.From, old.Until) != (entry.Videos, entry.From, entry.Until)).ToList();
        return gone.Count == 0
            ? []
            : [new("entries-removed", $"{what}: {string.Join("; ", gone)}. POST /api/trailers/rollback brings them back; {instead}.")];
    }

    private static ImmutableArray<ActiveTrailer> Bounded(ImmutableArray<ActiveTrailer> entries, DateTimeOffset now)
    {
        entries = entries.RemoveAll(entry => entry.Until <= now - KeptWhenOver);
        while (entries.Length >= MostEntries && entries.Where(entry => entry.IsOver(now)).MinBy(entry => entry.Until) is { } oldest)
            entries = entries.Remove(oldest);
        return entries.Length < MostEntries
            ? entries
            : throw new ScheduleRefusedException([new("schedule-full", $"The schedule has {MostEntries} entries, and takes no more. Remove one that is not needed.")]);
    }
}
