using System.CommandLine;

namespace HlsGateway.CommandLine;

/// <summary>
/// <c>hlsgateway VERB …</c>: commands that do one thing and end, each in a file of its own. Without a verb the program is the gateway
/// and every argument an option of its configuration (<c>--key=value</c>).
/// </summary>
internal static class Verbs
{
    /// <summary>The first argument is a verb, or asks for help or the version.</summary>
    public static bool AreAsked(string[] args) =>
        args is [var first, ..] && (first is "--help" or "-h" or "-?" or "--version" || (first.Length > 0 && first[0] is not ('-' or '/') && !first.Contains('=', StringComparison.Ordinal)));

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("HlsGateway. Without a verb it starts the gateway, with --key=value for each option of appsettings.json (docs/operations.md).")
        {
            TranscodeVerb.Create(),
            ImportVerb.Create(),
            LintVerb.Create(),
        };
        var asked = root.Parse(args);
        var code = await asked.InvokeAsync();
        return asked.Errors.Count > 0 ? ExitCode.Usage : code;
    }
}

/// <summary>The same for every verb.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The work was done and failed: a file was refused, or a check found faults.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The gateway, its database or its store cannot be reached, or does not take the token.</summary>
    public const int Unreachable = 3;

    /// <summary>Ended by Ctrl+C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
