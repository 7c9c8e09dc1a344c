using System.Data.Common;
using System.Text.Json;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// Reports about one video: from the sums per quarter of an hour, so that their cost does not grow with the number of sessions, or where a
/// filter narrows these, from each of them.
/// </summary>
internal sealed class VideoQueries(LedgerReader ledger, SessionScan scan, Finality finality)
{
    private const int Samples = 10;

    private const string Where = "WHERE video = @video AND quarter >= @from AND quarter < @until";

    private static readonly string Sums = string.Join(", ", Figure.All.Select(figure => $"CAST(sum({figure.Column}) AS bigint)"));

    /// <summary>What the question is about.</summary>
    /// <param name="From">A quarter of an hour's start.</param>
    /// <param name="Until">A quarter of an hour's start, exclusive.</param>
    internal sealed record Question(string Video, DateTimeOffset From, DateTimeOffset Until, TimeZoneInfo Zone, BucketUnit Unit, SessionFilter Filter);

    /// <param name="given">The filters as they were asked for, to be told again; null without an explanation.</param>
    public async Task<VideoReport> ReportAsync(Question question, IReadOnlyList<KeyValuePair<string, string>>? given, CancellationToken ct)
    {
        var (video, from, until, zone, _, filter) = question;
        var asOf = await ledger.CaughtUpAsync(ct);
        var parts = filter.IsEmpty
            ? await ledger.AskAsync(connection => Kept(connection, question, given is not null), ct)
            : await SummedAsync(question, given is not null, ct);
        var content = await ledger.AskAsync(connection => ContentMs(connection, video), ct);
        if (content > 0)
            RetentionCurve.Lengthen(parts.Retention, content, playsAreKnown: filter.IsEmpty);
        return new VideoReport(
            video, from, until, zone.Id, content > 0 ? content / 1000.0 : null, VideoFigures.Sum(parts.Quarters.Values), parts.Retention,
            parts.SharesOf(1), parts.SharesOf(2), parts.SharesOf(3), parts.SharesOf(4),
            parts.Anonymous, Buckets(parts.Quarters, question, asOf), given is null ? null : Explain(question, given, parts.Samples), asOf.UtcDateTime);
    }

    /// <summary>The same of all videos together: what <see cref="ReportAsync"/> tells of each adds up to it.</summary>
    /// <param name="about">Its video is not looked at.</param>
    public async Task<Overview> OverviewAsync(Question about, IReadOnlyList<KeyValuePair<string, string>>? given, CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var parts = new Parts();
        var videos = 0L;
        if (about.Filter.IsEmpty)
        {
            (parts, videos) = await ledger.AskAsync(connection => KeptOfAll(connection, about), ct);
        }
        else
        {
            foreach (var video in await ledger.AskAsync(connection => VideosIn(connection, about), ct))
            {
                var before = parts.Quarters.Values.Sum(figures => figures.Sessions);
                await AddAsync(parts, about with { Video = video }, null, null, ct);
                if (parts.Quarters.Values.Sum(figures => figures.Sessions) > before)
                    videos++;
            }
        }
        return new Overview(
            about.From, about.Until, about.Zone.Id, videos, VideoFigures.Sum(parts.Quarters.Values), parts.SharesOf(1), parts.SharesOf(2), parts.SharesOf(3), parts.SharesOf(4),
            Buckets(parts.Quarters, about, asOf), given is null ? null : Explain(about, given, []), asOf.UtcDateTime);
    }

    private static (Parts Parts, long Videos) KeptOfAll(DbConnection connection, Question about)
    {
        DbDataReader Ask(string sql)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            command.With("from", about.From.ToUnixTimeMilliseconds());
            command.With("until", about.Until.ToUnixTimeMilliseconds());
            return command.ExecuteReader();
        }

