using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// Reports about one video, or all of them: from the sums per quarter of an hour, so that their cost does not grow with the number of sessions, or where a
/// filter narrows these, from each of them.
/// </summary>
internal sealed class VideoQueries(LedgerReader ledger, SessionScan scan, SessionSums sessions, VideoSums each, Finality finality)
{
    private const int Samples = 10;

    /// <summary>Of the time, looked at side by side: more than there are processors, for sessions are not spread evenly.</summary>
    private const int Slices = 12;

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
        var parts = filter.IsEmpty || filter.IsPeople ? await ledger.AskAsync(connection => Kept(connection, question), ct) : await SummedAsync(question, ct);
        if (filter.IsPeople)
            parts.TakeAway(await SummedAsync(question with { Filter = filter with { Tools = true } }, ct));
        var content = await ledger.AskAsync(connection => ContentMs(connection, video), ct);
        if (content > 0)
            RetentionCurve.Lengthen(parts.Retention, content, playsAreKnown: filter.IsEmpty);
        return new VideoReport(
            video, from, until, zone.Id, content > 0 ? content / 1000.0 : null, VideoFigures.Sum(parts.Quarters.Values), parts.Retention,
            parts.SharesOf(1), parts.SharesOf(2), parts.SharesOf(3), parts.SharesOf(4),
            parts.Anonymous, Buckets(parts.Quarters, question, asOf), await ExplainAsync(question, given, asOf, ct), asOf.UtcDateTime);
    }

    /// <summary>The same of all videos together: what <see cref="ReportAsync"/> tells of each adds up to it.</summary>
    /// <param name="about">Its video is not looked at.</param>
    public async Task<Overview> OverviewAsync(Question about, IReadOnlyList<KeyValuePair<string, string>>? given, CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var filter = about.Filter;
        var parts = filter.IsEmpty || filter.IsPeople ? await ledger.AskAsync(connection => KeptOfAll(connection, about), ct) : await SummedOfAllAsync(about, ct);
        var videos = (long)parts.Sessions.Values.Count(sessions => sessions > 0);
        if (filter.IsEmpty || filter.IsPeople)
        {
            var less = filter.IsPeople ? await SummedOfAllAsync(about with { Filter = filter with { Tools = true } }, ct) : null;
            await foreach (var (video, figures) in each.EachAsync(about.From, about.Until, SessionFilter.Any, null, ct)) videos += figures.Sessions > (less?.Sessions.GetValueOrDefault(video) ?? 0) ? 1 : 0;
            if (less is not null)
                parts.TakeAway(less);
        }
        return new Overview(
            about.From, about.Until, about.Zone.Id, videos, VideoFigures.Sum(parts.Quarters.Values), parts.SharesOf(1), parts.SharesOf(2), parts.SharesOf(3), parts.SharesOf(4),
            Buckets(parts.Quarters, about, asOf), await ExplainAsync(about, given, asOf, ct), asOf.UtcDateTime);
    }

    private static Parts KeptOfAll(DbConnection connection, Question about)
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
        using (var rows = Ask($"SELECT {Sums}, quarter FROM total_quarter {Inside} GROUP BY quarter"))
        {
            while (rows.Read()) parts.Quarters.Add(rows.GetInt64(Figure.All.Length), VideoSums.Read(rows));
        }
        using (var rows = Ask($"SELECT dimension, name, CAST(sum(sessions) AS bigint), CAST(sum(watch_ms) AS bigint), CAST(sum(watch_low_ms) AS bigint) FROM total_share {Inside} GROUP BY dimension, name"))
        {
            while (rows.Read()) parts.Shares[(rows.GetInt32(0), rows.GetString(1))] = new RollupSums.ShareSum(rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4));
        }
        return parts;
    }

    private async Task<Parts> SummedOfAllAsync(Question about, CancellationToken ct)
    {
        var parts = new Parts();
        var quarters = new Dictionary<long, long[]>();
        await sessions.AddAsync(
            new(null, about.From, about.Until, about.Filter),
            (video, quarter) => CollectionsMarshal.GetValueRefOrAddDefault(quarters, quarter, out _) ??= new long[Figure.All.Length],
            parts.Sessions, parts.Shares, ct);
        foreach (var (quarter, sums) in quarters) parts.Quarters.Add(quarter, new VideoFigures(sums));
        return parts;
    }

    /// <summary>What a report is made of.</summary>
    private sealed class Parts
    {
        public Dictionary<long, VideoFigures> Quarters { get; } = [];

        public List<RetentionPoint> Retention { get; set; } = [];

        public Dictionary<(int Dimension, string Name), RollupSums.ShareSum> Shares { get; } = [];

        public SortedDictionary<string, long> Anonymous { get; } = new(StringComparer.Ordinal);

        /// <summary>By their video, where each was looked at.</summary>
        public Dictionary<string, long> Sessions { get; } = new(StringComparer.Ordinal);

        /// <summary>Leaves what is not in the other. Requests without a session are nobody's, and how often a second was played is known of all together alone.</summary>
        public void TakeAway(Parts other)
        {
            foreach (var (quarter, figures) in other.Quarters) Quarters[quarter] = Quarters.TryGetValue(quarter, out var all) ? all.Less(figures) : VideoFigures.Sum([]).Less(figures);
            foreach (var (key, sum) in other.Shares)
            {
                var all = Shares.GetValueOrDefault(key);
                Shares[key] = new RollupSums.ShareSum(all.Sessions - sum.Sessions, all.WatchMs - sum.WatchMs, all.WatchLowMs - sum.WatchLowMs);
            }
            Retention = RetentionCurve.Less(Retention, other.Retention);
            Anonymous.Clear();
        }

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

    private static Parts Kept(DbConnection connection, Question question)
    {
        DbDataReader Ask(string sql)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            command.With("video", question.Video);
            command.With("from", question.From.ToUnixTimeMilliseconds());
            command.With("until", question.Until.ToUnixTimeMilliseconds());
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
        return parts;
    }

    /// <summary>Requests without a session pass no filter of sessions.</summary>
    private async Task<Parts> SummedAsync(Question question, CancellationToken ct)
    {
        var (parts, curve, gate) = (new Parts(), new RetentionCurve(), new Lock());
        var days = Math.Max(1, Math.Ceiling((question.Until - question.From).TotalDays / Slices));
        await TimeSlices.EachAsync(question.From, question.Until, TimeSpan.FromDays(days), async (start, end, stop) =>
        {
            await foreach (var sums in scan.SumsAsync(question.Video, start, end, question.Filter, null, stop)) Give(sums);
        }, ct);
        parts.Retention = curve.Points();
        return parts;

        void Give(RollupSums sums)
        {
            using var one = gate.EnterScope();
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
            curve.Add(sums);
        }
    }

    /// <summary>The length of <paramref name="video"/> in milliseconds: what its playlist says or, where that is unknown, the furthest moment that was watched. 0 is unknown.</summary>
    internal static long ContentMs(DbConnection connection, string video)
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

    private async Task<Explanation?> ExplainAsync(Question question, IReadOnlyList<KeyValuePair<string, string>>? given, DateTimeOffset asOf, CancellationToken ct)
    {
        if (given is null)
            return null;
        var samples = await ledger.AskAsync(connection => Newest(connection, question), ct);
        var (start, end) = (Rfc3339.Text(question.From), Rfc3339.Text(question.Until));
        var filters = new Dictionary<string, string>(given, StringComparer.Ordinal) { ["from"] = start, ["to"] = end, ["tz"] = question.Zone.Id };
        if (question.Video.Length > 0)
            filters["video"] = question.Video;
        var of = question.Video.Length > 0 ? $"video={Uri.EscapeDataString(question.Video)}&" : "";
        var further = string.Concat(given.Select(pair => $"&{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        return new Explanation(
            Definitions.All, Definitions.Formulas, Definitions.ConfusedWith, filters, question.Zone.Id, asOf.UtcDateTime, samples, $"/api/sessions?{of}from={start}&to={end}{further}");
    }

    private List<Guid> Newest(DbConnection connection, Question question)
    {
        using var command = connection.CreateCommand();
        var one = question.Video.Length > 0;
        command.CommandText = $"SELECT s.session_id FROM session s WHERE s.session_id >= @first AND s.session_id < @last{(one ? " AND s.video = @video" : "")}{question.Filter.Sql(ledger.Kind)} ORDER BY s.session_id DESC LIMIT {Samples}";
        command.With("first", ledger.Id(SessionIds.Floor(question.From)));
        command.With("last", ledger.Id(SessionIds.Floor(question.Until)));
        if (one)
            command.With("video", question.Video);
        question.Filter.Bind(command);
        using var rows = command.ExecuteReader();
        var newest = new List<Guid>();
        while (rows.Read()) newest.Add(SessionRow.Id(rows, 0));
        return newest;
    }
}
