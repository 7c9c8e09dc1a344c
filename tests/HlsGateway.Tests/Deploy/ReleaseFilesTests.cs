using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>What a stranger looks for at the top of a repository, in the form that they expect.</summary>
public sealed partial class ReleaseFilesTests
{
    /// <summary>Of Keep a Changelog 1.1.0.</summary>
    private static readonly string[] Kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

    /// <summary>The one in Directory.Build.props.</summary>
    internal static string Version => XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public void The_changelog_is_kept_as_Keep_a_Changelog_says_and_ends_in_the_version()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "CHANGELOG.md"));
        Assert.Equal("# Changelog", lines[0]);
        Assert.Contains(lines, line => line.Contains("https://keepachangelog.com/en/1.1.0/", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("https://semver.org/", StringComparison.Ordinal));

        var titles = lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).ToArray();
        Assert.Equal("## [Unreleased]", titles[0]);
        var releases = titles[1..].Select(title => Entry().Match(title)).ToArray();
        Assert.All(releases, release => Assert.True(release.Success, string.Join('\n', titles)));
        Assert.Equal(Version, releases[0].Groups["version"].Value);
        Assert.Equal(releases.Select(release => System.Version.Parse(release.Groups["version"].Value)).OrderDescending(), releases.Select(release => System.Version.Parse(release.Groups["version"].Value)));
        var dates = releases.Select(release => DateOnly.ParseExact(release.Groups["date"].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(dates.OrderDescending(), dates);

        // Below each kind of change, and nowhere else, is a list; each kind at most once in a release.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (line, next) in lines.Zip(lines.Skip(1).Append("")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal)) seen.Clear();
            if (!line.StartsWith("### ", StringComparison.Ordinal)) continue;
            Assert.Contains(line[4..], Kinds);
            Assert.True(seen.Add(line), $"{line} stands twice");
            Assert.StartsWith("- ", next, StringComparison.Ordinal);
        }
        var listed = lines.SkipWhile(line => !line.StartsWith("### ", StringComparison.Ordinal)).Where(line => line.Length > 0);
        Assert.DoesNotContain(listed, line => !line.StartsWith("- ", StringComparison.Ordinal) && !line.StartsWith('#') && line != "The first version with a number.");
    }

    [Fact]
    public void Licence_policy_and_the_way_to_contribute_are_there_and_lead_on()
    {
        var licence = Read("LICENSE");
        Assert.StartsWith("MIT License\n\nCopyright (c) ", licence, StringComparison.Ordinal);
        Assert.Contains("HlsGateway contributors", licence, StringComparison.Ordinal);
        Assert.Equal("MIT", XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("PackageLicenseExpression").Single().Value);
        string[] pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file))];
        foreach (var page in pages)
        {
            Assert.All(Link().Matches(Read(page)).Select(match => match.Groups["path"].Value).Where(path => !path.Contains("://", StringComparison.Ordinal)), path =>
            {
                var file = Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, path);
                Assert.True(File.Exists(file) || Directory.Exists(file), $"{page} leads to {path}, which is not there");
            });
        }
        Assert.Contains("(docs/contributing.md)", Read("CONTRIBUTING.md"), StringComparison.Ordinal);
        Assert.Contains("(docs/security.md)", Read("SECURITY.md"), StringComparison.Ordinal);
        Assert.All((string[])["LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"], file => Assert.Contains($"({file})", Read("README.md"), StringComparison.Ordinal));
    }

    [Fact]
    public void Each_file_for_operators_is_named_on_their_page()
    {
        var page = Read(Path.Combine("docs", "operations.md"));
        var deploy = Path.Combine(Repository.Root, "deploy");
        var files = Directory.GetFiles(deploy, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(deploy, file)).ToArray();
        Assert.NotEmpty(files);
        // By itself, or with its folder.
        Assert.All((string[])["../LICENSE", "../CHANGELOG.md", "../SECURITY.md", "../CONTRIBUTING.md", "../Dockerfile", "../compose.yaml", "reliability.md", "benchmarks.md", "security.md", "asvs.md", "runbooks.md", "players.md", "devices.md"], file =>
            Assert.Contains($"({file})", page, StringComparison.Ordinal));
        Assert.All(files, file => Assert.True(page.Contains($"(../deploy/{file})", StringComparison.Ordinal) || page.Contains($"(../deploy/{Path.GetDirectoryName(file)})", StringComparison.Ordinal), $"docs/operations.md does not lead to deploy/{file}"));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex(@"^## \[(?<version>\d+\.\d+\.\d+)\] - (?<date>\d{4}-\d\d-\d\d)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\]\((?<path>[^)#\s]+)(#[^)\s]*)?\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Link();
}
