using System.CommandLine;
using System.CommandLine.Parsing;

namespace HlsGateway.CommandLine;

/// <summary>What is wrong with a command line, in words that name what was probably meant.</summary>
internal static class UsageErrors
{
    /// <summary>One sentence for each error, then where the right usage stands; empty where there is no error.</summary>
    public static IReadOnlyList<string> Of(ParseResult asked)
    {
        var command = asked.CommandResult.Command;
        var path = PathOf(asked.CommandResult);
        // The parser takes an option that it does not know for the verb's argument, where that is still open.
        var taken = asked.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        var first = asked.UnmatchedTokens.Count > 0 ? asked.UnmatchedTokens[0] : null;
        // Where a verb is due, a word that is none comes first: the options behind it belong to the verb that was meant.
        var unknown = command.Subcommands.Count > 0 && first is not null && !IsOption(first) ? first : asked.UnmatchedTokens.Concat(taken).FirstOrDefault(IsOption) ?? first;
        var errors = new List<string>();
        // What stands behind it is for somebody else to judge.
        if (!command.TreatUnmatchedTokensAsErrors)
            return [.. asked.Errors.Select(error => error.Message)];
        if (unknown is not null)
            errors.Add(Unknown(command, path, unknown));
        else if (command.Subcommands.Count > 0)
            errors.Add($"{path} needs a verb: {string.Join(", ", NamesBelow(command))}.");
        // The parser's own sentence about what it does not know names nothing that would be right.
        if (command.Subcommands.Count == 0)
            errors.AddRange(asked.Errors.Select(error => error.Message).Where(message => !asked.UnmatchedTokens.Any(token => message.Contains($"'{token}'", StringComparison.Ordinal))).Distinct(StringComparer.Ordinal));
        if (errors.Count > 0)
            errors.Add($"'{path} --help' tells how it is used.");
        return errors;
    }

    /// <summary>Names of the verbs directly below a command.</summary>
    public static IEnumerable<string> NamesBelow(Command command) => command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name);

    /// <summary>The options of a command, those that it has from above included.</summary>
    public static IEnumerable<Option> OptionsOf(Command command) => command.Options
        .Concat(command.Parents.OfType<Command>().SelectMany(OptionsOf).Where(option => option.Recursive))
        .Where(option => !option.Hidden).DistinctBy(option => option.Name, StringComparer.Ordinal);

    private static string Unknown(Command command, string path, string token)
    {
        if (IsOption(token))
        {
            var name = token.Split('=', 2)[0];
            return $"{path} has no option {name}.{Meant(Nearest.To(name, OptionsOf(command).Select(option => option.Name)))}";
        }

        if (command.Subcommands.Count == 0)
            return $"{path} does not take '{token}'.";
        var meant = Nearest.To(token, NamesBelow(command));
        return $"{path} has no verb '{token}'.{(meant is null ? $" It has {string.Join(", ", NamesBelow(command))}." : Meant(meant))}";
    }

    private static string Meant(string? name) => name is null ? "" : $" Did you mean {name}?";

    private static bool IsOption(string token) => token.StartsWith('-');

    /// <summary><c>hlsgateway tokens list</c>: never the name of the file that was started, which may be another.</summary>
    private static string PathOf(CommandResult result) => result.Parent is CommandResult above ? $"{PathOf(above)} {result.Command.Name}" : "hlsgateway";
}
