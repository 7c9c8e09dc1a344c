using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// Sums of one video after the other, for answers of any length: from the sums that are kept, or where a filter narrows the sessions, from
/// these themselves by the same rules. Nothing is held while the reader of the answer takes its time.
/// </summary>
internal sealed class VideoSums(LedgerReader ledger, SessionScan scan, SessionSums sessions)
{
    private const int VideosPerQuestion = 500;
    private const int QuartersPerQuestion = 5000;
    private const int FewVideos = 2000;

    /// <summary>Of UTC, milliseconds.</summary>
    private const long Day = 86_400_000;

    private static readonly string Sums = string.Join(", ", Figure.All.Select(figure => $"CAST(sum({figure.Column}) AS bigint)"));

    /// <summary>What <see cref="Figure.All"/> is in a row that begins with it.</summary>
    public static VideoFigures Read(DbDataReader row) => new([.. Figure.All.Select(figure => row.GetInt64(figure.Index))]);

    /// <summary>Each video of which a session began in [from, until), by its name, with all its sums there.</summary>
    /// <param name="only">Just this one, whether or not it has sessions there; null for all.</param>
    public async IAsyncEnumerable<(string Video, VideoFigures Figures)> EachAsync(
        DateTimeOffset from, DateTimeOffset until, SessionFilter filter, string? only, [EnumeratorCancellation] CancellationToken ct)
    {
        // Sessions of people are all but those of tools.
        var looked = filter.IsPeople ? filter with { Tools = true } : filter;
        var together = !filter.IsEmpty && only is null && await ledger.AskAsync(HasFewVideos, ct) ? await ByVideoAsync(from, until, looked, ct) : null;
        await foreach (var (video, kept) in EachKeptAsync(from, until, only, ct))
        {
            if (filter.IsEmpty)
            {
                yield return (video, kept);
                continue;
            }
            var found = together is null ? await SumAsync(video, from, until, looked, ct) : together.TryGetValue(video, out var sums) ? new VideoFigures(sums) : null;
            if (filter.IsPeople)
                found = found is null ? kept : kept.Less(found) is { IsNothing: false } rest ? rest : null;
            if (found is not null)
                yield return (video, found);
        }
    }

    /// <summary>From the sums that are kept: whole days of UTC, and quarters of an hour before and after these.</summary>
    private async IAsyncEnumerable<(string Video, VideoFigures Figures)> EachKeptAsync(DateTimeOffset from, DateTimeOffset until, string? only, [EnumeratorCancellation] CancellationToken ct)
    {
        var (start, end) = (from.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds());
        var (firstDay, lastDay) = ((start + Day - 1) / Day * Day, end / Day * Day);
        if (firstDay >= lastDay)
            (firstDay, lastDay) = (end, end);
        for (var after = ""; ;)
        {
            var (names, page) = await ledger.AskAsync(
                connection =>
                {
                    var named = only is not null ? [only] : NamesAfter(connection, after, VideosPerQuestion);
                    using var command = connection.CreateCommand();
                    var columns = string.Join(", ", Figure.All.Select(figure => figure.Column));
                    var among = ledger.Kind == "sqlite" ? "video IN (SELECT value FROM json_each(@names))" : "video = ANY(@names)";
                    command.CommandText = $"""
                        SELECT {Sums}, video FROM (
                            SELECT video, {columns} FROM video_date WHERE {among} AND day >= @firstDay AND day < @lastDay
                            UNION ALL SELECT video, {columns} FROM video_quarter WHERE {among} AND quarter >= @from AND quarter < @firstDay
                            UNION ALL SELECT video, {columns} FROM video_quarter WHERE {among} AND quarter >= @lastDay AND quarter < @until) AS part
                        GROUP BY video ORDER BY video
                        """;
                    command.With("names", ledger.Kind == "sqlite" ? JsonSerializer.Serialize(named) : named.ToArray());
                    command.With("from", start);
                    command.With("firstDay", firstDay);
                    command.With("lastDay", lastDay);
                    command.With("until", end);
                    using var rows = command.ExecuteReader();
                    var read = new List<(string Video, VideoFigures Figures)>();
                    while (rows.Read()) read.Add((rows.GetString(Figure.All.Length), Read(rows)));
                    return (named, read);
                },
                ct);
            foreach (var found in page) yield return found;
            if (only is not null || names.Count < VideosPerQuestion)
                yield break;
            after = names[^1];
        }
    }

