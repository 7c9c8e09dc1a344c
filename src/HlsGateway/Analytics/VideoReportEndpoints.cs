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
    private const long Quarter = 15 * 60 * 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(800);

    public static void MapVideoReports(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/videos/{video}/analytics", ReportAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics")
            .WithSummary("One video: figures, retention, shares and buckets").WithDescription(string.Join("\n\n", Definitions.All.Select(d => $"`{d.Key}`: {d.Value}")));
        app.MapGet("/api/analytics/videos", RankAsync).RequireAuthorization(Roles.Analyst).WithTags("Analytics").WithSummary("Videos, the most watched first");
    }

    private static async Task<Results<Ok<VideoReport>, ProblemHttpResult>> ReportAsync(
        string video, VideoQueries queries, TimeProvider time, CancellationToken cancellation,
        [Description("Sessions that began at this time or later (RFC 3339); 28 days before the end unless given. Cut at quarters of an hour.")] string? from = null,
        [Description("Sessions that began before this time; now unless given.")] string? to = null,
        [Description("IANA name of the time zone that days and hours are cut in; UTC unless given.")] string? tz = null,
        [Description("day or hour; day unless given.")] string? bucket = null,
        [Description("true adds the definitions, the filters in force and ten sample sessions.")] string? explain = null)
    {
        if (!TryRange(from, to, time.GetUtcNow(), out var start, out var end, out var wrong)) return wrong;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(tz ?? "UTC", out var zone)) return Wrong("tz", "the IANA name of a time zone, for example Europe/Berlin");
        if (bucket is not (null or "day" or "hour")) return Wrong("bucket", "day or hour");
        if (bucket == "hour" && end - start > TimeSpan.FromDays(62)) return Wrong("bucket", "day for more than 62 days");
        if (explain is not (null or "true" or "false")) return Wrong("explain", "true or false");
        return TypedResults.Ok(await queries.ReportAsync(VideoId.FromRoute(video), start, end, zone, bucket == "hour", explain == "true", cancellation));
    }

    private static async Task<Results<Ok<VideoRanking>, ProblemHttpResult>> RankAsync(
        VideoQueries queries, TimeProvider time, CancellationToken cancellation, string? from = null, string? to = null,
        [Description("The figure to sort by: watch_seconds unless given.")] string? order = null,
        [Description("Videos at most, 1 to 1000; 100 unless given.")] string? limit = null)
    {
        if (!TryRange(from, to, time.GetUtcNow(), out var start, out var end, out var wrong)) return wrong;
        if (!VideoQueries.Orders.ContainsKey(order ?? "watch_seconds")) return Wrong("order", $"one of {string.Join(", ", VideoQueries.Orders.Keys)}");
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > 1000))
            return Wrong("limit", "a whole number from 1 to 1000");
        return TypedResults.Ok(await queries.RankAsync(start, end, order ?? "watch_seconds", count, cancellation));
    }

    private static bool TryRange(string? from, string? to, DateTimeOffset now, out DateTimeOffset start, out DateTimeOffset end, out ProblemHttpResult wrong)
    {
        (start, end, wrong) = (default, default, Wrong("from", "a time as RFC 3339 writes it, for example 2026-11-01T12:00:00Z, or a date"));
        if (!SessionEndpoints.TryTime(from, out var first)) return false;
        wrong = Wrong("to", "a time as RFC 3339 writes it, for example 2026-11-02T12:00:00Z, or a date");
        if (!SessionEndpoints.TryTime(to, out var last)) return false;
        end = Cut((last ?? now).AddMilliseconds(Quarter - 1));
        start = Cut(first ?? end.AddDays(-28));
        wrong = Wrong("to", "later than from, by 800 days at most");
        return start < end && end - start <= Longest;
    }

    private static DateTimeOffset Cut(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds() / Quarter * Quarter);

    private static ProblemHttpResult Wrong(string parameter, string expected) =>
        Problems.Of(400, "bad-parameter", "A parameter cannot be used", $"'{parameter}' must be {expected}.");
}
