using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <param name="Status"><c>ready</c>, <c>making</c> or <c>failed</c>.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
internal sealed record TrailerCopyView(string Profile, string Status, string? Error);

/// <param name="Version"><c>name@hash8</c>.</param>
/// <param name="Current">A new session of a plain name gets this version.</param>
/// <param name="Active">An active line selects it.</param>
/// <param name="Withdrawn">No longer shown to anybody.</param>
/// <param name="Removed">Not for new sessions; can be restored.</param>
/// <param name="Status"><c>withdrawn</c>, <c>removed</c>, <c>failed</c> (a copy could not be made), <c>making</c>, <c>ready</c>, or <c>waiting</c>: no session has needed a copy yet.</param>
/// <param name="Copies">One for each shape of content that was asked for.</param>
/// <param name="Continuing">How many further copies this gateway knows whose timestamps continue a content's.</param>
internal sealed record TrailerVersionView(
    string Version, string Sha256, long Bytes, double DurationSeconds, bool HasAudio, DateTimeOffset AddedAt, bool Current, bool Active, bool Withdrawn, bool Removed,
    string Status, ImmutableArray<TrailerCopyView> Copies, int Continuing);

internal sealed record TrailerView(string Name, ImmutableArray<TrailerVersionView> Versions);

/// <summary>One trailer in full.</summary>
/// <param name="Current">The version that a new session of the plain name gets; null where all were withdrawn or removed.</param>
/// <param name="Active">Entries of the schedule that select it and are on.</param>
/// <param name="Scheduled">Those whose time comes later.</param>
/// <param name="Versions">Latest first, with those that were withdrawn or removed.</param>
internal sealed record TrailerDetailView(
    string Name, string? Current, ImmutableArray<ScheduleEntryView> Active, ImmutableArray<ScheduleEntryView> Scheduled, ImmutableArray<TrailerVersionView> Versions);

/// <param name="Source"><c>api</c>, or <c>configuration</c> where nothing was set through the API.</param>
/// <param name="ChangedAt">When the schedule was last changed; null where it never was.</param>
/// <param name="Actor">Who changed it; null as above.</param>
/// <param name="Lines">All entries of the schedule. The first that covers a video decides.</param>
/// <param name="Warnings">What an editor should know about the change just made.</param>
internal sealed record ActiveView(
    long Revision, string Source, DateTimeOffset? ChangedAt, string? Actor, ImmutableArray<ScheduleEntryView> Lines, ImmutableArray<ScheduleWarning> Warnings);

/// <param name="Action">As <see cref="TrailerHistoryEntry"/> has it.</param>
/// <param name="Active">The schedule since then; null: that of configuration.</param>
internal sealed record TrailerHistoryView(long Revision, string Action, ImmutableArray<ScheduleEntryView>? Active, DateTimeOffset At, string Actor);

/// <param name="Refused">Files in this gateway's <c>Trailers:Folder</c> that cannot be a trailer, with the reason.</param>
/// <param name="Skipped">Why sessions of this gateway went without a trailer that is on.</param>
internal sealed record TrailersView(
    ActiveView Active, ImmutableArray<TrailerView> Trailers, IReadOnlyList<RefusedTrailerFile> Refused, IReadOnlyList<SkippedSplice> Skipped);

/// <summary>The library as the API shows it.</summary>
internal static class TrailerViews
{
    /// <param name="removed">With versions that were removed.</param>
    public static TrailersView Of(TrailerLibrary library, TrailerState state, IReadOnlyList<RefusedTrailerFile> refused, bool removed, DateTimeOffset now)
    {
        var snapshot = library.Snapshot;
        return new TrailersView(
            Of(state, library, now, []),
            [.. snapshot.Versions.Where(version => removed || !snapshot.IsRemoved(version)).GroupBy(version => version.Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new TrailerView(group.Key, [.. group.Reverse().Select(version => Of(library, version))]))],
            refused,
            library.Skipped);
    }

