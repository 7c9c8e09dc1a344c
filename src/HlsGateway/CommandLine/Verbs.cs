using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace HlsGateway.CommandLine;

/// <summary>
/// <c>hlsgateway VERB …</c>: commands that do one thing and end, each in a file of its own. <c>serve</c>, or no verb, is the gateway itself,
/// and every further argument an option of its configuration.
/// </summary>
internal static class Verbs
{
    /// <summary>Arguments that are about the command line itself, wherever they stand before a verb.</summary>
    private static readonly string[] Questions = ["--help", "-h", "-?", "--version"];

    /// <summary>The first argument is another verb than <c>serve</c> (or a bare word that is none), or help or the version is asked for.</summary>
    public static bool AreAsked(string[] args) =>
        args is [ServeVerb.Name, .. var rest] ? rest.Intersect(Questions, StringComparer.Ordinal).Any()
        : args is [var first, ..] && (Questions.Contains(first, StringComparer.Ordinal) || IsBare(first));

    /// <summary>Neither an option nor a <c>key=value</c>.</summary>
    public static bool IsBare(string argument) => argument.Length > 0 && argument[0] is not ('-' or '/') && !argument.Contains('=', StringComparison.Ordinal);

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var asked = Root().Parse(args);
        // Help and the version are told whatever else is written.
        if (asked.Action is TellHelp or TellVersion)
            return await asked.InvokeAsync();
        var errors = UsageErrors.Of(asked);
        if (errors.Count == 0)
            return await asked.InvokeAsync();
        foreach (var line in errors)
            await Console.Error.WriteLineAsync(line);
        return ExitCode.Usage;
    }

    /// <summary>Not the framework's root command, which is named for the file that was started.</summary>
    public static Command Root()
    {
        var version = new VersionOption { Description = "Tells the version and the commit it was built from.", Action = new TellVersion() };
        var help = new HelpOption { Description = "Tells how the program or a verb is used." };
        var root = new Command("hlsgateway", "A gateway between the players of HLS video and a CDN. Without a verb it serves.")
        {
            help, version,
            ServeVerb.Create(),
            TranscodeVerb.Create(),
            ImportVerb.Create(),
            LintVerb.Create(),
            ReconcileVerb.Create(),
            BackupVerb.Create(),
            RestoreVerb.Create(),
            MoveVerb.Drain(),
            MoveVerb.Migrate(),
            TokensVerb.Create(),
            HealthVerb.Create(),
            ConfigVerb.Create(),
            CompletionVerb.Create(),
        };
        help.Action = new TellHelp(root, (HelpAction)help.Action!);
        return root;
    }

    private sealed class TellVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine($"hlsgateway {ProgramVersion.Text}");
            return ExitCode.Done;
        }
    }

    /// <summary>The program's own help is the list of verbs, a line each; everything about one verb is in its help.</summary>
    private sealed class TellHelp(Command root, HelpAction ofVerbs) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            if (parseResult.CommandResult.Command != root)
                return ofVerbs.Invoke(parseResult);
            var program = CompletedVerb.AllOf(root)[0];
            Console.WriteLine($"{root.Description}\n\nUsage: hlsgateway [VERB] [--OPTION …]\n");
            foreach (var (name, description) in program.Verbs.Concat(program.Options.Select(option => (option.Name, option.Description))))
                Console.WriteLine($"  {name,-12} {description}");
            Console.WriteLine("\n'hlsgateway VERB --help' tells the options and exit codes of a verb.");
            return ExitCode.Done;
        }
    }
}
