using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>What every export needs.</summary>
internal sealed class ExportContext(ExportRows rows, KnownVideos known, TrailerLibrary trailers, TimeProvider clock)
{
    public ExportRows Rows => rows;

    public KnownVideos Known => known;

    public TrailerLibrary Trailers => trailers;

    public TimeProvider Clock => clock;
}

/// <summary>What lists, rankings and reports show, whole: one streamed answer of any length.</summary>
internal static class ExportEndpoints
{
    private const string Rules = "The filters are those of the lists on screen. Streamed, without a limit of rows; whoever reads slowly holds nothing up.";

    private const string OneVideo = "Only this video.";

    public static void MapExports(this IEndpointRouteBuilder app)
    {
        var export = app.MapGroup("/api/export").RequireAuthorization(Roles.Analyst).WithTags("Exports");
        foreach (var (name, format) in ExportFormat.All)
        {
            Describe(export.MapGet($"sessions.{name}", (HttpContext context, ExportContext all, IOptions<JsonOptions> json, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, [Description(OneVideo)] string? video = null) =>
                AnswerAsync(context, all, time, asked, video, "sessions", name, format, always: false, question => name == "ndjson"
                    ? WriteWholeAsync(all.Rows.SessionsAsync(question, draws: true, context.RequestAborted), context, json.Value.SerializerOptions)
                    : format.WriteAsync(ExportTables.Sessions, all.Rows.SessionsAsync(question, draws: false, context.RequestAborted), context.Response.Body, context.RequestAborted))), "Sessions", $"Sessions as {name}, newest first");
            Describe(export.MapGet($"videos.{name}", (HttpContext context, ExportContext all, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, [Description(OneVideo)] string? video = null) =>
                AnswerAsync(context, all, time, asked, video, "videos", name, format, always: true, question =>
                    format.WriteAsync(ExportTables.Videos, all.Rows.VideosAsync(question, context.RequestAborted), context.Response.Body, context.RequestAborted))), "Videos", $"Figures of each video as {name}, by name");
            Describe(export.MapGet($"retention.{name}", (HttpContext context, ExportContext all, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, [Description(OneVideo)] string? video = null) =>
                AnswerAsync(context, all, time, asked, video, "retention", name, format, always: true, question =>
                    format.WriteAsync(ExportTables.Retention, all.Rows.RetentionAsync(question, context.RequestAborted), context.Response.Body, context.RequestAborted))), "Retention", $"Curves of each video as {name}, a row per second");
            Describe(export.MapGet($"days.{name}", (HttpContext context, ExportContext all, [AsParameters] RangeQuery time, [AsParameters] FilterQuery asked, [Description(OneVideo)] string? video = null,
                [Description("hour, day, week (from Monday) or month; day unless given.")] string? bucket = null) =>
                VideoReportEndpoints.Units.TryGetValue(bucket ?? "day", out var unit)
                    ? AnswerAsync(context, all, time, asked, video, $"{bucket ?? "day"}s", name, format, always: true, question =>
                        format.WriteAsync(ExportTables.Days, all.Rows.DaysAsync(question, unit, context.RequestAborted), context.Response.Body, context.RequestAborted))
                    : Task.FromResult<IResult>(FilterQuery.WrongName("bucket", bucket ?? "", VideoReportEndpoints.Units.Keys))), "Days", $"Figures of each video by days of tz as {name}; a day without sessions has no row");

            void Describe(RouteHandlerBuilder route, string table, string summary)
            {
                route.WithName($"export{table}{char.ToUpperInvariant(name[0])}{name[1..]}").WithSummary(summary).WithDescription(Rules).GivesHeaders("Content-Disposition")
                    .ProducesProblems(Problem.BadParameter, Problem.BadTime, Problem.NoVideo, Problem.LedgerAway);
                var type = format.ContentType.Split(';')[0];
                if (format.Example is { } example)
                    route.GivesText(type, format.About, example);
                else route.GivesBytes(type, format.About);
            }
        }
    }

    /// <param name="always">It is cut at quarters of an hour, and begins 28 days before its end where no start is given.</param>
    private static async Task<IResult> AnswerAsync(
        HttpContext context, ExportContext all, RangeQuery time, FilterQuery asked, string? video, string table, string extension, ExportFormat format, bool always, Func<ExportRows.Question, Task> write)
    {
        if (time.Read(out var range) is { } wrongTime)
            return wrongTime;
        if (asked.Read(all.Trailers, out var filter) is { } wrong)
            return wrong;
        if (video is not null)
        {
            if (await all.Known.FindAsync(video, context.Request, context.RequestAborted) is { } unknown)
                return unknown;
            if (await all.Known.FindNamesAsync(video, filter, context.RequestAborted) is { } unknownName)
                return unknownName;
        }
        var until = BucketCuts.Ceiling(range.To ?? all.Clock.GetUtcNow());
        var from = BucketCuts.Floor(range.From ?? until.AddDays(-28));
        if (always && from >= until)
            return RangeQuery.Wrong("to", "later than from");
        var named = always ? range with { From = from, To = until } : range;
        return new Streamed(async () =>
        {
            context.Response.ContentType = format.ContentType;
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(table, video, named)}.{extension}\"";
            await write(new ExportRows.Question(video, range, from, until, filter));
        });
    }

    /// <summary>A session's object as the API tells it, with its strip.</summary>
    private static async Task WriteWholeAsync(IAsyncEnumerable<SessionLine> rows, HttpContext context, JsonSerializerOptions json)
    {
        var portion = new ArrayBufferWriter<byte>(ExportFormat.Portion);
        using var writer = new Utf8JsonWriter(portion, new JsonWriterOptions { Encoder = json.Encoder });
        await foreach (var line in rows)
        {
            JsonSerializer.Serialize(writer, line.Session, json);
            writer.Flush();
            writer.Reset();
            portion.Write("\n"u8);
            if (portion.WrittenCount >= ExportFormat.Portion)
                await SendAsync();
        }
        await SendAsync();

        async Task SendAsync()
        {
            await context.Response.Body.WriteAsync(portion.WrittenMemory, context.RequestAborted);
            portion.ResetWrittenCount();
        }
    }

    /// <summary>Table, video, days and zone: <c>days_clip15_2026-11-01_2026-11-07_Europe-Berlin</c>. A time that is no midnight there has its clock.</summary>
    internal static string FileName(string table, string? video, TimeRange range)
    {
        string? Day(DateTimeOffset? time) => time is not { } known ? null
            : TimeZoneInfo.ConvertTime(known, range.Zone) is var local && local.TimeOfDay == TimeSpan.Zero ? local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : local.ToString("yyyy-MM-dd'T'HHmm", CultureInfo.InvariantCulture);
        return string.Join('_', ((string?[])[table, video is null ? null : Safe(video), Day(range.From), Day(range.To), Safe(range.Zone.Id)]).OfType<string>());
    }

    private static string Safe(string name)
    {
        var safe = new StringBuilder();
        foreach (var letter in name.AsSpan(0, Math.Min(name.Length, 80))) safe.Append(char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' ? letter : '-');
        return safe.ToString();
    }

    /// <summary>An answer that writes itself.</summary>
    private sealed class Streamed(Func<Task> write) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => write();
    }
}
