using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Every session that a listing would page through, in one streamed answer of any length.</summary>
internal static class ExportEndpoints
{
    /// <summary>Sessions per question: each page is a snapshot of its own, so an export of hours holds up nothing.</summary>
    private const int Page = 1000;

    private static readonly (string Name, Func<SessionReport, string> Cell)[] Columns =
    [
        ("session_id", s => s.SessionId.ToString()),
        ("video", s => s.Video),
        ("started_at", s => Time(s.StartedAt)),
        ("first_at", s => Time(s.FirstAt)),
        ("last_at", s => Time(s.LastAt)),
        ("segments_fetched", s => Number(s.SegmentsFetched)),
        ("seconds_fetched", s => Number(s.SecondsFetched)),
        ("basis", s => JsonNamingPolicy.SnakeCaseLower.ConvertName(s.Basis.ToString())),
        ("watch_seconds", s => Number(s.WatchSeconds)),
        ("watch_seconds_low", s => Number(s.WatchSecondsLow)),
        ("trailer_seconds", s => Number(s.TrailerSeconds)),
        ("trailer_seconds_low", s => Number(s.TrailerSecondsLow)),
        ("completed", s => Flag(s.Completed)),
        ("completed_low", s => Flag(s.CompletedLow)),
        ("view", s => Flag(s.View)),
        ("view_low", s => Flag(s.ViewLow)),
        ("content_seconds", s => s.ContentSeconds is { } content ? Number(content) : ""),
        ("renditions", s => string.Join(' ', s.Renditions)),
        ("captions", s => string.Join(' ', s.Captions)),
        ("trailer_version", s => s.TrailerVersion ?? ""),
        ("player", s => JsonNamingPolicy.SnakeCaseLower.ConvertName(s.Player.ToString())),
        ("live", s => Flag(s.Live)),
    ];

    public static void MapExports(this IEndpointRouteBuilder app)
    {
        var export = app.MapGroup("/api/export").RequireAuthorization(Roles.Analyst).WithTags("Exports");
        export.MapGet("sessions.csv", (HttpContext context, SessionQueries queries, [AsParameters] RangeQuery asked, string? video = null) =>
            CsvAsync(context, queries, video, asked)).WithName("exportSessionsCsv").WithSummary("Sessions as CSV (RFC 4180), newest first, streamed")
            .GivesText("text/csv", "A line of names, then a line for each session.", "session_id,video,started_at\r\n0198b0f2-8c00-7000-8000-000000000001,films/bunny,2026-11-30T12:34:56.789Z\r\n")
            .GivesHeaders("Content-Disposition").ProducesProblems(Problem.BadParameter, Problem.LedgerAway);
        export.MapGet("sessions.ndjson", (HttpContext context, SessionQueries queries, IOptions<JsonOptions> json, [AsParameters] RangeQuery asked, string? video = null) =>
            NdjsonAsync(context, queries, json.Value.SerializerOptions, video, asked)).WithName("exportSessionsNdjson").WithSummary("Sessions as one JSON object a line, newest first, streamed")
            .GivesText("application/x-ndjson", "A line for each session: what `listSessions` answers of it.", "{\"session_id\":\"0198b0f2-8c00-7000-8000-000000000001\",\"video\":\"films/bunny\"}\n")
            .GivesHeaders("Content-Disposition").ProducesProblems(Problem.BadParameter, Problem.LedgerAway);
    }

    private static async Task CsvAsync(HttpContext context, SessionQueries queries, string? video, RangeQuery asked)
    {
        if (await BeginAsync(context, "text/csv; charset=utf-8", "sessions.csv", asked) is not { } range) return;
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await writer.WriteAsync(string.Join(',', Columns.Select(column => column.Name)) + "\r\n");
        await foreach (var session in AllAsync(queries, video, range, context.RequestAborted))
            await writer.WriteAsync(string.Join(',', Columns.Select(column => Cell(column.Cell(session)))) + "\r\n");
    }

    private static async Task NdjsonAsync(HttpContext context, SessionQueries queries, JsonSerializerOptions json, string? video, RangeQuery asked)
    {
        if (await BeginAsync(context, "application/x-ndjson", "sessions.ndjson", asked) is not { } range) return;
        await foreach (var session in AllAsync(queries, video, range, context.RequestAborted))
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, session, json, context.RequestAborted);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        }
    }

    private static async Task<TimeRange?> BeginAsync(HttpContext context, string type, string file, RangeQuery asked)
    {
        if (asked.Read(out var range) is { } wrong)
        {
            await wrong.ExecuteAsync(context);
            return null;
        }
        context.Response.ContentType = type;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{file}\"";
        return range;
    }

    private static async IAsyncEnumerable<SessionReport> AllAsync(
        SessionQueries queries, string? video, TimeRange range, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Guid? before = null;
        do
        {
            var page = await queries.ListAsync(video, range.From, range.To, Page, before, cancellation);
            foreach (var session in page.Sessions) yield return session;
            before = page.NextCursor is { } cursor ? Guid.Parse(cursor) : null;
        }
        while (before is not null);
    }

    /// <summary>RFC 4180; a cell that a spreadsheet would run as a formula gets an apostrophe in front.</summary>
    internal static string Cell(string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static string Time(DateTime? time) => time is { } known ? Rfc3339.Text(known) : "";

    private static string Flag(bool flag) => flag ? "true" : "false";

    private static string Number(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
}
