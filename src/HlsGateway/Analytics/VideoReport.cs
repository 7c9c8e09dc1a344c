using System.Text.Json.Serialization;

namespace HlsGateway.Analytics;

/// <summary>One video over a stretch of time. The figures are sums over the sessions that began in [from, to); docs/metrics.md defines them.</summary>
/// <param name="From">As asked, or 28 days before the end; cut at quarters of an hour, which is what the sums are kept by.</param>
/// <param name="To">Exclusive.</param>
/// <param name="ContentSeconds">Null while unknown.</param>
/// <param name="AsOf">Everything up to this time is counted in.</param>
internal sealed record VideoReport(
    string Video, DateTimeOffset From, DateTimeOffset To, string Tz, double? ContentSeconds, [property: JsonIgnore] VideoFigures Figures, IReadOnlyList<RetentionPoint> Retention,
    IReadOnlyList<Share> Renditions, IReadOnlyList<Share> Captions, IReadOnlyList<Share> Players, IReadOnlyList<Share> Trailers,
    IReadOnlyDictionary<string, long> Anonymous, IReadOnlyList<Bucket> Buckets, Explanation? Explain, DateTime AsOf) : VideoFigures(Figures);

/// <summary>See <c>definitions.json</c>; averages and rates are null without views.</summary>
internal record VideoFigures
{
    public long Sessions { get; init; }

    public long Impressions { get; init; }

    public long Views { get; init; }

    public long SegmentsFetched { get; init; }

    public double SecondsFetched { get; init; }

    public double WatchSeconds { get; init; }

    public double WatchSecondsLow { get; init; }

    public long TrailerSessions { get; init; }

    public double TrailerSeconds { get; init; }

    public long Completed { get; init; }

    public double? AverageWatchSeconds => Views == 0 ? null : Math.Round(WatchSeconds / Views, 3);

    public double? CompletionRate => Views == 0 ? null : Math.Round((double)Completed / Views, 4);
}

/// <param name="Sessions">To which the second was handed out.</param>
/// <param name="SessionsLow">That must have played it.</param>
/// <param name="Plays">How often it was handed out, repeats included.</param>
/// <param name="Left">Sessions whose last second it is.</param>
internal sealed record RetentionPoint(int Second, long Sessions, long SessionsLow, long Plays, long Left);

/// <summary>Sessions by one of their properties. A session may have several Renditions or captions, and is in each.</summary>
internal sealed record Share(string Name, long Sessions, double WatchSeconds);

/// <param name="From">Start in the asked time zone, with its offset then.</param>
internal sealed record Bucket(DateTimeOffset From, DateTimeOffset To, [property: JsonIgnore] VideoFigures Figures) : VideoFigures(Figures);

/// <param name="Sessions">Ten of the sessions behind the figures, newest first.</param>
/// <param name="SessionsUrl">All of them.</param>
internal sealed record Explanation(IReadOnlyDictionary<string, string> Definitions, IReadOnlyDictionary<string, string> Filters, IReadOnlyList<Guid> Sessions, string SessionsUrl);

/// <param name="Order">The figure that the list is sorted by, largest first.</param>
internal sealed record VideoRanking(DateTimeOffset From, DateTimeOffset To, string Order, IReadOnlyList<RankedVideo> Videos, DateTime AsOf);

internal sealed record RankedVideo(string Video, [property: JsonIgnore] VideoFigures Figures) : VideoFigures(Figures);
