using Microsoft.Extensions.Logging.Console;

namespace HlsGateway.Telemetry;

/// <summary>What a start says to people, on standard output. Where log events are JSON there is nothing of it: programs read that line by line.</summary>
internal sealed class StartLines(IConfiguration configuration)
{
    public bool AreWritten { get; } = !string.Equals(configuration["Logging:Console:FormatterName"], ConsoleFormatterNames.Json, StringComparison.OrdinalIgnoreCase);

    public void Write(string text)
    {
        if (AreWritten)
            Console.WriteLine(text);
    }
}
