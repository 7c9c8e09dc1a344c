using System.Diagnostics;
using System.Text.RegularExpressions;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Deploy;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.CommandLine;

/// <summary>The program as somebody installs it: one folder, one command, one version.</summary>
[Collection(OnPublished.Name)]
public sealed partial class ProgramTests(PublishedProgram published)
{
    [Fact]
    public async Task The_version_stands_in_one_place()
    {
        var version = ReleaseFilesTests.Version;
        Assert.Matches(@"^\d+\.\d+\.\d+$", version);
        Assert.Equal(version, ProgramVersion.Number);
        Assert.Equal(version, Assert.Single(await Script.RunAsync("version", [""])));
        var (code, output, errors) = await Child.RunAsync(["--version"]);
        Assert.Equal((ExitCode.Done, ""), (code, errors));
        Assert.Equal($"hlsgateway {ProgramVersion.Text}\n", output);
        Assert.Matches(@"^hlsgateway \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n$", output);
        if (Directory.Exists(Path.Combine(Repository.Root, ".git"))) Assert.NotNull(ProgramVersion.Commit);
    }

    [Fact]
    public async Task Publishing_gives_one_folder_whose_program_starts_from_any_directory_with_its_own_options()
    {
        using var folder = new TemporaryFolder();
        var program = Path.Combine(folder.Path, "program");
        var (code, said, errors) = await RunAsync("cp", ["-r", published.Folder, program], folder.Path);
        Assert.True(code == 0, said + errors);
        Assert.Equal(["hlsgateway"], Directory.GetFiles(program).Where(file => Path.GetExtension(file).Length == 0).Select(Path.GetFileName));
        Assert.True((File.GetUnixFileMode(Path.Combine(program, "hlsgateway")) & UnixFileMode.UserExecute) != UnixFileMode.None);
        Assert.True(File.Exists(Path.Combine(program, "HlsGateway.dll")));

        var elsewhere = Directory.CreateDirectory(Path.Combine(folder.Path, "elsewhere")).FullName;
        var settings = Path.Combine(program, "appsettings.json");
        var text = await File.ReadAllTextAsync(settings);
        await File.WriteAllTextAsync(settings, text.Replace("\"MaxSide\": 4096", "\"MaxSide\": 1234", StringComparison.Ordinal));
        Assert.Contains("\"max_side\":1234", await LimitsAsync(program, elsewhere), StringComparison.Ordinal);
        // Relative paths begin where the program was started.
        Assert.True(File.Exists(Path.Combine(elsewhere, "data", "ledger.db")));

        // A file in the working directory is taken in its place.
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "appsettings.json"), text.Replace("\"MaxSide\": 4096", "\"MaxSide\": 2345", StringComparison.Ordinal));
        Assert.Contains("\"max_side\":2345", await LimitsAsync(program, elsewhere), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Make_help_has_one_aligned_line_for_each_target()
    {
        var targets = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "Makefile"))).Single(line => line.StartsWith(".PHONY:", StringComparison.Ordinal)).Split(' ')[1..];
        var (code, said, errors) = await RunAsync("make", ["--no-print-directory", "help"], Repository.Root);
        Assert.True(code == 0, said + errors);
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(targets, lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        var column = targets.Max(target => target.Length) + "  make ".Length + 2;
        Assert.All(lines, line => Assert.True(line.Length > column && line[column - 1] == ' ' && line[column] != ' ', line));
    }

    private static async Task<string> LimitsAsync(string program, string workingDirectory)
    {
        await using var gateway = await GatewayProcess.StartAsync("data", program: Path.Combine(program, "hlsgateway"), workingDirectory: workingDirectory,
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:ApiTokens:0:Token"] = "a-token-for-the-test", ["Gateway:ApiTokens:0:Role"] = "admin" });
        gateway.Client.DefaultRequestHeaders.Add("Authorization", "Bearer a-token-for-the-test");
        Assert.Contains("<h1", await gateway.Client.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
        await AssertStudioAsync(gateway.Client);
        return await gateway.Client.GetStringAsync(new Uri("/api/limits", UriKind.Relative));
    }

    /// <summary>Its page, and each script and style that the page names.</summary>
    private static async Task AssertStudioAsync(HttpClient client)
    {
        var page = new Uri(client.BaseAddress!, "studio");
        var text = await client.GetStringAsync(page);
        var named = Named().Matches(text).Select(match => match.Groups["path"].Value).ToArray();
        Assert.Contains(named, path => path.EndsWith(".js", StringComparison.Ordinal));
        Assert.Contains(named, path => path.EndsWith(".css", StringComparison.Ordinal));
        foreach (var path in named) Assert.NotEmpty(await client.GetByteArrayAsync(new Uri(page, path)));
    }

    internal static async Task<(int Code, string Output, string Errors)> RunAsync(string program, IEnumerable<string> arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, said[0], said[1]);
    }

    [GeneratedRegex("(src|href)=\"(?<path>[^\"]+\\.(js|css))\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Named();
}
