using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HlsGateway.Analytics;

/// <summary>Writes rows as they come, in one of the formats, and holds no more of them than a portion.</summary>
internal abstract class ExportFormat
{
    /// <summary>So much is gathered before it is sent: small pieces cost more than what they carry.</summary>
    public const int Portion = 32 * 1024;

    public static IReadOnlyDictionary<string, ExportFormat> All { get; } = new Dictionary<string, ExportFormat>(StringComparer.Ordinal)
    {
        ["csv"] = new CsvFormat(),
        ["ndjson"] = new NdjsonFormat(),
        ["parquet"] = new ParquetFormat(),
    };

    public abstract string ContentType { get; }

    /// <summary>What the body is, for the API's description.</summary>
    public abstract string About { get; }

    /// <summary>An answer of one column and one row; null for bytes.</summary>
    public abstract string? Example { get; }

    public abstract Task WriteAsync<T>(IReadOnlyList<ExportColumn<T>> columns, IAsyncEnumerable<T> rows, Stream to, CancellationToken ct);

    /// <summary>RFC 4180 in UTF-8, with a header line; lines end with CR LF.</summary>
    internal sealed class CsvFormat : ExportFormat
    {
        public override string ContentType => "text/csv; charset=utf-8; header=present";

        public override string About => "A line of names, then a line for each row (RFC 4180).";

        public override string Example => "video\r\nfilms/bunny\r\n";

        public override async Task WriteAsync<T>(IReadOnlyList<ExportColumn<T>> columns, IAsyncEnumerable<T> rows, Stream to, CancellationToken ct)
        {
            await using var writer = new StreamWriter(to, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Portion, leaveOpen: true);
            await writer.WriteAsync(string.Join(',', columns.Select(column => column.Name)) + "\r\n");
            var line = new StringBuilder();
            await foreach (var row in rows.WithCancellation(ct))
            {
                line.Clear();
                for (var i = 0; i < columns.Count; i++)
                {
                    if (i > 0)
                        line.Append(',');
                    line.Append(Cell(columns[i].Plain(row)));
                }
                await writer.WriteAsync(line.Append("\r\n"), ct);
            }
        }

        /// <summary>A cell that a spreadsheet would run as a formula gets an apostrophe in front.</summary>
        internal static string Cell(string text)
        {
            if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
                text = "'" + text;
            return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
        }
    }

    /// <summary>A JSON object a line.</summary>
    internal sealed class NdjsonFormat : ExportFormat
    {
        public override string ContentType => "application/x-ndjson";

        public override string About => "A JSON object for each row, in a line of its own.";

        public override string Example => "{\"video\":\"films/bunny\"}\n";

        public override async Task WriteAsync<T>(IReadOnlyList<ExportColumn<T>> columns, IAsyncEnumerable<T> rows, Stream to, CancellationToken ct)
        {
            var names = columns.Select(column => JsonEncodedText.Encode(column.Name, JavaScriptEncoder.Default)).ToArray();
            using var portion = new MemoryStream();
            await using var json = new Utf8JsonWriter(portion);
            await foreach (var row in rows.WithCancellation(ct))
            {
                json.Reset();
                json.WriteStartObject();
                for (var i = 0; i < columns.Count; i++)
                {
                    json.WritePropertyName(names[i]);
                    switch (columns[i].Cell(row))
                    {
                        case null: json.WriteNullValue(); break;
                        case string text: json.WriteStringValue(text); break;
                        case bool flag: json.WriteBooleanValue(flag); break;
                        case long whole: json.WriteNumberValue(whole); break;
                        case double number: json.WriteNumberValue(number); break;
                        case DateTimeOffset time: json.WriteStringValue(Rfc3339.Text(time)); break;
                        case var other: throw new InvalidOperationException($"The column {columns[i].Name} holds a {other.GetType().Name}.");
                    }
                }
                json.WriteEndObject();
                await json.FlushAsync(ct);
                portion.WriteByte((byte)'\n');
                if (portion.Length >= Portion)
                    await SendAsync(portion, to, ct);
            }
            await SendAsync(portion, to, ct);
        }

        private static async Task SendAsync(MemoryStream portion, Stream to, CancellationToken ct)
        {
            await to.WriteAsync(portion.GetBuffer().AsMemory(0, (int)portion.Length), ct);
            portion.SetLength(0);
        }
    }
}
