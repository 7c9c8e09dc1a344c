using System.CommandLine;

namespace HlsGateway.CommandLine;

/// <summary>What a value may be, as far as a shell can complete it.</summary>
internal enum CompletedValue
{
    /// <summary>An option that is a switch, or a verb without argument.</summary>
    None,

    /// <summary>Only the person knows it.</summary>
    Text,

    File,

    Folder,
}

internal sealed record CompletedOption(string Name, string Description, CompletedValue Value);

/// <summary>One verb as completion scripts know it; the first is the program itself.</summary>
/// <param name="Path">Its words, separated and begun by <c>/</c>: <c>/tokens/list</c>; empty for the program.</param>
/// <param name="Argument">What stands behind it.</param>
internal sealed record CompletedVerb(
    string Path, string Name, string Description, IReadOnlyList<(string Name, string Description)> Verbs, IReadOnlyList<CompletedOption> Options, CompletedValue Argument)
{
    public static IReadOnlyList<CompletedVerb> AllOf(Command root) => [.. Below(root, "", "hlsgateway")];

    private static IEnumerable<CompletedVerb> Below(Command command, string path, string name)
    {
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).ToArray();
        var options = UsageErrors.OptionsOf(command).Where(option => option.Name.StartsWith("--", StringComparison.Ordinal));
        yield return new CompletedVerb(
            path, name, FirstSentence(command.Description), [.. verbs.Select(verb => (verb.Name, FirstSentence(verb.Description)))],
            [.. options.Select(option => new CompletedOption(option.Name, FirstSentence(option.Description), ValueOf(option.ValueType)))],
            command.Arguments.Select(argument => argument.Name.Contains("FOLDER", StringComparison.Ordinal) && argument.ValueType == typeof(string) ? CompletedValue.File : ValueOf(argument.ValueType))
                .FirstOrDefault(CompletedValue.None));
        foreach (var below in verbs.SelectMany(verb => Below(verb, $"{path}/{verb.Name}", verb.Name)))
            yield return below;
    }

    private static CompletedValue ValueOf(Type type) =>
        type == typeof(FileInfo) || type == typeof(FileInfo[]) ? CompletedValue.File
        : type == typeof(DirectoryInfo) ? CompletedValue.Folder
        : type == typeof(bool) || type == typeof(void) ? CompletedValue.None
        : CompletedValue.Text;

    private static string FirstSentence(string? text)
    {
        var line = (text ?? "").Split('\n', 2)[0];
        var end = line.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? line : line[..end]).TrimEnd('.');
    }
}
