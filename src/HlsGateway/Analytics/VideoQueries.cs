using System.Collections.Frozen;
using System.Data.Common;
using System.Text.Json;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>Questions about videos, answered from the sums per quarter of an hour: their cost does not grow with the number of sessions.</summary>
internal sealed class VideoQueries(LedgerReader ledger, Finality finality)
{
    private static readonly string Sums = string.Join(", ", Figure.All.Select(figure => $"CAST(sum({figure.Column}) AS bigint)"));

    /// <param name="from">A quarter of an hour's start.</param>
    /// <param name="until">A quarter of an hour's start, exclusive.</param>
    public async Task<VideoReport> ReportAsync(
        string video, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone, BucketUnit unit, bool explain, CancellationToken cancellation)
    {
        var asOf = await ledger.CaughtUpAsync(cancellation);
        return await ledger.AskAsync(connection =>
        {
            DbDataReader Ask(string sql)
            {
                var command = connection.CreateCommand();
                command.CommandText = sql;
                command.With("video", video);
                command.With("from", from.ToUnixTimeMilliseconds());
                command.With("until", until.ToUnixTimeMilliseconds());
                command.With("first", ledger.Id(SessionIds.Floor(from)));
                command.With("last", ledger.Id(SessionIds.Floor(until)));
                return command.ExecuteReader();
            }

            const string Where = "WHERE video = @video AND quarter >= @from AND quarter < @until";
            var quarters = new Dictionary<long, VideoFigures>();
            using (var rows = Ask($"SELECT {Sums}, quarter FROM video_quarter {Where} GROUP BY quarter"))
            {
                while (rows.Read()) quarters.Add(rows.GetInt64(Figure.All.Length), Figures(rows));
            }
            var retention = new List<RetentionPoint>();
            using (var rows = Ask($"SELECT second, CAST(sum(sessions) AS bigint), CAST(sum(sessions_low) AS bigint), CAST(sum(plays) AS bigint), CAST(sum(left_here) AS bigint), CAST(sum(left_low) AS bigint) FROM retention_quarter {Where} GROUP BY second ORDER BY second"))
                Unroll(rows, retention);
            var shares = new Dictionary<int, List<Share>>();
            using (var rows = Ask($"SELECT dimension, name, CAST(sum(sessions) AS bigint), CAST(sum(watch_ms) AS bigint), CAST(sum(watch_low_ms) AS bigint) FROM share_quarter {Where} GROUP BY dimension, name HAVING sum(sessions) > 0 ORDER BY 3 DESC, name"))
            {
                while (rows.Read())
                {
                    if (!shares.TryGetValue(rows.GetInt32(0), out var list)) shares[rows.GetInt32(0)] = list = [];
                    var name = rows.GetInt32(0) == 3 ? JsonNamingPolicy.SnakeCaseLower.ConvertName(rows.GetString(1)) : rows.GetString(1);
                    list.Add(new Share(name, rows.GetInt64(2), rows.GetInt64(3) / 1000.0, rows.GetInt64(4) / 1000.0));
                }
            }
            var anonymous = new SortedDictionary<string, long>(StringComparer.Ordinal);
            using (var rows = Ask($"SELECT rule, CAST(sum(requests) AS bigint) FROM anonymous {Where} GROUP BY rule"))
            {
                while (rows.Read()) anonymous[JsonNamingPolicy.SnakeCaseLower.ConvertName(((HitRule)rows.GetInt32(0)).ToString())] = rows.GetInt64(1);
            }
            double? content = null;
            using (var rows = Ask("SELECT coalesce(nullif(content_ms, 0), longest_end_ms) FROM video WHERE video = @video"))
            {
                if (rows.Read() && rows.GetInt64(0) is > 0 and var contentMs)
                {
                    content = contentMs / 1000.0;
                    // What nobody fetched at the end is a part of the curve too.
                    for (var end = Math.Min(86_400, RollupSums.Seconds(0, contentMs).End); retention.Count < end;) retention.Add(new RetentionPoint(retention.Count, 0, 0, 0, 0, 0));
                }
            }
            var samples = new List<Guid>();
            if (explain)
            {
                using var rows = Ask("SELECT session_id FROM session WHERE video = @video AND session_id >= @first AND session_id < @last ORDER BY session_id DESC LIMIT 10");
                while (rows.Read()) samples.Add(SessionRow.Id(rows, 0));
            }
            return new VideoReport(
                video, TimeZoneInfo.ConvertTime(from, zone), TimeZoneInfo.ConvertTime(until, zone), zone.Id, content, VideoFigures.Sum(quarters.Values), retention,
                shares.GetValueOrDefault(1) ?? [], shares.GetValueOrDefault(2) ?? [], shares.GetValueOrDefault(3) ?? [], shares.GetValueOrDefault(4) ?? [],
                anonymous, Buckets(quarters, from, until, zone, unit, asOf), explain ? Explain(video, from, until, zone, samples) : null, asOf.UtcDateTime);
        }, cancellation);
    }

