using System.Runtime.CompilerServices;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>The rows of exports, one after the other: nothing is held but the page that is being written.</summary>
internal sealed class ExportRows(SessionQueries sessions, VideoSums sums, LedgerReader ledger, Finality finality)
{
    /// <summary>Sessions per question: each page is a snapshot of its own, so an export of hours holds up nothing.</summary>
    private const int Page = 1000;

    /// <summary>What an export is about.</summary>
    /// <param name="Video">Null for all.</param>
    internal sealed record Question(string? Video, TimeRange Range, DateTimeOffset From, DateTimeOffset Until, SessionFilter Filter);

    /// <summary>Newest first. The next page is read while one is written.</summary>
    /// <param name="draws">Whether the strips are wanted.</param>
    public async IAsyncEnumerable<SessionLine> SessionsAsync(Question question, bool draws, [EnumeratorCancellation] CancellationToken ct)
    {
        Task<SessionPage> Next(Guid? before) => sessions.ListAsync(question.Video, question.Range.From, question.Range.To, question.Filter, Page, before, ct, draws);

        for (var next = Next(null); ;)
        {
            var page = await next;
            var more = page.NextCursor is { } cursor ? Next(Guid.Parse(cursor)) : null;
            foreach (var session in page.Sessions)
                yield return new SessionLine(session, Rfc3339.Local(TimeZoneInfo.ConvertTime(new DateTimeOffset(session.StartedAt), question.Range.Zone)));
            if (more is null)
                yield break;
            next = more;
        }
    }

    /// <summary>By the names of videos.</summary>
    public async IAsyncEnumerable<RankedVideo> VideosAsync(Question question, [EnumeratorCancellation] CancellationToken ct)
    {
        await ledger.CaughtUpAsync(ct);
        await foreach (var (video, figures) in sums.EachAsync(question.From, question.Until, question.Filter, question.Video, ct)) yield return new RankedVideo(video, figures);
    }

    /// <summary>By the names of videos and time. A bucket without sessions has no row.</summary>
    public async IAsyncEnumerable<DayLine> DaysAsync(Question question, BucketUnit unit, [EnumeratorCancellation] CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var zone = question.Range.Zone;
        await foreach (var (video, _) in EachVideoAsync(question, ct))
        {
            DayLine? line = null;
            await foreach (var (quarter, figures) in sums.QuartersAsync(video, question.From, question.Until, question.Filter, ct))
            {
                if (line is not null && quarter < line.Bucket.To)
                {
                    line = line with { Bucket = line.Bucket.With(figures) };
                    continue;
                }
                if (line is not null)
                    yield return line;
                var (from, to) = BucketCuts.Around(quarter, unit, zone);
                if (from < question.From)
                    from = TimeZoneInfo.ConvertTime(question.From, zone);
                if (to > question.Until)
                    to = TimeZoneInfo.ConvertTime(question.Until, zone);
                line = new DayLine(video, new Bucket(from, to, finality.Is(to, asOf), finality.At(to), figures), zone.Id);
            }
            if (line is not null)
                yield return line;
        }
    }

    /// <summary>By the names of videos and seconds, as far as anything was fetched.</summary>
    public async IAsyncEnumerable<RetentionLine> RetentionAsync(Question question, [EnumeratorCancellation] CancellationToken ct)
    {
        await ledger.CaughtUpAsync(ct);
        await foreach (var (video, _) in EachVideoAsync(question, ct))
        {
            foreach (var point in await sums.RetentionAsync(video, question.From, question.Until, question.Filter, ct)) yield return new RetentionLine(video, point);
        }
    }

    /// <summary>Those with sessions in that time: what a filter leaves of them is read by whoever asks.</summary>
    private IAsyncEnumerable<(string Video, VideoFigures Figures)> EachVideoAsync(Question question, CancellationToken ct) =>
        sums.EachAsync(question.From, question.Until, SessionFilter.Any, question.Video, ct);
}
