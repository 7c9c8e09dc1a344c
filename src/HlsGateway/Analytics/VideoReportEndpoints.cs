using System.ComponentModel;
using System.Globalization;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Reports: one video's figures, and a ranking of videos.</summary>
internal static class VideoReportEndpoints
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(800);

    private static readonly Dictionary<string, BucketUnit> Units = new(StringComparer.Ordinal)
    {
        ["hour"] = BucketUnit.Hour, ["day"] = BucketUnit.Day, ["week"] = BucketUnit.Week, ["month"] = BucketUnit.Month,
    };

    public static void MapVideoReports(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/videos/{video}/analytics", ReportAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics")
            .WithName("getVideoReport").ProducesProblems(Problem.BadParameter, Problem.LedgerAway)
            .WithSummary("One video: figures, retention, shares and buckets").WithDescription(string.Join("\n\n", Definitions.All.Select(d => $"`{d.Key}`: {d.Value}")));
        app.MapGet("/api/analytics/videos", RankAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics").WithName("rankVideos").WithSummary("Videos, the most watched first")
            .ProducesProblems(Problem.BadParameter, Problem.LedgerAway);
    }

    private static async Task<Results<Ok<VideoReport>, ProblemHttpResult>> ReportAsync(
        string video, VideoQueries queries, TimeProvider time, [AsParameters] RangeQuery asked, CancellationToken cancellation,
        [Description("hour, day, week (from Monday) or month; day unless given.")] string? bucket = null,
        [Description("true adds the definitions, the filters in force and ten sample sessions.")] string? explain = null)
    {
        if (Read(asked, time, out var range, out var start, out var end) is { } wrong) return wrong;
        if (!Units.TryGetValue(bucket ?? "day", out var unit)) return RangeQuery.Wrong("bucket", $"one of {string.Join(", ", Units.Keys)}{RangeQuery.Meant(bucket ?? "", Units.Keys)}");
        if (unit == BucketUnit.Hour && end - start > TimeSpan.FromDays(62)) return RangeQuery.Wrong("bucket", "day, week or month for more than 62 days");
        if (explain is not (null or "true" or "false")) return RangeQuery.Wrong("explain", "true or false");
        return TypedResults.Ok(await queries.ReportAsync(VideoId.FromRoute(video), start, end, range.Zone, unit, explain == "true", cancellation));
    }

    private static async Task<Results<Ok<VideoRanking>, ProblemHttpResult>> RankAsync(
        VideoQueries queries, TimeProvider time, [AsParameters] RangeQuery asked, CancellationToken cancellation,
        [Description("The figure to sort by: watch_seconds unless given.")] string? order = null,
        [Description("Videos at most, 1 to 1000; 100 unless given.")] string? limit = null)
    {
        if (Read(asked, time, out _, out var start, out var end) is { } wrong) return wrong;
        if (!VideoQueries.Orders.ContainsKey(order ?? "watch_seconds")) return RangeQuery.Wrong("order", $"one of {string.Join(", ", VideoQueries.Orders.Keys)}");
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > 1000))
            return RangeQuery.Wrong("limit", "a whole number from 1 to 1000");
        return TypedResults.Ok(await queries.RankAsync(start, end, order ?? "watch_seconds", count, cancellation));
    }

    /// <summary>28 days before now where nothing is said; cut at quarters of an hour, which the sums are kept by.</summary>
    internal static ProblemHttpResult? Read(RangeQuery asked, TimeProvider time, out TimeRange range, out DateTimeOffset start, out DateTimeOffset end)
    {
        (start, end) = (default, default);
        if (asked.Read(out range) is { } wrong) return wrong;
        end = BucketCuts.Ceiling(range.To ?? time.GetUtcNow());
        start = BucketCuts.Floor(range.From ?? end.AddDays(-28));
        return start >= end ? RangeQuery.Wrong("to", "later than from")
            : end - start > Longest ? RangeQuery.Wrong("to", "later than from by 800 days at most")
            : null;
    }
}
