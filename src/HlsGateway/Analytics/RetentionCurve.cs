using System.Data.Common;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>Turns changes at seconds into one point per second.</summary>
internal sealed class RetentionCurve
{
    /// <summary>A signed duration may claim years; nobody draws more than a day, second by second.</summary>
    public const int MostSeconds = 86_400;

    public const string Query = """
        SELECT second, CAST(sum(sessions) AS bigint), CAST(sum(sessions_low) AS bigint), CAST(sum(plays) AS bigint), CAST(sum(left_here) AS bigint), CAST(sum(left_low) AS bigint)
        FROM retention_quarter WHERE video = @video AND quarter >= @from AND quarter < @until GROUP BY second ORDER BY second
        """;

    private readonly SortedDictionary<int, Change> changes = [];

    internal readonly record struct Change(long Sessions, long Low, long Plays, long Left, long LeftLow);

    /// <summary>Adds what sessions gave. They do not keep how often a second was played.</summary>
    public void Add(RollupSums sums)
    {
        foreach (var (key, change) in sums.Retention)
        {
            if (key.Second > MostSeconds)
                continue;
            var now = changes.GetValueOrDefault(key.Second);
            changes[key.Second] = new Change(now.Sessions + change.Sessions, now.Low + change.Low, 0, now.Left + change.Left, now.LeftLow + change.LeftLow);
        }
    }

    public List<RetentionPoint> Points() => Of(changes.Select(pair => (pair.Key, pair.Value)), playsAreKnown: false);

    public static IEnumerable<(int Second, Change Change)> Read(DbDataReader rows)
    {
        while (rows.Read()) yield return (rows.GetInt32(0), new Change(rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5)));
    }

    /// <param name="changes">By their seconds.</param>
    public static List<RetentionPoint> Of(IEnumerable<(int Second, Change Change)> changes, bool playsAreKnown)
    {
        var points = new List<RetentionPoint>();
        var (sessions, low, plays) = (0L, 0L, 0L);
        RetentionPoint Point(long left, long leftLow) => new(points.Count, sessions, low, playsAreKnown ? plays : null, left, leftLow);
        foreach (var (second, change) in changes)
        {
            if (second > MostSeconds)
                break;
            while (points.Count < second) points.Add(Point(0, 0));
            (sessions, low, plays) = (sessions + change.Sessions, low + change.Low, plays + change.Plays);
            // Below zero where older sums took a session's last second from its end; now its middle decides.
            points.Add(Point(Math.Max(0, change.Left), change.LeftLow));
        }
        if (points.Count > 0 && points[^1] is { Sessions: 0, Plays: 0 or null, Left: 0, LeftLow: 0 })
            points.RemoveAt(points.Count - 1);
        return points;
    }

    /// <summary>Without some of the sessions. How often a second was played is known of all sessions together alone.</summary>
    public static List<RetentionPoint> Less(List<RetentionPoint> points, List<RetentionPoint> some)
    {
        var less = points.ConvertAll(point => point with { Plays = null });
        for (var i = 0; i < Math.Min(less.Count, some.Count); i++)
        {
            var (all, taken) = (less[i], some[i]);
            less[i] = all with { Sessions = all.Sessions - taken.Sessions, SessionsLow = all.SessionsLow - taken.SessionsLow, Left = all.Left - taken.Left, LeftLow = all.LeftLow - taken.LeftLow };
        }
        while (less.Count > 0 && less[^1] is { Sessions: 0, SessionsLow: 0, Left: 0, LeftLow: 0 }) less.RemoveAt(less.Count - 1);
        return less;
    }

    /// <summary>What nobody fetched at the end is a part of the curve too.</summary>
    public static void Lengthen(List<RetentionPoint> points, long contentMs, bool playsAreKnown)
    {
        for (var end = Math.Min(MostSeconds, RollupSums.Seconds(0, contentMs).End); points.Count < end;)
            points.Add(new RetentionPoint(points.Count, 0, 0, playsAreKnown ? 0 : null, 0, 0));
    }
}
