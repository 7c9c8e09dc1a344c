using System.Text.Json;
using System.Xml.Linq;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary><c>sbom.json</c> of a published folder, as <c>scripts/sbom</c> writes it.</summary>
public sealed class BillOfMaterialsTests
{
    [Fact]
    public async Task It_is_CycloneDX_and_names_each_part_with_its_licence()
    {
        using var folder = new TemporaryFolder();
        await Script.RunAsync("sbom", [folder.Path, "10.0.1"]);
        var file = Path.Combine(folder.Path, "sbom.json");
        Assert.Equal("valid\n", await DeployTools.RunAsync("bill.mjs", file));

        var bill = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
        Assert.Equal(("hlsgateway", ReleaseFilesTests.Version), (Told(bill.GetProperty("metadata").GetProperty("component"), "name"), Told(bill.GetProperty("metadata").GetProperty("component"), "version")));
        var parts = bill.GetProperty("components").EnumerateArray().ToDictionary(part => Told(part, "purl"), Licence, StringComparer.Ordinal);
        Assert.All(parts.Values, licence => Assert.NotEqual("", licence));
        Assert.Equal("MIT", parts["pkg:nuget/Microsoft.NETCore.App.Runtime@10.0.1"]);

        // What the program asks for by name, and what of npm the pages are made of; nothing that only builds or tests need.
        var versions = Xml("Directory.Packages.props").Descendants("PackageVersion").ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value, StringComparer.Ordinal);
        var asked = Xml("src/HlsGateway/HlsGateway.csproj").Descendants("PackageReference").Select(package => package.Attribute("Include")!.Value).ToArray();
        Assert.All(asked, name => Assert.Contains($"pkg:nuget/{name}@{versions[name]}", parts.Keys));
        Assert.All(versions.Where(package => package.Key is "xunit" or "Meziantou.Analyzer" or "BenchmarkDotNet"), package => Assert.DoesNotContain($"pkg:nuget/{package.Key}@{package.Value}", parts.Keys));
        var pages = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "package.json"))).RootElement.GetProperty("dependencies").EnumerateObject();
        Assert.All(pages.Where(package => package.Name != "lit"), package => Assert.Contains($"pkg:npm/{package.Name.Replace("@", "%40", StringComparison.Ordinal)}@{package.Value.GetString()}", parts.Keys));
        // lit itself only passes on what these are.
        Assert.Contains(parts.Keys, part => part.StartsWith("pkg:npm/lit-html@", StringComparison.Ordinal));

        // The table for people says the same.
        var table = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "architecture.md"))).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(row => row.Length == 5).ToArray();
        Assert.All(asked, name => Assert.Contains(parts[$"pkg:nuget/{name}@{versions[name]}"], table.Single(row => row[1].Split(", ").Contains(name, StringComparer.Ordinal))[3], StringComparison.Ordinal));
    }

    private static string Told(JsonElement part, string member) => part.GetProperty(member).GetString()!;

    private static string Licence(JsonElement part) => part.GetProperty("licenses")[0] is var first && first.TryGetProperty("license", out var licence) ? Told(licence, "id") : Told(first, "expression");

    private static XDocument Xml(string path) => XDocument.Load(Path.Combine(Repository.Root, path));
}
