namespace HlsGateway.Starting;

/// <summary>
/// The command line of a start, <c>--key=value</c> or <c>--key value</c>: .NET's own reader skips what it does not understand, and an
/// option without a value takes the next one for it.
/// </summary>
internal static class ArgumentCheck
{
    /// <summary>Options of .NET's host, which stand in no section.</summary>
    private static readonly string[] Hosts = ["urls", "environment", "contentRoot", "applicationName"];

    /// <returns>What can be read, and a fault for everything else.</returns>
    public static (string[] Readable, IReadOnlyList<StartFault> Faults) Run(IReadOnlyList<string> arguments)
    {
        var readable = new List<string>();
        var faults = new List<StartFault>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            var isKey = word.StartsWith("--", StringComparison.Ordinal) || word.StartsWith('/');
            var name = word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : isKey ? word[1..] : word;
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (!isKey && word.StartsWith('-'))
                faults.Add(Fault(word.Split('=')[0], $"an option begins with two dashes: write --{word.TrimStart('-')}."));
            else if (equals == 0 || name.Length == 0)
                faults.Add(Fault(word, "an option has a name: write --Key=value."));
            else if (equals > 0)
                readable.Add(word);
            else if (!isKey)
                faults.Add(Fault(word, $"only options follow here: write --{word}=value if it is one."));
            else if (i + 1 == arguments.Count || IsOption(arguments[i + 1]))
                faults.Add(Fault(word, name.Contains(':', StringComparison.Ordinal) || Hosts.Contains(name, StringComparer.OrdinalIgnoreCase)
                    ? $"it has no value: write {word}=value."
                    : $"it is not an option. {(Nearest.To(name, Hosts) is { } near ? $"Did you mean --{near}=value?" : "Options begin with their section, as in --Gateway:DataDirectory=data.")}"));
            else
                readable.AddRange([word, arguments[++i]]);
        }

        return ([.. readable], faults);
    }

    // Not a number below zero, and no path.
    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-' && !char.IsAsciiDigit(word[1]);

    private static StartFault Fault(string word, string text) =>
        new(word, $"{OptionValue.Shown("", word).Trim('\'')} (command line): {text}");
}
