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
        export.MapGet("sessions.csv", (HttpContext context, SessionQueries queries, string? video = null, string? from = null, string? to = null) =>
            CsvAsync(context, queries, video, from, to)).WithSummary("Sessions as CSV (RFC 4180), newest first, streamed");
        export.MapGet("sessions.ndjson", (HttpContext context, SessionQueries queries, IOptions<JsonOptions> json, string? video = null, string? from = null, string? to = null) =>
            NdjsonAsync(context, queries, json.Value.SerializerOptions, video, from, to)).WithSummary("Sessions as one JSON object a line, newest first, streamed");
    }

    private static async Task CsvAsync(HttpContext context, SessionQueries queries, string? video, string? from, string? to)
    {
        if (!await TryBeginAsync(context, "text/csv; charset=utf-8", "sessions.csv", from, to) || Range(from, to) is not { } range) return;
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await writer.WriteAsync(string.Join(',', Columns.Select(column => column.Name)) + "\r\n");
        await foreach (var session in AllAsync(queries, video, range, context.RequestAborted))
            await writer.WriteAsync(string.Join(',', Columns.Select(column => Cell(column.Cell(session)))) + "\r\n");
    }

    private static async Task NdjsonAsync(HttpContext context, SessionQueries queries, JsonSerializerOptions json, string? video, string? from, string? to)
    {
        if (!await TryBeginAsync(context, "application/x-ndjson", "sessions.ndjson", from, to) || Range(from, to) is not { } range) return;
        await foreach (var session in AllAsync(queries, video, range, context.RequestAborted))
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, session, json, context.RequestAborted);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        }
    }

    private static (DateTimeOffset? From, DateTimeOffset? To)? Range(string? from, string? to) =>
        SessionEndpoints.TryTime(from, out var start) && SessionEndpoints.TryTime(to, out var end) && !(start >= end) ? (start, end) : null;

    private static async Task<bool> TryBeginAsync(HttpContext context, string type, string file, string? from, string? to)
    {
        if (Range(from, to) is null)
        {
            await Problems.Of(400, "bad-parameter", "A parameter cannot be used",
                "'from' and 'to' must be times as RFC 3339 writes them, for example 2026-11-01T12:00:00Z, and 'to' later than 'from'.").ExecuteAsync(context);
            return false;
        }
        context.Response.ContentType = type;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{file}\"";
        return true;
    }

    private static async IAsyncEnumerable<SessionReport> AllAsync(
        SessionQueries queries, string? video, (DateTimeOffset? From, DateTimeOffset? To) range, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
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

    private static string Time(DateTime? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "";

    private static string Flag(bool flag) => flag ? "true" : "false";

    private static string Number(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
}
