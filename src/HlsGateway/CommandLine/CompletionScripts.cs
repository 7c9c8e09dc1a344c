using System.Globalization;
using System.Text;

namespace HlsGateway.CommandLine;

/// <summary>
/// Completion scripts of three shells, made from the verbs as they are. They hold all words, so that no key press starts the program.
/// Names come from this program and hold nothing that a shell takes for more than a letter; descriptions are quoted.
/// </summary>
internal static class CompletionScripts
{
    public static string Bash(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $$"""
            # bash completion of hlsgateway: eval "$(hlsgateway completion bash)"
            _hlsgateway() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= words= files= i
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "$path/${COMP_WORDS[i]}" in
                        {{Paths(verbs)}}) path+=/${COMP_WORDS[i]} ;;
                    esac
                done
                case "$path:$prev" in

            """);
        foreach (var (verb, option) in verbs.SelectMany(verb => verb.Options.Where(option => option.Value != CompletedValue.None).Select(option => (verb, option))))
            script.Append(CultureInfo.InvariantCulture, $"        {verb.Path}:{option.Name}) files={FilesOf(option.Value)} ;;\n");
        script.Append("        *) case \"$path\" in\n");
        foreach (var verb in verbs)
            script.Append(CultureInfo.InvariantCulture, $"            '{verb.Path}') words='{Words(verb)}' files={(FilesOf(verb.Argument) is "text" ? "" : FilesOf(verb.Argument))} ;;\n");
        script.Append(
            """
                    esac ;;
                esac
                COMPREPLY=()
                if [[ $files == [df] && $cur != -* ]]; then
                    compopt -o filenames 2>/dev/null
                    mapfile -t COMPREPLY < <(compgen "-$files" -- "$cur")
                fi
                if [[ -n $words && ( -z $files || $cur == -* ) ]]; then
                    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
                fi
            }
            complete -F _hlsgateway hlsgateway

            """);
        return script.ToString();
    }

    public static string Zsh(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $$"""
            #compdef hlsgateway
            # zsh completion of hlsgateway: eval "$(hlsgateway completion zsh)", below compinit
            _hlsgateway() {
                local at= i files=
                local -a described
                for ((i = 2; i < CURRENT; i++)); do
                    case "$at/${words[i]}" in
                        {{Paths(verbs)}}) at+=/${words[i]} ;;
                    esac
                done
                case "$at:${words[CURRENT-1]}" in

            """);
        foreach (var (verb, option) in verbs.SelectMany(verb => verb.Options.Where(option => option.Value != CompletedValue.None).Select(option => (verb, option))))
            script.Append(CultureInfo.InvariantCulture, $"        {verb.Path}:{option.Name}) files={FilesOf(option.Value)} ;;\n");
        script.Append("        *) case \"$at\" in\n");
        foreach (var verb in verbs)
        {
            script.Append(CultureInfo.InvariantCulture, $"            '{verb.Path}') files={(FilesOf(verb.Argument) is "text" ? "" : FilesOf(verb.Argument))} described=(");
            foreach (var (name, description) in verb.Verbs.Concat(verb.Options.Select(option => (option.Name, option.Description))))
                script.Append(CultureInfo.InvariantCulture, $"\n                {Quoted($"{name}:{description}")}");
            script.Append(") ;;\n");
        }

        script.Append(
            """
                    esac ;;
                esac
                if [[ $files == [df] && ${words[CURRENT]} != -* ]]; then
                    if [[ $files == d ]]; then _files -/; else _files; fi
                elif (( ${#described} )); then
                    _describe hlsgateway described
                fi
            }
            # Loaded as a file of $fpath the first completion is still to be made; otherwise it is only announced.
            if [[ ${funcstack[1]} == _hlsgateway ]]; then _hlsgateway "$@"; else compdef _hlsgateway hlsgateway; fi

            """);
        return script.ToString();
    }

    public static string Fish(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $$"""
            # fish completion of hlsgateway: hlsgateway completion fish > ~/.config/fish/completions/hlsgateway.fish
            function __hlsgateway_at
                set -l at ''
                for word in (commandline -opc)[2..-1]
                    switch "$at/$word"
                        case {{string.Join(' ', verbs.Skip(1).Select(verb => $"'{verb.Path}'"))}}
                            set at "$at/$word"
                    end
                end
                test "$at" = "$argv[1]"
            end
            complete -c hlsgateway -f

            """);
        foreach (var verb in verbs)
        {
            var begin = $"complete -c hlsgateway -n {Quoted($"__hlsgateway_at '{verb.Path}'", fish: true)}";
            foreach (var (name, description) in verb.Verbs)
                script.Append(CultureInfo.InvariantCulture, $"{begin} -a {name} -d {Quoted(description, fish: true)}\n");
            foreach (var option in verb.Options)
                script.Append(CultureInfo.InvariantCulture, $"{begin} -l {option.Name[2..]}{FishValue(option.Value)} -d {Quoted(option.Description, fish: true)}\n");
            if (verb.Argument is CompletedValue.File or CompletedValue.Folder)
                script.Append(CultureInfo.InvariantCulture, $"{begin} {(verb.Argument == CompletedValue.File ? "-F" : "-a '(__fish_complete_directories)'")}\n");
        }

        return script.ToString();
    }

    private static string Paths(IReadOnlyList<CompletedVerb> verbs) => string.Join('|', verbs.Skip(1).Select(verb => verb.Path));

    private static string Words(CompletedVerb verb) => string.Join(' ', verb.Verbs.Select(below => below.Name).Concat(verb.Options.Select(option => option.Name)));

    private static string FilesOf(CompletedValue value) => value switch
    {
        CompletedValue.File => "f",
        CompletedValue.Folder => "d",
        CompletedValue.Text => "text",
        _ => "",
    };

    private static string FishValue(CompletedValue value) => value switch
    {
        CompletedValue.File => " -r -F",
        CompletedValue.Folder => " -x -a '(__fish_complete_directories)'",
        CompletedValue.Text => " -x",
        _ => "",
    };

    /// <summary>In single quotes, as the shell writes a quote within them.</summary>
    private static string Quoted(string text, bool fish = false) =>
        $"'{(fish ? text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) : text.Replace("'", "'\\''", StringComparison.Ordinal))}'";
}
