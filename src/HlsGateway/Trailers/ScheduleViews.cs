using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HlsGateway.Trailers;

/// <summary>Body of <c>PUT /api/trailers/active</c> and of <c>POST /api/trailers/schedule</c>.</summary>
/// <param name="Trailer">A name (always its latest version), or <c>name@hash8</c>; null means no trailer, and must be said.</param>
/// <param name="From">When it begins, inclusive; null: at once.</param>
/// <param name="To">When it ends, exclusive; null: never.</param>
/// <param name="Until">Another name for <paramref name="To"/>.</param>
/// <param name="Videos">Glob over the video's id, 1 to 200 characters; null means all videos.</param>
/// <param name="Position"><c>post</c> (default, also when null) or <c>pre</c>: after the content or before it.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ActivateTrailer(
    [property: JsonRequired] string? Trailer, DateTimeOffset? From = null, DateTimeOffset? To = null, DateTimeOffset? Until = null, string? Videos = null, TrailerPosition? Position = null);

/// <summary>Body of <c>PATCH /api/trailers/schedule/{id}</c> (JSON Merge Patch): a key that is not given stays, null takes a limit away.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChangeScheduleEntry
{
    private readonly HashSet<string> given = new(StringComparer.Ordinal);

    /// <summary>As in <c>POST</c>; null means no trailer.</summary>
    public string? Trailer { get; init => field = Given(value, nameof(Trailer)); }

    public DateTimeOffset? From { get; init => field = Given(value, nameof(From)); }

    public DateTimeOffset? To { get; init => field = Given(value, nameof(To)); }

    /// <summary>Another name for <c>to</c>.</summary>
    public DateTimeOffset? Until { get; init => field = Given(value, nameof(Until)); }

    public string? Videos { get; init => field = Given(value, nameof(Videos)); }

    /// <summary>Null is as <c>post</c>.</summary>
    public TrailerPosition? Position { get; init => field = Given(value, nameof(Position)); }

    public bool Has(string property) => given.Contains(property);

    private T Given<T>(T value, string property)
    {
        given.Add(property);
        return value;
    }
}

/// <summary>One entry of the schedule.</summary>
/// <param name="Id">The same through all its changes.</param>
/// <param name="Trailer">A name (always its latest version), or <c>name@hash8</c>; null means no trailer.</param>
/// <param name="Version">Which version that is; null where the library has none that may be shown.</param>
/// <param name="Videos">Glob over the video's id; null means all videos.</param>
/// <param name="From">Inclusive; null: always has been.</param>
/// <param name="To">Exclusive; null: never ends.</param>
/// <param name="State"><c>planned</c>, <c>on</c> or <c>over</c>, by its window alone.</param>
/// <param name="CreatedAt">Null where configuration set it, or it is older than entries' own records.</param>
/// <param name="Actor">Who added it or changed it last; null as above.</param>
internal sealed record ScheduleEntryView(
    Guid Id, string? Trailer, string? Version, TrailerPosition Position, string? Videos, DateTimeOffset? From, DateTimeOffset? To, string State, DateTimeOffset? CreatedAt, string? Actor);

/// <param name="Revision">Of the whole schedule; its ETag.</param>
/// <param name="Source"><c>api</c>, or <c>configuration</c> where nothing was set through the API.</param>
/// <param name="Entries">The first that covers a video decides.</param>
internal sealed record ScheduleView(long Revision, string Source, ImmutableArray<ScheduleEntryView> Entries);

/// <param name="Warnings">What an editor should know about it; empty where there is nothing.</param>
internal sealed record ScheduledView(long Revision, ScheduleEntryView Entry, ImmutableArray<ScheduleWarning> Warnings);