    private static List<string> NamesAfter(DbConnection connection, string after, int atMost)
    {
        using var command = connection.CreateCommand();
        // From one name to the next by the primary key, however many days each of them has.
        command.CommandText = $"""
            WITH RECURSIVE each_video(video, n) AS (
                SELECT (SELECT video FROM video_date WHERE video > @video ORDER BY video LIMIT 1), 1
                UNION ALL SELECT (SELECT next.video FROM video_date next WHERE next.video > each_video.video ORDER BY next.video LIMIT 1), n + 1
                FROM each_video WHERE each_video.video IS NOT NULL AND n < {atMost})
            SELECT video FROM each_video WHERE video IS NOT NULL ORDER BY video
            """;
        command.With("video", after);
        using var rows = command.ExecuteReader();
        var names = new List<string>();
        while (rows.Read()) names.Add(rows.GetString(0));
        return names;
    }

    /// <summary>So few that the sums of all fit in memory, and one look at the sessions of all of them is faster than one at each video's.</summary>
    private static bool HasFewVideos(DbConnection connection) => NamesAfter(connection, "", FewVideos + 1).Count <= FewVideos;

    private async Task<Dictionary<string, long[]>> ByVideoAsync(DateTimeOffset from, DateTimeOffset until, SessionFilter filter, CancellationToken ct)
    {
        var videos = new Dictionary<string, long[]>(StringComparer.Ordinal);
        await sessions.AddAsync(
            new(null, from, until, filter), (video, quarter) => CollectionsMarshal.GetValueRefOrAddDefault(videos, video, out _) ??= new long[Figure.All.Length], null, null, ct);
        return videos;
    }

    /// <summary>The sums of a video by quarters of an hour, earliest first. A quarter may come in several parts, one after the other.</summary>
    public async IAsyncEnumerable<(DateTimeOffset Quarter, VideoFigures Figures)> QuartersAsync(
        string video, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        if (!filter.IsEmpty)
        {
            await foreach (var sums in scan.SumsAsync(video, from, until, filter, null, ct))
            {
                foreach (var (key, figures) in sums.Videos.OrderBy(pair => pair.Key.Quarter))
                    yield return (DateTimeOffset.FromUnixTimeMilliseconds(key.Quarter), new VideoFigures(figures));
            }
            yield break;
        }
        for (var next = from.ToUnixTimeMilliseconds(); ;)
        {
            var page = await ledger.AskAsync(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"SELECT {Sums}, quarter FROM video_quarter WHERE video = @video AND quarter >= @from AND quarter < @until GROUP BY quarter ORDER BY quarter LIMIT {QuartersPerQuestion}";
                command.With("video", video);
                command.With("from", next);
                command.With("until", until.ToUnixTimeMilliseconds());
                using var rows = command.ExecuteReader();
                var read = new List<(long Quarter, VideoFigures Figures)>();
                while (rows.Read()) read.Add((rows.GetInt64(Figure.All.Length), Read(rows)));
                return read;
            }, ct);
            foreach (var (quarter, figures) in page) yield return (DateTimeOffset.FromUnixTimeMilliseconds(quarter), figures);
            if (page.Count < QuartersPerQuestion)
                yield break;
            next = page[^1].Quarter + 1;
        }
    }

    /// <summary>The curve of a video, as far as anything of it was fetched.</summary>
    public async Task<List<RetentionPoint>> RetentionAsync(string video, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, CancellationToken ct)
    {
        if (filter.IsEmpty)
        {
            return await ledger.AskAsync(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = RetentionCurve.Query;
                command.With("video", video);
                command.With("from", from.ToUnixTimeMilliseconds());
                command.With("until", until.ToUnixTimeMilliseconds());
                using var rows = command.ExecuteReader();
                return RetentionCurve.Of(RetentionCurve.Read(rows), playsAreKnown: true);
            }, ct);
        }
        if (filter.IsPeople)
            return RetentionCurve.Less(await RetentionAsync(video, from, until, SessionFilter.Any, ct), await RetentionAsync(video, from, until, filter with { Tools = true }, ct));
        var curve = new RetentionCurve();
        await foreach (var sums in scan.SumsAsync(video, from, until, filter, null, ct)) curve.Add(sums);
        return curve.Points();
    }

    private async Task<VideoFigures?> SumAsync(string video, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, CancellationToken ct)
    {
        var sums = new long[Figure.All.Length];
        return await sessions.AddAsync(new(video, from, until, filter), (_, _) => sums, null, null, ct) ? new VideoFigures(sums) : null;
    }
}
