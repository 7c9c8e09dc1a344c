using System.Collections.Immutable;

namespace HlsGateway.Counting;

/// <summary>What a session gives to the sums.</summary>
/// <param name="LowMs">Its lower bound.</param>
internal readonly record struct SessionGift(SessionState State, long LowMs, bool IsView);

/// <summary>
/// A figure that is summed up over sessions: one list from which the merge, both databases, reports and rankings take their columns. One
/// more is an entry here, a step in each schema, a property of <c>VideoFigures</c> and a definition in <c>definitions.json</c>.
/// </summary>
/// <param name="Column">Of <c>video_quarter</c>.</param>
/// <param name="Name">In the API.</param>
/// <param name="Of">What one session adds.</param>
/// <param name="IsTime">Kept in milliseconds, told in seconds.</param>
/// <param name="Ranks">A ranking can be sorted by it.</param>
internal sealed record Figure(string Column, string Name, Func<SessionGift, long> Of, bool IsTime = false, bool Ranks = false)
{
    public static readonly Figure Sessions = new("sessions", "sessions", gift => gift.State.IsCounted ? 1 : 0);
    public static readonly Figure Impressions = new("impressions", "impressions", gift => gift.State.Started ? 1 : 0, Ranks: true);
    public static readonly Figure Views = new("views", "views", gift => gift.IsView ? 1 : 0, Ranks: true);
    public static readonly Figure SegmentsFetched = new("segments_fetched", "segments_fetched", gift => gift.State.SegmentsFetched);
    public static readonly Figure Fetched = new("fetched_ms", "seconds_fetched", gift => gift.State.FetchedMs, IsTime: true, Ranks: true);
    public static readonly Figure Watched = new("watch_ms", "watch_seconds", gift => gift.State.Watched.Length, IsTime: true, Ranks: true);
    public static readonly Figure WatchedLow = new("watch_low_ms", "watch_seconds_low", gift => gift.LowMs, IsTime: true, Ranks: true);
    public static readonly Figure TrailerSessions = new("trailer_sessions", "trailer_sessions", gift => gift.State.TrailerWatched.Length > 0 ? 1 : 0);
    public static readonly Figure Trailer = new("trailer_ms", "trailer_seconds", gift => gift.State.TrailerWatched.Length, IsTime: true, Ranks: true);
    public static readonly Figure Completed = new("completed", "completed", gift => SessionState.IsCompleted(gift.State.Watched.Length, gift.State.ContentMs) ? 1 : 0, Ranks: true);

    /// <summary>In the order of <c>video_quarter</c>'s columns.</summary>
    public static ImmutableArray<Figure> All { get; } =
        Numbered(Sessions, Impressions, Views, SegmentsFetched, Fetched, Watched, WatchedLow, TrailerSessions, Trailer, Completed);

    /// <summary>Its place in <see cref="All"/>.</summary>
    public int Index { get; private set; }

    private static ImmutableArray<Figure> Numbered(params Figure[] figures)
    {
        for (var i = 0; i < figures.Length; i++) figures[i].Index = i;
        return [.. figures];
    }
}
