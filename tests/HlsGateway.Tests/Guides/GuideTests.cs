using System.Diagnostics;
using System.Text.RegularExpressions;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Guides;

/// <summary>
/// Every command of docs/guides and README.md, as it stands and page after page, at a real gateway. It has a loopback of its own (bubblewrap's
/// network namespace), so that the addresses of the pages are free whatever else runs here.
/// </summary>
public sealed partial class GuideTests
{
    /// <summary>This suite is what they stand for: <c>make test</c> runs it, and what <c>make run</c> starts is started here without a build.</summary>
    private static readonly string[] NotRunHere = ["make run", "make test"];

    private static string Folder => Path.Combine(Repository.Root, "docs", "guides");

    [Fact]
    public void Each_page_is_in_the_list_and_no_command_is_cut_short()
    {
        Assert.Equal(Directory.GetFiles(Folder, "*.md").Select(Path.GetFileName).Where(name => name != "README.md").Order(StringComparer.Ordinal), Pages().Order(StringComparer.Ordinal));
        foreach (var file in Pages().Select(page => Path.Combine(Folder, page)).Append(Path.Combine(Repository.Root, "README.md")))
        {
            var blocks = Blocks(file);
            Assert.NotEmpty(blocks);
            Assert.All(blocks, block => Assert.DoesNotContain("…", block, StringComparison.Ordinal));
            Assert.All(blocks, block => Assert.DoesNotMatch("<[a-z_]+>", block));
        }
        var makefile = File.ReadAllText(Path.Combine(Repository.Root, "Makefile"));
        Assert.All(NotRunHere, command => Assert.Contains($"\n{command["make ".Length..]}:", makefile, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_command_of_the_guides_and_of_README_does_what_the_page_says()
    {
        using var folder = new TemporaryFolder();
        // PostgreSQL runs as a user of its own, below this folder.
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        await CloneAsync(folder.Path);
        // README sends the file that the guide on uploads makes.
        (string Name, string File)[] pages = [.. Pages().Select(page => (page, Path.Combine(Folder, page))), ("README.md", Path.Combine(Repository.Root, "README.md"))];
        foreach (var (name, file) in pages)
        {
            var lines = string.Join('\n', Blocks(file)).Split('\n').Where(line => !NotRunHere.Any(command => line.StartsWith(command, StringComparison.Ordinal)));
            await File.WriteAllTextAsync(Path.Combine(folder.Path, name), string.Join('\n', lines));
        }

        // Not --die-with-parent: its parent is the thread that starts it, and threads of the pool end. The pages are bounded in time one by one.
        var start = new ProcessStartInfo("bwrap") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var word in (string[])["--dev-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "bash", Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Guides", "guides.sh"), folder.Path, .. pages.Select(page => page.Name)])
            start.ArgumentList.Add(word);
        start.Environment["PATH"] = $"{AppContext.BaseDirectory.TrimEnd('/')}:{start.Environment["PATH"]}";
        using var run = Process.Start(start)!;
        var (said, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{await said}{await errors}");
        Assert.Equal(pages.Select(page => $"ok {page.Name}"), (await said).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The files that a clean clone of the sources as they are now would hold, and no more: what a build or a run left here is not there.</summary>
    private static async Task CloneAsync(string folder)
    {
        var (code, _, errors) = await ProgramTests.RunAsync("bash", ["-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for file; do [ ! -e \"$file\" ] || printf \"%s\\0\" \"$file\"; done' sh | tar -c --null -T - | tar -x -C \"$0\"", folder], Repository.Root);
        Assert.True(code == 0, errors);
    }

    /// <summary>In the order of the list in docs/guides/README.md.</summary>
    private static string[] Pages() => [.. Link().Matches(File.ReadAllText(Path.Combine(Folder, "README.md"))).Select(match => match.Groups["text"].Value)];

    private static string[] Blocks(string file) => [.. Block().Matches(File.ReadAllText(file)).Select(match => match.Groups["text"].Value)];

    [GeneratedRegex(@"^\|.*\((?<text>[a-z-]+\.md)\) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Link();

    [GeneratedRegex("^```sh\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();
}
