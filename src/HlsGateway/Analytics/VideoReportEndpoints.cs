using System.ComponentModel;
using System.Globalization;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Reports: one video's figures, and a ranking of videos.</summary>
internal static class VideoReportEndpoints
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(800);

    internal static readonly Dictionary<string, BucketUnit> Units = new(StringComparer.Ordinal)
    {
        ["hour"] = BucketUnit.Hour,
        ["day"] = BucketUnit.Day,
        ["week"] = BucketUnit.Week,
        ["month"] = BucketUnit.Month,
    };

    public static void MapVideoReports(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/videos/{video}/analytics", ReportAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics")
            .WithName("getVideoReport").ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.NoVideo, Problem.LedgerAway)
            .WithSummary("One video: figures, retention, shares and buckets").WithDescription(string.Join("\n\n", Definitions.All.Select(d => $"`{d.Key}`: {d.Value}")));
        app.MapGet("/api/videos/{video}/moments", MomentsAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics").WithName("getMoments").WithSummary("What stands out in a video's curve")
            .WithDescription("Where a part of the sessions left (dip), what is fetched again (spike), where people go (top), and how many are still there after 3 and 10 seconds (intro), each with what is usual in videos of about this length. Told from 20 sessions on, and only what is hardly chance.")
            .ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.NoVideo, Problem.LedgerAway);
        app.MapGet("/api/analytics", OverviewAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics").WithName("getOverview").WithSummary("All videos together: figures, shares and buckets")
            .ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.LedgerAway);
        app.MapGet("/api/analytics/videos", RankAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics").WithName("rankVideos").WithSummary("Videos, the most watched first")
            .ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.LedgerAway);
    }

    private static async Task<Results<Ok<VideoReport>, ProblemHttpResult>> ReportAsync(
        string video, HttpRequest request, VideoQueries queries, KnownVideos known, TrailerLibrary trailers, TimeProvider clock, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, CancellationToken ct,
        [Description("hour, day, week (from Monday) or month; day unless given.")] string? bucket = null,
        [Description("true adds the definitions, the filters in force and ten sample sessions.")] string? explain = null)
    {
        if (ReadCut(time, clock, asked, trailers, bucket, explain, out var about) is { } wrong)
            return wrong;
        var id = VideoId.FromRoute(video);
        if (await FindAsync(known, id, about.Filter, request, ct) is { } unknown)
            return unknown;
        return TypedResults.Ok(await queries.ReportAsync(about with { Video = id }, explain == "true" ? [.. asked.Given()] : null, ct));
    }

    private static async Task<Results<Ok<MomentReport>, ProblemHttpResult>> MomentsAsync(
        string video, HttpRequest request, MomentQueries queries, KnownVideos known, TrailerLibrary trailers, TimeProvider clock, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, CancellationToken ct)
    {
        if (ReadCut(time, clock, asked, trailers, null, null, out var about) is { } wrong)
            return wrong;
        var id = VideoId.FromRoute(video);
        if (await FindAsync(known, id, about.Filter, request, ct) is { } unknown)
            return unknown;
        return TypedResults.Ok(await queries.FindAsync(id, about.From, about.Until, about.Zone, about.Filter, ct));
    }

    private static async Task<Results<Ok<Overview>, ProblemHttpResult>> OverviewAsync(
        VideoQueries queries, TrailerLibrary trailers, TimeProvider clock, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, CancellationToken ct,
        [Description("hour, day, week (from Monday) or month; day unless given.")] string? bucket = null,
        [Description("true adds the definitions and the filters in force.")] string? explain = null)
    {
        if (ReadCut(time, clock, asked, trailers, bucket, explain, out var about) is { } wrong)
            return wrong;
        return TypedResults.Ok(await queries.OverviewAsync(about, explain == "true" ? [.. asked.Given()] : null, ct));
    }

    /// <summary>What a report is about, but its video.</summary>
    internal static ProblemHttpResult? ReadCut(
        RangeQuery time, TimeProvider clock, FilterQuery asked, TrailerLibrary trailers, string? bucket, string? explain, out VideoQueries.Question about)
    {
        about = new("", default, default, TimeZoneInfo.Utc, BucketUnit.Day, SessionFilter.Any);
        if (Read(time, clock, out var range, out var start, out var end) is { } wrongTime)
            return wrongTime;
        if (asked.Read(trailers, out var filter) is { } wrong)
            return wrong;
        if (!Units.TryGetValue(bucket ?? "day", out var unit))
            return FilterQuery.WrongName("bucket", bucket ?? "", Units.Keys);
        if (unit == BucketUnit.Hour && end - start > TimeSpan.FromDays(62))
            return RangeQuery.Wrong("bucket", "day, week or month for more than 62 days");
        if (explain is not (null or "true" or "false"))
            return FilterQuery.WrongName("explain", explain, ["true", "false"]);
        about = new("", start, end, range.Zone, unit, filter);
        return null;
    }

    /// <returns>What is wrong with the video, or with a name that it should have; null where nothing is.</returns>
    private static async Task<ProblemHttpResult?> FindAsync(KnownVideos known, string id, SessionFilter filter, HttpRequest request, CancellationToken ct)
    {
        if (await known.FindAsync(id, request, ct) is { } unknown)
            return unknown;
        return await known.FindNamesAsync(id, filter, ct);
    }

    private static async Task<Results<Ok<VideoRanking>, ProblemHttpResult>> RankAsync(
        Rankings rankings, TrailerLibrary trailers, TimeProvider clock, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, CancellationToken ct,
        [Description("The figure to sort by: watch_seconds unless given. Videos whose average or rate is null come last.")] string? order = null,
        [Description("true sorts the smallest first.")] string? ascending = null,
        [Description("Videos per page, 1 to 1000; 100 unless given.")] string? limit = null,
        [Description("next_cursor of the page before, of the same question.")] string? cursor = null)
    {
        if (Read(time, clock, out var range, out var start, out var end) is { } wrongTime)
            return wrongTime;
        if (asked.Read(trailers, out var filter) is { } wrong)
            return wrong;
        var figure = order ?? "watch_seconds";
        if (FigureColumn.All.FirstOrDefault(column => column.Name == figure) is not { } column)
            return FilterQuery.WrongName("order", figure, FigureColumn.All.Select(each => each.Name));
        if (ascending is not (null or "true" or "false"))
            return FilterQuery.WrongName("ascending", ascending, ["true", "false"]);
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > 1000))
            return RangeQuery.Wrong("limit", "a whole number from 1 to 1000");
        RankingCursor? after = null;
        if (cursor is not null)
        {
            if (!RankingCursor.TryParse(cursor, out var last))
                return RangeQuery.Wrong("cursor", "the next_cursor of an answer to the same question");
            after = last;
        }
        return TypedResults.Ok(await rankings.RankAsync(range.Zone, start, end, filter, column, ascending == "true", count, after, ct));
    }

    /// <summary>28 days before now where nothing is said; cut at quarters of an hour, which the sums are kept by.</summary>
    private static ProblemHttpResult? Read(RangeQuery time, TimeProvider clock, out TimeRange range, out DateTimeOffset start, out DateTimeOffset end)
    {
        (start, end) = (default, default);
        if (time.Read(out range) is { } wrong)
            return wrong;
        end = BucketCuts.Ceiling(range.To ?? clock.GetUtcNow());
        start = BucketCuts.Floor(range.From ?? end.AddDays(-28));
        return start >= end ? RangeQuery.Wrong("to", "later than from")
            : end - start > Longest ? RangeQuery.Wrong("to", "later than from by 800 days at most")
            : null;
    }
}
