using System.Diagnostics;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.CommandLine;

/// <summary>Completion scripts complete in the shells themselves; those of shells that are not installed are read as text.</summary>
public sealed class CompletionTests
{
    /// <summary>Does what bash does when TAB is pressed behind the words.</summary>
    private const string Press = """
        source /dev/stdin
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        complete -p hlsgateway >/dev/null && _hlsgateway hlsgateway "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        ((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
        exit 0
        """;

    [Theory]
    [InlineData("tr", "transcode")]
    [InlineData("completion ", "bash zsh fish --help")]
    [InlineData("completion b", "bash")]
    [InlineData("lint --", "--json --help")]
    [InlineData("import --d", "--dry-run --data")]
    [InlineData("import --data pl", "places")]
    [InlineData("import ", "places")]
    [InlineData("transcode f", "film one.mp4")]
    [InlineData("transcode a.mp4 --id ", "")]
    [InlineData("transcode a.mp4 --id x --j", "--json")]
    [InlineData("health --j", "--json")]
    public async Task Bash_completes_verbs_options_and_files(string typed, string expected)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "places"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "film one.mp4"), "");
        var script = CompletionScripts.Bash(CompletedVerb.AllOf(Verbs.Root()));
        var offered = await RunAsync("bash", ["--norc", "-c", Press, "bash", "hlsgateway", .. typed.Split(' ')], script, folder.Path);
        var words = typed.StartsWith("transcode f", StringComparison.Ordinal) ? [expected] : expected.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(words, offered.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Bash_offers_every_verb()
    {
        using var folder = new TemporaryFolder();
        var offered = await RunAsync("bash", ["--norc", "-c", Press, "bash", "hlsgateway", ""], CompletionScripts.Bash(CompletedVerb.AllOf(Verbs.Root())), folder.Path);
        Assert.Equal([.. Verbs.Root().Subcommands.Select(verb => verb.Name), "--help", "--version"], offered.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task The_program_prints_the_script_of_each_shell_and_the_shell_can_read_it(string shell)
    {
        var (code, script, errors) = await Child.RunAsync(["completion", shell]);
        Assert.Equal((ExitCode.Done, ""), (code, errors));
        foreach (var name in Verbs.Root().Subcommands.Select(verb => verb.Name).Concat(shell == "fish" ? ["-l dry-run", "-l data -x -a"] : ["--dry-run", "/import:--data) files=d"]))
            Assert.Contains(name, script, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', script);
        // A quote that is left open would swallow the rest of the file.
        if (shell != "fish") Assert.All(script.Split('\n').Where(line => !line.Contains('#', StringComparison.Ordinal)), line => Assert.Equal(0, line.Replace("'\\''", "", StringComparison.Ordinal).Count(c => c == '\'') % 2));
        if (File.Exists($"/usr/bin/{shell}") || File.Exists($"/bin/{shell}"))
        {
            using var folder = new TemporaryFolder();
            Assert.Equal("", await RunAsync(shell, shell == "bash" ? ["-n", "/dev/stdin"] : ["-n", await KeepAsync(folder, script)], script, folder.Path));
        }
    }

    private static async Task<string> KeepAsync(TemporaryFolder folder, string script)
    {
        var path = Path.Combine(folder.Path, "script");
        await File.WriteAllTextAsync(path, script);
        return path;
    }

    private static async Task<string> RunAsync(string shell, IEnumerable<string> arguments, string input, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(shell, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.Equal((0, ""), (process.ExitCode, await errors));
        return await output;
    }
}
