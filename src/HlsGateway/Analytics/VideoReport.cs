using System.ComponentModel;
using System.Text.Json.Serialization;
using HlsGateway.Counting;

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

/// <summary>All videos over a stretch of time, as <see cref="VideoReport"/> tells of one.</summary>
/// <param name="Videos">How many have sessions in it.</param>
internal sealed record Overview(
    DateTimeOffset From, DateTimeOffset To, string Tz, long Videos, [property: JsonIgnore] VideoFigures Figures,
    IReadOnlyList<Share> Renditions, IReadOnlyList<Share> Captions, IReadOnlyList<Share> Players, IReadOnlyList<Share> Trailers,
    IReadOnlyList<Bucket> Buckets, Explanation? Explain, DateTime AsOf) : VideoFigures(Figures);

/// <summary>See <c>definitions.json</c>; averages and rates are null without views.</summary>
internal record VideoFigures
{
    private readonly IReadOnlyList<long> sums;

    /// <param name="sums">In the order of <see cref="Figure.All"/>.</param>
    public VideoFigures(IReadOnlyList<long> sums) => this.sums = sums;

    public long Sessions => sums[Figure.Sessions.Index];

    public long Impressions => sums[Figure.Impressions.Index];

    public long Views => sums[Figure.Views.Index];

    public long ViewsLow => sums[Figure.ViewsLow.Index];

    public long SegmentsFetched => sums[Figure.SegmentsFetched.Index];

    public double SecondsFetched => Seconds(Figure.Fetched);

    public double WatchSeconds => Seconds(Figure.Watched);

    public double WatchSecondsLow => Seconds(Figure.WatchedLow);

    public long TrailerSessions => sums[Figure.TrailerSessions.Index];

    public long TrailerSessionsLow => sums[Figure.TrailerSessionsLow.Index];

    public double TrailerSeconds => Seconds(Figure.Trailer);

    public double TrailerSecondsLow => Seconds(Figure.TrailerLow);

    public long Completed => sums[Figure.Completed.Index];

    public long CompletedLow => sums[Figure.CompletedLow.Index];

    public double? AverageWatchSeconds => Views == 0 ? null : Math.Round(WatchSeconds / Views, 3);

    public double? AverageWatchSecondsLow => Views == 0 ? null : Math.Round(WatchSecondsLow / Views, 3);

    public double? CompletionRate => Views == 0 ? null : Math.Round((double)Completed / Views, 4);

    public double? CompletionRateLow => Views == 0 ? null : Math.Round((double)CompletedLow / Views, 4);

    public SessionsByBasis Basis => new(
        sums[Figure.Measured.Index], sums[Figure.Buffered.Index], Sessions - sums[Figure.Measured.Index] - sums[Figure.Buffered.Index]);

    public static VideoFigures Sum(IEnumerable<VideoFigures> each)
    {
        var all = new long[Figure.All.Length];
        foreach (var figures in each)
        {
            for (var i = 0; i < all.Length; i++) all[i] += figures.sums[i];
        }
        return new VideoFigures(all);
    }

    /// <summary>All sums are 0.</summary>
    internal bool IsNothing => sums.All(sum => sum == 0);

    /// <summary>Without some of its sessions.</summary>
    internal VideoFigures Less(VideoFigures some) => new([.. sums.Zip(some.sums, (mine, other) => mine - other)]);

    /// <summary>A sum in the unit in which it is told.</summary>
    internal double Of(Figure figure) => figure.IsTime ? Seconds(figure) : sums[figure.Index];

    private double Seconds(Figure figure) => sums[figure.Index] / 1000.0;
}

/// <summary>What is known of the sessions' playing: together they are <c>sessions</c>.</summary>
/// <param name="Measured">The page sent event reports.</param>
/// <param name="Buffered">The player told its buffer (CMCD).</param>
/// <param name="Fetched">Only requests.</param>
internal sealed record SessionsByBasis(long Measured, long Buffered, long Fetched);

/// <param name="Sessions">Sessions to which the second was handed out.</param>
/// <param name="SessionsLow">Sessions that must have played it.</param>
/// <param name="Plays">How often it was handed out, repeats included; null under a filter, for sessions do not keep it.</param>
/// <param name="Left">Sessions to which no later second was handed out: they left here at the latest.</param>
/// <param name="LeftLow">Sessions whose last second that they must have played it is: they left here at the earliest.</param>
internal sealed record RetentionPoint(int Second, long Sessions, long SessionsLow, long? Plays, long Left, long LeftLow);

/// <summary>Sessions by one of their properties. A session may have several Renditions or captions, and is in each.</summary>
internal sealed record Share(string Name, long Sessions, double WatchSeconds, double WatchSecondsLow);

/// <param name="From">Told in UTC.</param>
/// <param name="Final">The figures can no longer change.</param>
/// <param name="FinalAt">When they no longer can: the last session of the bucket has expired, and what may come late has come.</param>
internal sealed record Bucket(DateTimeOffset From, DateTimeOffset To, bool Final, DateTimeOffset FinalAt, [property: JsonIgnore] VideoFigures Figures) : VideoFigures(Figures)
{
    [Description("What clocks in the asked time zone showed then, with their offset: a label for people. from says the same moment in UTC.")]
    public string FromLocal => Rfc3339.Local(From);

    [Description("As from_local, of to.")]
    public string ToLocal => Rfc3339.Local(To);

    /// <summary>With more of its sessions.</summary>
    public Bucket With(VideoFigures more) => new(From, To, Final, FinalAt, Sum([this, more]));
}

/// <param name="Definitions">What each figure means, in a sentence.</param>
/// <param name="Formulas">How each is worked out, in one line.</param>
/// <param name="ConfusedWith">Figures that each may be taken for, by their names; the nearest first.</param>
/// <param name="Filters">In force, by the names of the parameters.</param>
/// <param name="Tz">The zone in which buckets are cut.</param>
/// <param name="CountedTo">Everything up to this time is counted in.</param>
/// <param name="Sessions">Ten of the sessions behind the figures, newest first.</param>
/// <param name="SessionsUrl">All of them.</param>
internal sealed record Explanation(
    IReadOnlyDictionary<string, string> Definitions, IReadOnlyDictionary<string, string> Formulas, IReadOnlyDictionary<string, IReadOnlyList<string>> ConfusedWith,
    IReadOnlyDictionary<string, string> Filters, string Tz, DateTime CountedTo, IReadOnlyList<Guid> Sessions, string SessionsUrl);

/// <param name="Order">The figure that the list is sorted by.</param>
/// <param name="Ascending">The smallest first.</param>
/// <param name="NextCursor">Give it back to get what follows; null on the last page.</param>
internal sealed record VideoRanking(DateTimeOffset From, DateTimeOffset To, string Tz, string Order, bool Ascending, IReadOnlyList<RankedVideo> Videos, string? NextCursor, DateTime AsOf);

internal sealed record RankedVideo(string Video, [property: JsonIgnore] VideoFigures Figures) : VideoFigures(Figures);
