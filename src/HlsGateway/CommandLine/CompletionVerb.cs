using System.CommandLine;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway completion bash|zsh|fish</c>: prints what makes a shell complete verbs, options and files.</summary>
internal static class CompletionVerb
{
    public static Command Create()
    {
        var command = new Command("completion", "Prints a script that makes a shell complete verbs, options and file names. Each shell's own help says where it goes.");
        command.Subcommands.Add(Of("bash", "For bash: eval \"$(hlsgateway completion bash)\" in ~/.bashrc, or as /usr/share/bash-completion/completions/hlsgateway.", CompletionScripts.Bash));
        command.Subcommands.Add(Of("zsh", "For zsh: as a file named _hlsgateway in a folder of $fpath, or eval \"$(hlsgateway completion zsh)\" in ~/.zshrc, below compinit.", CompletionScripts.Zsh));
        command.Subcommands.Add(Of("fish", "For fish: hlsgateway completion fish > ~/.config/fish/completions/hlsgateway.fish", CompletionScripts.Fish));
        return command;
    }

    private static Command Of(string shell, string description, Func<IReadOnlyList<CompletedVerb>, string> script)
    {
        var command = new Command(shell, description);
        command.SetAction(_ =>
        {
            Console.Write(script(CompletedVerb.AllOf(Verbs.Root())));
            return ExitCode.Done;
        });
        return command;
    }
}
