using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using HlsGateway.Counting;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>
/// Sums up the sessions that a filter takes from the columns that are kept beside them, without looking at what each one watched: a few
/// times as fast as <see cref="SessionScan"/>, for sums that need no curve. The time is asked for a piece at a time, so that each question
/// to the ledger is short.
/// </summary>
internal sealed class SessionSums(LedgerReader ledger, IOptions<AnalyticsOptions> analytics)
{
    /// <summary>Of all videos.</summary>
    private static readonly TimeSpan Piece = TimeSpan.FromHours(6);

    /// <summary>Of one video.</summary>
    private static readonly TimeSpan PieceOfOne = TimeSpan.FromDays(7);

    /// <summary>Lists of names that are kept as they were read: most sessions have one of a few.</summary>
    private const int MostLists = 1000;

    private const string Columns = """
        s.session_id, s.video, s.started, s.resumed, s.segments_fetched, s.fetched_ms, s.watch_ms, coalesce(s.watch_low_ms, 0), s.trailer_ms, coalesce(s.trailer_low_ms, 0),
            s.content_ms, length(s.reports), length(s.playheads), s.player, s.trailer, s.renditions, s.captions
        """;

    /// <summary>What the sums are of.</summary>
    /// <param name="Video">Null for all.</param>
    internal readonly record struct Question(string? Video, DateTimeOffset From, DateTimeOffset Until, SessionFilter Filter);

    /// <summary>Adds each session's figures, in no order, to the sums that <paramref name="of"/> names for it, by its video and its quarter of an hour.</summary>
    /// <param name="counted">Adds to the sessions of a video; null where they are not asked for.</param>
    /// <param name="shares">By dimension and name; null where they are not asked for.</param>
    /// <returns>Whether there was any session.</returns>
    public async Task<bool> AddAsync(
        Question question, Func<string, long, long[]> of, Dictionary<string, long>? counted, Dictionary<(int Dimension, string Name), RollupSums.ShareSum>? shares, CancellationToken ct)
    {
        var lists = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var (any, gate) = (false, new Lock());
        var piece = question.Video is null ? Piece : PieceOfOne;
        // The rows are looked for on as many processors as the reader has; what they hold is added by one after the other.
        await TimeSlices.EachAsync(
            question.From, question.Until, piece,
            (start, end, stop) => ledger.AskAsync(
                connection =>
                {
                    using var command = connection.CreateCommand();
                    command.CommandText = $"SELECT {Columns} FROM session s WHERE s.session_id >= @first AND s.session_id < @last{(question.Video is null ? "" : " AND s.video = @video")}{question.Filter.Sql(ledger.Kind)}";
                    command.With("first", ledger.Id(SessionIds.Floor(start)));
                    command.With("last", ledger.Id(SessionIds.Floor(end)));
                    if (question.Video is not null)
                        command.With("video", question.Video);
                    question.Filter.Bind(command);
                    using var rows = command.ExecuteReader();
                    while (rows.Read())
                    {
                        lock (gate)
                        {
                            any = true;
                            Add(rows, of, counted, shares, lists);
                        }
                    }
                    return true;
                },
                stop),
            ct);
        return any;
    }

    /// <summary>The same rules as <see cref="Figure.All"/>; <c>FilterTests</c> hold the two together.</summary>
    private void Add(DbDataReader row, Func<string, long, long[]> of, Dictionary<string, long>? videos, Dictionary<(int Dimension, string Name), RollupSums.ShareSum>? shares, Dictionary<string, string[]> lists)
    {
        var (started, counted) = (row.GetInt64(2), row.GetInt64(2) != 0 || row.GetInt64(3) == 0 ? 1L : 0L);
        var (watched, low, trailer, trailerLow, content) = (row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10));
        var measured = row.GetInt64(11) > 0;
        var video = row.GetString(1);
        if (videos is not null)
            CollectionsMarshal.GetValueRefOrAddDefault(videos, video, out _) += counted;
        var sums = of(video, RollupSums.QuarterOf(SessionRow.Id(row, 0)));
        sums[Figure.Sessions.Index] += counted;
        sums[Figure.Impressions.Index] += started;
        sums[Figure.Views.Index] += IsView(watched);
        sums[Figure.ViewsLow.Index] += IsView(low);
        sums[Figure.SegmentsFetched.Index] += row.GetInt64(4);
        sums[Figure.Fetched.Index] += row.GetInt64(5);
        sums[Figure.Watched.Index] += watched;
        sums[Figure.WatchedLow.Index] += low;
        sums[Figure.TrailerSessions.Index] += trailer > 0 ? 1 : 0;
        sums[Figure.TrailerSessionsLow.Index] += trailerLow > 0 ? 1 : 0;
        sums[Figure.Trailer.Index] += trailer;
        sums[Figure.TrailerLow.Index] += trailerLow;
        sums[Figure.Completed.Index] += SessionState.IsCompleted(watched, content) ? 1 : 0;
        sums[Figure.CompletedLow.Index] += SessionState.IsCompleted(low, content) ? 1 : 0;
        sums[Figure.Measured.Index] += measured ? counted : 0;
        sums[Figure.Buffered.Index] += !measured && row.GetInt64(12) > 0 ? counted : 0;
        if (shares is null)
            return;
        Share(1, Names(row.GetString(15)), 1);
        Share(2, Names(row.GetString(16)), 1);
        Share(3, [((PlayerFamily)row.GetInt64(13)).ToString()], counted);
        if (row.GetInt64(14) is not 0 and var pinned)
            Share(4, [pinned.ToString("x8", CultureInfo.InvariantCulture)], counted);

        void Share(int dimension, string[] names, long sessions)
        {
            foreach (var name in names)
            {
                var known = shares.GetValueOrDefault((dimension, name));
                shares[(dimension, name)] = new RollupSums.ShareSum(known.Sessions + sessions, known.WatchMs + watched, known.WatchLowMs + low);
            }
        }

        string[] Names(string json)
        {
            if (json == "[]")
                return [];
            if (lists.TryGetValue(json, out var names))
                return names;
            if (lists.Count >= MostLists)
                lists.Clear();
            return lists[json] = JsonSerializer.Deserialize<string[]>(json) ?? [];
        }
    }

    private long IsView(long watchMs) => watchMs > 0 && watchMs >= analytics.Value.Rules.ViewMs ? 1 : 0;
}
