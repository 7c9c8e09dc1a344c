using System.Reflection;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace HlsGateway.Starting;

/// <summary>How a start that failed is told: plain lines on standard error, and never a stack trace for what an operator can put right.</summary>
internal static class StartFailure
{
    /// <summary>EX_CONFIG of sysexits.h: starting it again does not help.</summary>
    public const int ExitCode = 78;

    /// <summary>
    /// True where the exception is a wrong start, and this process is the gateway. Hosted by another program, such as a test, the exception is that program's.
    /// </summary>
    public static bool IsOurs(Exception failure) => Assembly.GetEntryAssembly() == typeof(StartFailure).Assembly && Faults(failure) is not null;

    public static int Tell(Exception failure)
    {
        foreach (var fault in Faults(failure) ?? [])
            Console.Error.WriteLine($"hlsgateway: {fault.Text}");
        return ExitCode;
    }

    /// <returns>Null for what is not the operator's: a fault of ours.</returns>
    public static IReadOnlyList<StartFault>? Faults(Exception failure) => failure switch
    {
        WrongStartException wrong => wrong.Faults,
        // Kestrel's own words name the address.
        IOException { InnerException: AddressInUseException } => [new("urls", $"{Sentence(failure.Message)} Stop what listens there, or give another address: --urls=http://127.0.0.1:8081.")],
        IOException or SocketException or UnauthorizedAccessException => [new("", Sentence(failure.Message))],
        // appsettings.json that is no JSON: the message names the file, the inner one the line.
        InvalidDataException { InnerException: FormatException inner } => [new("", Sentence($"{failure.Message} {(inner.InnerException ?? inner).Message}"))],
        _ => null,
    };

    private static string Sentence(string text)
    {
        var line = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.EndsWith('.') ? line : line + ".";
    }
}