    public static ActiveView Of(TrailerState state, TrailerLibrary library, DateTimeOffset now, ImmutableArray<ScheduleWarning> warnings) => new(
        state.Revision, SourceOf(state), state.Revision == 0 ? null : state.At, state.Revision == 0 ? null : state.Actor,
        [.. (state.Lines ?? library.Configured).Where(entry => !entry.IsOver(now)).Select(entry => Of(entry, library.Snapshot, now))], warnings);

    public static ScheduleView Schedule(TrailerState state, TrailerLibrary library, DateTimeOffset now) =>
        new(state.Revision, SourceOf(state), [.. (state.Lines ?? library.Configured).Select(entry => Of(entry, library.Snapshot, now))]);

    public static ScheduleEntryView Of(ActiveTrailer entry, TrailerSnapshot library, DateTimeOffset now) => new(
        entry.Id, entry.Trailer, entry.Trailer is { } selector ? library.Playable(selector)?.Label : null, entry.Position, entry.Videos, entry.From, entry.Until,
        entry.IsOver(now) ? "over" : entry.IsOn(now) ? "on" : "planned", entry.CreatedAt, entry.Actor);

    public static TrailerHistoryView Of(TrailerHistoryEntry row, TrailerSnapshot library) => new(
        row.Revision, row.Action, row.Entries is { } entries ? [.. entries.Select(entry => Of(entry, library, row.At))] : null, row.At, row.Actor);

    /// <param name="name">Its versions are in the library.</param>
    public static TrailerDetailView Detail(string name, TrailerState state, TrailerLibrary library, DateTimeOffset now)
    {
        var snapshot = library.Snapshot;
        var uses = (state.Lines ?? library.Configured).Where(entry => entry.Trailer is { } selector && !entry.IsOver(now) && NameOf(selector) == name).Select(entry => Of(entry, snapshot, now)).ToLookup(entry => entry.State);
        return new TrailerDetailView(
            name, snapshot.Playable(name)?.Label, [.. uses["on"]], [.. uses["planned"]],
            [.. snapshot.Versions.Where(version => string.Equals(version.Name, name, StringComparison.Ordinal)).Reverse().Select(version => Of(library, version))]);
    }

    public static TrailerVersionView Of(TrailerLibrary library, TrailerVersion version)
    {
        var snapshot = library.Snapshot;
        var canonical = library.ById(version.Id) ?? version;
        ImmutableArray<TrailerCopyView> copies = [.. canonical.Copies.Keys.Select(p => new TrailerCopyView(p, "ready", null)).Concat(library.Unfinished(version.Id)).OrderBy(c => c.Profile, StringComparer.Ordinal)];
        var (withdrawn, removed) = (snapshot.IsWithdrawn(version.Id), snapshot.IsRemoved(version));
        return new TrailerVersionView(
            version.Label, version.Source.Sha256, version.Source.Bytes, version.Source.DurationMs / 1000.0, version.Source.HasAudio, version.Source.AddedAt,
            snapshot.Find(version.Name)?.Label == version.Label, snapshot.Active.Any(entry => entry.Trailer is { } selector && snapshot.Playable(selector) is { } playable && playable.Id == version.Id),
            withdrawn, removed,
            withdrawn ? "withdrawn" : removed ? "removed" : copies.Any(copy => copy.Status == "failed") ? "failed" : copies.Any(copy => copy.Status == "making") ? "making" : copies.Length > 0 ? "ready" : "waiting",
            copies, library.CountContinuing(version.Id));
    }

    /// <summary>Of <c>name</c> or <c>name@hash8</c>.</summary>
    public static string NameOf(string selector) => selector.LastIndexOf('@') is var at and >= 0 ? selector[..at] : selector;

    private static string SourceOf(TrailerState state) => state.Lines is null ? "configuration" : "api";
}