        const string Inside = "WHERE quarter >= @from AND quarter < @until";
        var parts = new Parts();
        using (var rows = Ask($"SELECT {Sums}, quarter FROM video_quarter {Inside} GROUP BY quarter"))
        {
            while (rows.Read()) parts.Quarters.Add(rows.GetInt64(Figure.All.Length), VideoSums.Read(rows));
        }
        using (var rows = Ask($"SELECT dimension, name, CAST(sum(sessions) AS bigint), CAST(sum(watch_ms) AS bigint), CAST(sum(watch_low_ms) AS bigint) FROM share_quarter {Inside} GROUP BY dimension, name"))
        {
            while (rows.Read()) parts.Shares[(rows.GetInt32(0), rows.GetString(1))] = new RollupSums.ShareSum(rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4));
        }
        using var count = Ask($"SELECT count(*) FROM (SELECT video FROM video_quarter {Inside} GROUP BY video HAVING sum(sessions) > 0) each_video");
        return (parts, count.Read() ? count.GetInt64(0) : 0);
    }

    private static List<string> VideosIn(DbConnection connection, Question about)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT video FROM video_quarter WHERE quarter >= @from AND quarter < @until ORDER BY video";
        command.With("from", about.From.ToUnixTimeMilliseconds());
        command.With("until", about.Until.ToUnixTimeMilliseconds());
        using var rows = command.ExecuteReader();
        var videos = new List<string>();
        while (rows.Read()) videos.Add(rows.GetString(0));
        return videos;
    }

    /// <summary>What a report is made of.</summary>
    private sealed class Parts
    {
        public Dictionary<long, VideoFigures> Quarters { get; } = [];

        public List<RetentionPoint> Retention { get; set; } = [];

        public Dictionary<(int Dimension, string Name), RollupSums.ShareSum> Shares { get; } = [];

        public SortedDictionary<string, long> Anonymous { get; } = new(StringComparer.Ordinal);

        public List<Guid> Samples { get; set; } = [];

        /// <summary>The largest first.</summary>
        public List<Share> SharesOf(int dimension) =>
        [
            .. from pair in Shares
               where pair.Key.Dimension == dimension && pair.Value.Sessions > 0
               orderby pair.Value.Sessions descending, pair.Key.Name
               select new Share(
                   dimension == 3 ? JsonNamingPolicy.SnakeCaseLower.ConvertName(pair.Key.Name) : pair.Key.Name,
                   pair.Value.Sessions, pair.Value.WatchMs / 1000.0, pair.Value.WatchLowMs / 1000.0),
        ];
    }

    private Parts Kept(DbConnection connection, Question question, bool withSamples)
    {
        DbDataReader Ask(string sql)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            command.With("video", question.Video);
            command.With("from", question.From.ToUnixTimeMilliseconds());
            command.With("until", question.Until.ToUnixTimeMilliseconds());
            command.With("first", ledger.Id(SessionIds.Floor(question.From)));
            command.With("last", ledger.Id(SessionIds.Floor(question.Until)));
            return command.ExecuteReader();
        }

        var parts = new Parts();
        using (var rows = Ask($"SELECT {Sums}, quarter FROM video_quarter {Where} GROUP BY quarter"))
        {
            while (rows.Read()) parts.Quarters.Add(rows.GetInt64(Figure.All.Length), VideoSums.Read(rows));
        }
        using (var rows = Ask(RetentionCurve.Query)) parts.Retention = RetentionCurve.Of(RetentionCurve.Read(rows), playsAreKnown: true);
        using (var rows = Ask($"SELECT dimension, name, CAST(sum(sessions) AS bigint), CAST(sum(watch_ms) AS bigint), CAST(sum(watch_low_ms) AS bigint) FROM share_quarter {Where} GROUP BY dimension, name"))
        {
            while (rows.Read()) parts.Shares[(rows.GetInt32(0), rows.GetString(1))] = new RollupSums.ShareSum(rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4));
        }
        using (var rows = Ask($"SELECT rule, CAST(sum(requests) AS bigint) FROM anonymous {Where} GROUP BY rule"))
        {
            while (rows.Read()) parts.Anonymous[JsonNamingPolicy.SnakeCaseLower.ConvertName(((HitRule)rows.GetInt32(0)).ToString())] = rows.GetInt64(1);
        }
        if (!withSamples)
            return parts;
        using (var rows = Ask($"SELECT session_id FROM session WHERE video = @video AND session_id >= @first AND session_id < @last ORDER BY session_id DESC LIMIT {Samples}"))
        {
            while (rows.Read()) parts.Samples.Add(SessionRow.Id(rows, 0));
        }
        return parts;
    }

    /// <summary>Requests without a session pass no filter of sessions.</summary>
    private async Task<Parts> SummedAsync(Question question, bool withSamples, CancellationToken ct)
    {
        var (parts, curve, latest) = (new Parts(), new RetentionCurve(), new Queue<Guid>());
        void Seen(SessionState state)
        {
            if (latest.Count == Samples)
                latest.Dequeue();
            latest.Enqueue(state.Session);
        }

        await AddAsync(parts, question, curve, withSamples ? Seen : null, ct);
        parts.Retention = curve.Points();
        parts.Samples = [.. latest.Reverse()];
        return parts;
    }

    /// <summary>Adds the sessions of one video that the filter takes.</summary>
    private async Task AddAsync(Parts parts, Question question, RetentionCurve? curve, Action<SessionState>? seen, CancellationToken ct)
    {
        await foreach (var sums in scan.SumsAsync(question.Video, question.From, question.Until, question.Filter, seen, ct))
        {
            foreach (var (key, figures) in sums.Videos)
            {
                var more = new VideoFigures(figures);
                parts.Quarters[key.Quarter] = parts.Quarters.TryGetValue(key.Quarter, out var known) ? VideoFigures.Sum([known, more]) : more;
            }
            foreach (var (key, sum) in sums.Shares)
            {
                var known = parts.Shares.GetValueOrDefault((key.Dimension, key.Name));
                parts.Shares[(key.Dimension, key.Name)] = new RollupSums.ShareSum(known.Sessions + sum.Sessions, known.WatchMs + sum.WatchMs, known.WatchLowMs + sum.WatchLowMs);
            }
            curve?.Add(sums);
        }
    }

    private static long ContentMs(DbConnection connection, string video)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT coalesce(nullif(content_ms, 0), longest_end_ms) FROM video WHERE video = @video";
        command.With("video", video);
        return command.ExecuteScalar() is long known ? known : 0;
    }

    private List<Bucket> Buckets(Dictionary<long, VideoFigures> quarters, Question question, DateTimeOffset asOf)
    {
        var buckets = new List<Bucket>();
        foreach (var (start, end) in BucketCuts.Between(question.From, question.Until, question.Unit, question.Zone))
        {
            var inside = new List<VideoFigures>();
            for (var quarter = start.ToUnixTimeMilliseconds(); quarter < end.ToUnixTimeMilliseconds(); quarter += BucketCuts.Quarter)
            {
                if (quarters.TryGetValue(quarter, out var figures))
                    inside.Add(figures);
            }
            buckets.Add(new Bucket(start, end, finality.Is(end, asOf), finality.At(end), VideoFigures.Sum(inside)));
        }
        return buckets;
    }

    private static Explanation Explain(Question question, IReadOnlyList<KeyValuePair<string, string>> given, List<Guid> samples)
    {
        var (start, end) = (Rfc3339.Text(question.From), Rfc3339.Text(question.Until));
        var filters = new Dictionary<string, string>(given, StringComparer.Ordinal) { ["from"] = start, ["to"] = end, ["tz"] = question.Zone.Id };
        if (question.Video.Length > 0)
            filters["video"] = question.Video;
        var of = question.Video.Length > 0 ? $"video={Uri.EscapeDataString(question.Video)}&" : "";
        var further = string.Concat(given.Select(pair => $"&{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        return new Explanation(Definitions.All, filters, samples, $"/api/sessions?{of}from={start}&to={end}{further}");
    }
}
