using System.Data.Common;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>The moments of a video, compared with videos of about its length.</summary>
internal sealed class MomentQueries(LedgerReader ledger, VideoSums sums)
{
    private const int Compared = 10;

    /// <summary>Newest videos of about that length that are looked at: some have too few sessions to be compared with.</summary>
    private const int Looked = 2 * Compared;

    /// <summary>A share of the length by which others may be shorter or longer.</summary>
    private const double Like = 0.25;

    public async Task<MomentReport> FindAsync(string video, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone, SessionFilter filter, CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var content = await ledger.AskAsync(connection => VideoQueries.ContentMs(connection, video), ct);
        var curve = await CurveAsync(video, content, from, until, filter, ct);
        var sessions = Moments.SessionsOf(curve);
        var others = new List<IReadOnlyList<RetentionPoint>>();
        if (sessions >= Moments.Needed && content > 0)
        {
            foreach (var (name, length) in await ledger.AskAsync(connection => Newest(connection, video, content), ct))
            {
                if (others.Count == Compared)
                    break;
                var other = await CurveAsync(name, length, from, until, SessionFilter.Any, ct);
                if (Moments.SessionsOf(other) >= Moments.Needed)
                    others.Add(other);
            }
        }
        return new MomentReport(video, from, until, zone.Id, sessions, Math.Max(0, Moments.Needed - sessions), others.Count, Moments.Of(curve, others), asOf.UtcDateTime);
    }

    private async Task<List<RetentionPoint>> CurveAsync(string video, long contentMs, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, CancellationToken ct)
    {
        var curve = await sums.RetentionAsync(video, from, until, filter, ct);
        if (contentMs > 0)
            RetentionCurve.Lengthen(curve, contentMs, playsAreKnown: filter.IsEmpty);
        return curve;
    }

    /// <summary>Those that were first watched last.</summary>
    private static List<(string Video, long ContentMs)> Newest(DbConnection connection, string video, long contentMs)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT video, length FROM (
                SELECT v.video, coalesce(nullif(v.content_ms, 0), v.longest_end_ms) AS length, (SELECT min(d.day) FROM video_date d WHERE d.video = v.video) AS began
                FROM video v WHERE v.video <> @video AND coalesce(nullif(v.content_ms, 0), v.longest_end_ms) BETWEEN @least AND @most) AS likely
            WHERE began IS NOT NULL ORDER BY began DESC, video LIMIT {Looked}
            """;
        command.With("video", video);
        command.With("least", (long)(contentMs * (1 - Like)));
        command.With("most", (long)(contentMs * (1 + Like)));
        using var rows = command.ExecuteReader();
        var videos = new List<(string, long)>();
        while (rows.Read()) videos.Add((rows.GetString(0), rows.GetInt64(1)));
        return videos;
    }
}

/// <param name="Sessions">Sessions to which content was handed out.</param>
/// <param name="Needed">How many more it takes for moments to be told; 0 where there are enough.</param>
/// <param name="ComparedWith">Videos of about this length (a quarter shorter or longer) whose sessions say what is usual: the newest, ten at most.</param>
/// <param name="AsOf">Everything up to this time is counted in.</param>
internal sealed record MomentReport(
    string Video, DateTimeOffset From, DateTimeOffset To, string Tz, long Sessions, long Needed, int ComparedWith, IReadOnlyList<Moment> Moments, DateTime AsOf);
