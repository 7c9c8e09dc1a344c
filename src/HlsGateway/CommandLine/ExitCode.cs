namespace HlsGateway.CommandLine;

/// <summary>The same for every verb, except that <c>health</c> tells states with 1 and 2.</summary>
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
