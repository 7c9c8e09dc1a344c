using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>The pages for who changes the code follow the code.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Roots = ["", "src/HlsGateway", "tests/HlsGateway.Tests"];

    [Theory]
    [InlineData("docs/contributing.md", 50)]
    [InlineData("docs/architecture.md", 8)]
    public void Each_file_that_a_page_names_is_there(string page, int atLeast)
    {
        var named = Quoted().Matches(Read(page)).Select(match => match.Groups["path"].Value).ToArray();
        Assert.True(named.Length >= atLeast, $"only {named.Length} files are named");
        Assert.All(named, path => Assert.True(Roots.Any(root => File.Exists(Path.Combine(Repository.Root, root, path))), $"{path} is not there"));
    }

    [Fact]
    public void Each_package_is_in_the_table_with_its_purpose_and_licence()
    {
        var rows = Read("docs/architecture.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')).ToArray();
        var nuget = XDocument.Parse(Read("Directory.Packages.props")).Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value);
        var npm = ((string[])["package.json", "tests/openapi/package.json", "tests/deploy/package.json"]).SelectMany(file => JsonDocument.Parse(Read(file)).RootElement.EnumerateObject())
            .Where(member => member.Name is "dependencies" or "devDependencies").SelectMany(member => member.Value.EnumerateObject().Select(package => package.Name));
        Assert.All(nuget.Concat(npm), package => Assert.Contains(rows, row => row.Length == 5 && row[1].Split(',', StringSplitOptions.TrimEntries).Contains(package, StringComparer.Ordinal) && row[2].Trim().Length > 0 && row[3].Trim().Length > 0));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex("`(?<path>[A-Za-z0-9_][A-Za-z0-9_./-]*\\.(cs|json|md|txt|js|props))`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Quoted();
}
