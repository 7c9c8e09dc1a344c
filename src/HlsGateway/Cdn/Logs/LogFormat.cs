using System.Globalization;
using System.Text.Json;

namespace HlsGateway.Cdn.Logs;

/// <summary>
/// Reads lines of the logs that CDNs write, each line by what it looks like: CloudFront's standard log (W3C, with its <c>#Fields</c>),
/// bunny.net's (fields between bars), Fastly's JSON, and the common and combined log formats of nginx, Apache and Fastly, behind whatever a
/// syslog writes before them.
/// </summary>
internal sealed class LogFormat
{
    private Dictionary<string, int> fields = [];

    /// <summary>The format's name, once a line of it was read.</summary>
    public string? Name { get; private set; }

    /// <returns>Null for a line that tells no request; <paramref name="isComment"/> where it is not meant to.</returns>
    public LogLine? Read(string line, out bool isComment)
    {
        isComment = line.Length == 0 || line[0] == '#';
        if (isComment)
        {
            if (line.StartsWith("#Fields:", StringComparison.Ordinal))
                fields = line["#Fields:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((name, at) => (name, at)).ToDictionary(one => one.name, one => one.at, StringComparer.Ordinal);
            return null;
        }

        if (fields.Count > 0 && line.Contains('\t', StringComparison.Ordinal))
            return Known("cloudfront", CloudFront(line));
        if (line.IndexOf('{', StringComparison.Ordinal) is >= 0 and var brace && line.EndsWith('}') && Json(line[brace..]) is { } told)
            return Known("fastly", told);
        return Bunny(line) is { } bunny ? Known("bunny", bunny) : Known("combined", Combined(line));
    }

    private LogLine? Known(string name, LogLine? line)
    {
        if (line is not null)
            Name = name;
        return line;
    }

    private LogLine? CloudFront(string line)
    {
        var cells = line.Split('\t');
        string Cell(string name) => fields.TryGetValue(name, out var at) && at < cells.Length ? cells[at] : "";
        if (!DateTimeOffset.TryParseExact($"{Cell("date")} {Cell("time")}", "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || !LogLine.TryNumber(Cell("sc-status"), out var status) || !LogLine.TryNumber(Cell("sc-bytes"), out var bytes))
            return null;
        var query = Cell("cs-uri-query");
        return LogLine.Of(at.ToUnixTimeMilliseconds(), Cell("cs-method"), query is "" or "-" ? Cell("cs-uri-stem") : $"{Cell("cs-uri-stem")}?{query}", (int)status, bytes);
    }

    private static LogLine? Bunny(string line)
    {
        var cells = line.Split('|');
        return cells.Length >= 8 && LogLine.TryNumber(cells[1], out var status) && LogLine.TryNumber(cells[2], out var at) && LogLine.TryNumber(cells[3], out var bytes)
            // It tells no method: what is not a GET is refused there unless somebody allowed it.
            ? LogLine.Of(at < 100_000_000_000 ? at * 1000 : at, "GET", cells[7], (int)status, bytes) : null;
    }

    private static LogLine? Json(string text)
    {
        try
        {
            using var told = JsonDocument.Parse(text);
            var all = told.RootElement;
            return DateTimeOffset.TryParse(Text(all, "timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                && LogLine.TryNumber(Text(all, "response_status"), out var status) && LogLine.TryNumber(Text(all, "response_body_size"), out var bytes)
                ? LogLine.Of(at.ToUnixTimeMilliseconds(), Text(all, "request_method"), Text(all, "url"), (int)status, bytes) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonElement all, string name) => all.ValueKind == JsonValueKind.Object && all.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static LogLine? Combined(string line)
    {
        // … [10/Oct/2026:13:55:36 +0000] "GET /a.ts?sid=1 HTTP/1.1" 200 2326 …
        var quote = line.IndexOf('"', StringComparison.Ordinal);
        var end = quote < 0 ? -1 : line.IndexOf('"', quote + 1);
        if (end < 0)
            return null;
        var open = line.LastIndexOf('[', quote);
        var close = open < 0 ? -1 : line.IndexOf(']', open);
        if (close < 0 || close > quote || !DateTimeOffset.TryParseExact(line.AsSpan(open + 1, close - open - 1), "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
            return null;
        var request = line[(quote + 1)..end].Split(' ');
        var behind = line[(end + 1)..].Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        return request.Length >= 2 && behind.Length >= 2 && LogLine.TryNumber(behind[0], out var status) && LogLine.TryNumber(behind[1], out var bytes)
            ? LogLine.Of(at.ToUnixTimeMilliseconds(), request[0], request[1], (int)status, bytes) : null;
    }
}