    /// <param name="order">One of <see cref="Orders"/>. Where an average or a rate is null, the video comes last.</param>
    public async Task<VideoRanking> RankAsync(DateTimeOffset from, DateTimeOffset until, string order, int limit, CancellationToken cancellation)
    {
        var asOf = await ledger.CaughtUpAsync(cancellation);
        var videos = await ledger.AskAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                SELECT {Sums}, video FROM video_quarter WHERE quarter >= @from AND quarter < @until
                GROUP BY video ORDER BY {Orders[order]} DESC NULLS LAST, video LIMIT @limit
                """;
            command.With("from", from.ToUnixTimeMilliseconds());
            command.With("until", until.ToUnixTimeMilliseconds());
            command.With("limit", limit);
            using var rows = command.ExecuteReader();
            var ranked = new List<RankedVideo>();
            while (rows.Read()) ranked.Add(new RankedVideo(rows.GetString(Figure.All.Length), Figures(rows)));
            return ranked;
        }, cancellation);
        return new VideoRanking(from, until, order, videos, asOf.UtcDateTime);
    }

    /// <summary>What a ranking can be sorted by, which is every figure, and how it is told in SQL over rows of <c>video_quarter</c>.</summary>
    public static IReadOnlyDictionary<string, string> Orders { get; } = Figure.All.Select(figure => KeyValuePair.Create(figure.Name, $"sum({figure.Column})"))
        .Append(new("basis_fetched", $"sum({Figure.Sessions.Column} - {Figure.Measured.Column} - {Figure.Buffered.Column})"))
        .Append(new("average_watch_seconds", PerView(Figure.Watched)))
        .Append(new("average_watch_seconds_low", PerView(Figure.WatchedLow)))
        .Append(new("completion_rate", PerView(Figure.Completed)))
        .Append(new("completion_rate_low", PerView(Figure.CompletedLow)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    private static string PerView(Figure figure) => $"1.0 * sum({figure.Column}) / nullif(sum({Figure.Views.Column}), 0)";

    private static VideoFigures Figures(DbDataReader row) => new([.. Figure.All.Select(figure => row.GetInt64(figure.Index))]);

    /// <summary>Turns changes into one point per second, as far as anything was fetched.</summary>
    private static void Unroll(DbDataReader rows, List<RetentionPoint> points)
    {
        var (sessions, low, plays) = (0L, 0L, 0L);
        while (rows.Read())
        {
            var second = rows.GetInt32(0);
            // A signed duration may claim years; nobody draws more than a day, second by second.
            if (second > 86_400) break;
            while (points.Count < second) points.Add(new RetentionPoint(points.Count, sessions, low, plays, 0, 0));
            (sessions, low, plays) = (sessions + rows.GetInt64(1), low + rows.GetInt64(2), plays + rows.GetInt64(3));
            // Below zero where older sums took a session's last second from its end; now its middle decides.
            points.Add(new RetentionPoint(second, sessions, low, plays, Math.Max(0, rows.GetInt64(4)), rows.GetInt64(5)));
        }
        if (points.Count > 0 && points[^1] is { Sessions: 0, Plays: 0, Left: 0, LeftLow: 0 }) points.RemoveAt(points.Count - 1);
    }

    private List<Bucket> Buckets(Dictionary<long, VideoFigures> quarters, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone, BucketUnit unit, DateTimeOffset asOf)
    {
        var buckets = new List<Bucket>();
        foreach (var (start, end) in BucketCuts.Between(from, until, unit, zone))
        {
            var inside = new List<VideoFigures>();
            for (var quarter = start.ToUnixTimeMilliseconds(); quarter < end.ToUnixTimeMilliseconds(); quarter += BucketCuts.Quarter)
            {
                if (quarters.TryGetValue(quarter, out var figures)) inside.Add(figures);
            }
            buckets.Add(new Bucket(start, end, finality.Is(end, asOf), finality.At(end), VideoFigures.Sum(inside)));
        }
        return buckets;
    }

    private static Explanation Explain(string video, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone, List<Guid> samples)
    {
        var (start, end) = (Rfc3339.Text(from), Rfc3339.Text(until));
        return new Explanation(
            Definitions.All,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["video"] = video, ["from"] = start, ["to"] = end, ["tz"] = zone.Id },
            samples, $"/api/sessions?video={Uri.EscapeDataString(video)}&from={start}&to={end}");
    }
}
