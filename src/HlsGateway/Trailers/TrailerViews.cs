using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HlsGateway.Trailers;

/// <summary>Body of <c>PUT /api/trailers/active</c>.</summary>
/// <param name="Trailer">A name (always its latest version), or <c>name@hash8</c>; null means no trailer, and must be said.</param>
/// <param name="Videos">Glob over the video's id; null means all videos.</param>
/// <param name="Position"><c>post</c> (default, also when null) or <c>pre</c>: after the content or before it.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ActivateTrailer([property: JsonRequired] string? Trailer, DateTimeOffset? From, DateTimeOffset? Until, string? Videos, TrailerPosition? Position = null);

/// <param name="Status"><c>ready</c>, <c>making</c> or <c>failed</c>.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
internal sealed record TrailerCopyView(string Profile, string Status, string? Error);

/// <param name="Version"><c>name@hash8</c>.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="Current">A new session of a plain name gets this version.</param>
/// <param name="Active">An active line selects it.</param>
/// <param name="Withdrawn">No longer shown to anybody.</param>
/// <param name="Copies">One for each shape of content that was asked for.</param>
/// <param name="Continuing">How many further copies this gateway knows whose timestamps continue a content's.</param>
internal sealed record TrailerVersionView(
    string Version, string Sha256, long Bytes, double Duration, bool HasAudio, DateTimeOffset AddedAt, bool Current, bool Active, bool Withdrawn,
    ImmutableArray<TrailerCopyView> Copies, int Continuing);

internal sealed record TrailerView(string Name, ImmutableArray<TrailerVersionView> Versions);

/// <param name="Source"><c>api</c>, or <c>configuration</c> where nothing was set through the API.</param>
/// <param name="Lines">The first line that covers a video decides.</param>
internal sealed record ActiveView(long Revision, string Source, DateTimeOffset? Since, string? By, ImmutableArray<ActiveTrailer> Lines);

/// <param name="Refused">Files in this gateway's <c>Trailers:Folder</c> that cannot be a trailer, with the reason.</param>
/// <param name="Skipped">Why sessions of this gateway went without a trailer that is on.</param>
internal sealed record TrailersView(
    ActiveView Active, ImmutableArray<TrailerView> Trailers, IReadOnlyList<RefusedTrailerFile> Refused, IReadOnlyList<SkippedSplice> Skipped);

/// <summary>The library as the API shows it.</summary>
internal static class TrailerViews
{
    public static TrailersView Of(TrailerLibrary library, TrailerState state, IReadOnlyList<RefusedTrailerFile> refused)
    {
        var snapshot = library.Snapshot;
        var active = snapshot.Active.Select(l => l.Trailer is { } selector ? snapshot.Find(selector) : null).OfType<TrailerVersion>().Where(v => !v.Withdrawn).ToHashSet();
        return new TrailersView(
            Of(state, snapshot.Active),
            [.. snapshot.Versions.GroupBy(v => v.Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new TrailerView(g.Key, [.. g.Reverse().Select(v => Of(library, v, snapshot.Find(g.Key) == v, active.Contains(v)))]))],
            refused,
            library.Skipped);
    }

    public static ActiveView Of(TrailerState state, ImmutableArray<ActiveTrailer> lines) => state.Revision == 0
        ? new ActiveView(0, "configuration", null, null, lines)
        : new ActiveView(state.Revision, state.Lines is null ? "configuration" : "api", state.At, state.Actor, lines);

    public static TrailerVersionView Of(TrailerLibrary library, TrailerVersion version, bool current, bool active)
    {
        var canonical = library.ById(version.Id) ?? version;
        return new TrailerVersionView(
            version.Label, version.Source.Sha256, version.Source.Bytes, version.Source.DurationMs / 1000.0, version.Source.HasAudio, version.Source.AddedAt, current, active, library.Snapshot.IsWithdrawn(version.Id),
            [.. canonical.Copies.Keys.Select(p => new TrailerCopyView(p, "ready", null)).Concat(library.Unfinished(version.Id)).OrderBy(c => c.Profile, StringComparer.Ordinal)],
            library.CountContinuing(version.Id));
    }
}
