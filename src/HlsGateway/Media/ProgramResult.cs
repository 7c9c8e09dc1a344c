using System.Globalization;

namespace HlsGateway.Media;

/// <summary>How a program in the sandbox ended.</summary>
/// <param name="ExitCode">0 is success; 128 + n means that signal n ended it.</param>
/// <param name="StderrTail">The last 8 KiB of what it said, on one line for each fault.</param>
internal sealed record ProgramResult(int ExitCode, string StderrTail, TimeSpan Elapsed, bool TimedOut)
{
    private const int MaxReason = 300;

    public bool Succeeded => ExitCode == 0 && !TimedOut;

    /// <summary>One line for a log or an error.</summary>
    public string Reason =>
        TimedOut ? $"stopped after {Elapsed.TotalSeconds:0} s"
        : StderrTail.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim() is { Length: > 0 } line ? Plain(line)
        : string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}");

    /// <summary>The output of an untrusted program, made fit for one line of an answer.</summary>
    private static string Plain(string line)
    {
        var plain = string.Concat(line.Where(c => !char.IsControl(c)));
        return plain.Length <= MaxReason ? plain : plain[..MaxReason] + "…";
    }
}
