using System.Collections.Immutable;

namespace HlsGateway.Counting;

/// <summary>What a session gives to the sums.</summary>
/// <param name="LowMs">Milliseconds of the content that it must have played.</param>
/// <param name="TrailerLowMs">The same of the trailer.</param>
/// <param name="IsViewLow">It must have been a view.</param>
internal readonly record struct SessionGift(SessionState State, long LowMs, long TrailerLowMs, bool IsView, bool IsViewLow);

/// <summary>
/// A figure that is summed up over sessions: one list from which the merge, both databases, reports and rankings take their columns. One
/// more is an entry here, a step in each schema, a property of <c>VideoFigures</c> and a definition in <c>definitions.json</c>.
/// </summary>
/// <param name="Column">Of <c>video_quarter</c>.</param>
/// <param name="Name">In the API.</param>
/// <param name="Of">What one session adds.</param>
/// <param name="IsTime">Kept in milliseconds, told in seconds.</param>
/// <param name="IsLater">The sums of an older version were kept without it: a session gives it once it was merged, or reached by <see cref="LowBackfill"/>.</param>
internal sealed record Figure(string Column, string Name, Func<SessionGift, long> Of, bool IsTime = false, bool IsLater = false)
{
    public static readonly Figure Sessions = new("sessions", "sessions", gift => gift.State.IsCounted ? 1 : 0);
    public static readonly Figure Impressions = new("impressions", "impressions", gift => gift.State.Started ? 1 : 0);
    public static readonly Figure Views = new("views", "views", gift => gift.IsView ? 1 : 0);
    public static readonly Figure SegmentsFetched = new("segments_fetched", "segments_fetched", gift => gift.State.SegmentsFetched);
    public static readonly Figure Fetched = new("fetched_ms", "seconds_fetched", gift => gift.State.FetchedMs, IsTime: true);
    public static readonly Figure Watched = new("watch_ms", "watch_seconds", gift => gift.State.Watched.Length, IsTime: true);
    public static readonly Figure WatchedLow = new("watch_low_ms", "watch_seconds_low", gift => gift.LowMs, IsTime: true);
    public static readonly Figure TrailerSessions = new("trailer_sessions", "trailer_sessions", gift => gift.State.TrailerWatched.Length > 0 ? 1 : 0);
    public static readonly Figure Trailer = new("trailer_ms", "trailer_seconds", gift => gift.State.TrailerWatched.Length, IsTime: true);
    public static readonly Figure Completed = new("completed", "completed", gift => SessionState.IsCompleted(gift.State.Watched.Length, gift.State.ContentMs) ? 1 : 0);

    public static readonly Figure ViewsLow = new("views_low", "views_low", gift => gift.IsViewLow ? 1 : 0, IsLater: true);
    public static readonly Figure CompletedLow = new("completed_low", "completed_low", gift => SessionState.IsCompleted(gift.LowMs, gift.State.ContentMs) ? 1 : 0, IsLater: true);
    public static readonly Figure TrailerSessionsLow = new("trailer_sessions_low", "trailer_sessions_low", gift => gift.TrailerLowMs > 0 ? 1 : 0, IsLater: true);
    public static readonly Figure TrailerLow = new("trailer_low_ms", "trailer_seconds_low", gift => gift.TrailerLowMs, IsTime: true, IsLater: true);

    /// <summary>Sessions by <see cref="Basis"/>; those that are in neither of the two are <see cref="Basis.Fetched"/>.</summary>
    public static readonly Figure Measured = new("basis_measured", "basis_measured", gift => gift.State is { IsCounted: true, Basis: Basis.Measured } ? 1 : 0, IsLater: true);
    public static readonly Figure Buffered = new("basis_buffered", "basis_buffered", gift => gift.State is { IsCounted: true, Basis: Basis.Buffered } ? 1 : 0, IsLater: true);

    /// <summary>In the order of <c>video_quarter</c>'s columns.</summary>
    public static ImmutableArray<Figure> All { get; } =
        Numbered(
            Sessions, Impressions, Views, SegmentsFetched, Fetched, Watched, WatchedLow, TrailerSessions, Trailer, Completed,
            ViewsLow, CompletedLow, TrailerSessionsLow, TrailerLow, Measured, Buffered);

    /// <summary>Its place in <see cref="All"/>.</summary>
    public int Index { get; private set; }

    private static ImmutableArray<Figure> Numbered(params Figure[] figures)
    {
        for (var i = 0; i < figures.Length; i++) figures[i].Index = i;
        return [.. figures];
    }
}
