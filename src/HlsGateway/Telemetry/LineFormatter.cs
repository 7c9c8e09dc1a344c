using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace HlsGateway.Telemetry;

/// <summary>
/// One event, one line: <c>2026-01-31T12:00:00.000Z WARN Counting.Outbox[2003] text</c>. Control characters of whatever a client
/// or an origin sent are escaped, so nobody can write a line of ours (CWE-117); so are the line ends of an exception.
/// </summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        if (IsToldOtherwise(logEntry.Category, logEntry.EventId.Id, logEntry.Exception))
            return;
        textWriter.Write(time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write(logEntry.LogLevel switch
        {
            LogLevel.Trace => " TRACE ",
            LogLevel.Debug => " DEBUG ",
            LogLevel.Information => " INFO ",
            LogLevel.Warning => " WARN ",
            LogLevel.Error => " ERROR ",
            _ => " FATAL ",
        });
        textWriter.Write(Short(logEntry.Category));
        textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"[{logEntry.EventId.Id}] "));
        WriteEscaped(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is not null)
        {
            textWriter.Write(" | ");
            WriteEscaped(textWriter, logEntry.Exception.ToString());
        }
        textWriter.Write('\n');
    }

    // A start that failed: the program tells the reason in one line. What the host adds are stack traces, and those of loops that it stops before they began.
    internal static bool IsToldOtherwise(string category, int id, Exception? exception) =>
        (category == "Microsoft.Extensions.Hosting.Internal.Host" && (id == 11 || (id is 9 or 10 && exception is OperationCanceledException)))
        || (category == "Microsoft.AspNetCore.Server.Kestrel" && exception is IOException && id == 0);

    /// <summary>Our own categories without the name that all of them begin with.</summary>
    internal static string Short(string category) => category.StartsWith("HlsGateway.", StringComparison.Ordinal) ? category[11..] : category;

    internal static void WriteEscaped(TextWriter writer, string text)
    {
        foreach (var c in text)
        {
            switch (c)
            {
                case '\n': writer.Write("\\n"); break;
                case '\r': writer.Write("\\r"); break;
                case '\t': writer.Write("\\t"); break;
                // C0, DEL, C1 (terminal escapes), and the two line separators of Unicode.
                case < ' ' or (>= '\x7f' and <= '\x9f') or '\u2028' or '\u2029':
                    writer.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
                    break;
                default: writer.Write(c); break;
            }
        }
    }
}
