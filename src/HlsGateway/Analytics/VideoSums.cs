using System.Data.Common;
using System.Runtime.CompilerServices;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// Sums of one video after the other, for answers of any length: from the sums that are kept, or where a filter narrows the sessions, from
/// these themselves by the same rules. Nothing is held while the reader of the answer takes its time.
/// </summary>
internal sealed class VideoSums(LedgerReader ledger, SessionScan scan)
{
    private const int VideosPerQuestion = 500;
    private const int QuartersPerQuestion = 5000;

    private static readonly string Sums = string.Join(", ", Figure.All.Select(figure => $"CAST(sum({figure.Column}) AS bigint)"));

    /// <summary>What <see cref="Figure.All"/> is in a row that begins with it.</summary>
    public static VideoFigures Read(DbDataReader row) => new([.. Figure.All.Select(figure => row.GetInt64(figure.Index))]);

    /// <summary>Each video of which a session began in [from, until), by its name, with all its sums there.</summary>
    /// <param name="only">Just this one, whether or not it has sessions there; null for all.</param>
    public async IAsyncEnumerable<(string Video, VideoFigures Figures)> EachAsync(
        DateTimeOffset from, DateTimeOffset until, SessionFilter filter, string? only, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var after = ""; ;)
        {
            var page = await ledger.AskAsync(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"""
                    SELECT {Sums}, video FROM video_quarter WHERE quarter >= @from AND quarter < @until AND {(only is null ? "video > @video" : "video = @video")}
                    GROUP BY video ORDER BY video LIMIT {VideosPerQuestion}
                    """;
                command.With("from", from.ToUnixTimeMilliseconds());
                command.With("until", until.ToUnixTimeMilliseconds());
                command.With("video", only ?? after);
                using var rows = command.ExecuteReader();
                var read = new List<(string Video, VideoFigures Figures)>();
                while (rows.Read()) read.Add((rows.GetString(Figure.All.Length), Read(rows)));
                return read;
            }, ct);
            foreach (var (video, figures) in page)
            {
                if (filter.IsEmpty)
                    yield return (video, figures);
                else if (await SumAsync(video, from, until, filter, ct) is { } matching)
                    yield return (video, matching);
            }
            if (only is not null || page.Count < VideosPerQuestion)
                yield break;
            after = page[^1].Video;
        }
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
        var curve = new RetentionCurve();
        await foreach (var sums in scan.SumsAsync(video, from, until, filter, null, ct)) curve.Add(sums);
        return curve.Points();
    }

    private async Task<VideoFigures?> SumAsync(string video, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, CancellationToken ct)
    {
        var (all, any) = (VideoFigures.Sum([]), false);
        await foreach (var sums in scan.SumsAsync(video, from, until, filter, _ => any = true, ct))
            all = VideoFigures.Sum([all, .. sums.Videos.Select(pair => new VideoFigures(pair.Sums))]);
        return any ? all : null;
    }
}
