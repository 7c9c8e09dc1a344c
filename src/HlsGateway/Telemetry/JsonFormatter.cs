using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace HlsGateway.Telemetry;

/// <summary>
/// One event, one line of JSON: <c>at</c> (RFC 3339, UTC), <c>level</c>, <c>event_id</c>, <c>event</c> (its name), <c>category</c>,
/// <c>message</c>, <c>fields</c> (what the message was made of, in the API's spelling) and <c>exception</c>. Members without a value are left
/// out. It takes the place of the framework's formatter of the same name, which writes no time, each text twice and no names of events.
/// </summary>
internal sealed class JsonFormatter(TimeProvider time) : ConsoleFormatter(ConsoleFormatterNames.Json)
{
    /// <summary>Of a log event that has no text of its own.</summary>
    private const string Template = "{OriginalFormat}";

    // Control characters and line separators are escaped all the same; letters of other scripts stay readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        if (LineFormatter.IsToldOtherwise(logEntry.Category, logEntry.EventId.Id, logEntry.Exception))
            return;
        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line, Readable))
        {
            json.WriteStartObject();
            json.WriteString("at", Rfc3339.Text(time.GetUtcNow()));
            json.WriteString("level", logEntry.LogLevel.ToString().ToLowerInvariant());
            if (logEntry.EventId.Id != 0)
                json.WriteNumber("event_id", logEntry.EventId.Id);
            if (logEntry.EventId.Name is { Length: > 0 } name)
                json.WriteString("event", name);
            json.WriteString("category", LineFormatter.Short(logEntry.Category));
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            WriteFields(json, logEntry.State as IReadOnlyList<KeyValuePair<string, object?>>);
            if (logEntry.Exception is { } exception)
                json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(line.WrittenSpan));
        textWriter.Write('\n');
    }

    private static void WriteFields(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>>? fields)
    {
        if (fields is null || !fields.Any(field => field.Key != Template))
            return;
        json.WriteStartObject("fields");
        foreach (var (key, value) in fields)
        {
            if (key == Template)
                continue;
            json.WritePropertyName(JsonNamingPolicy.SnakeCaseLower.ConvertName(key));
            switch (value)
            {
                case null: json.WriteNullValue(); break;
                case bool flag: json.WriteBooleanValue(flag); break;
                case int number: json.WriteNumberValue(number); break;
                case long number: json.WriteNumberValue(number); break;
                case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
                default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
            }
        }

        json.WriteEndObject();
    }
}
