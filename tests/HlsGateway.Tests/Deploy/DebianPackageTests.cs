using HlsGateway.CommandLine;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>The Debian package, made by <c>scripts/deb</c> and put on a copy of this machine by <c>scripts/try-deb</c>.</summary>
[Collection(OnPublished.Name)]
public sealed class DebianPackageTests(PublishedProgram published)
{
    [Fact]
    public async Task It_is_installed_serves_is_upgraded_removed_and_purged_and_what_was_counted_stays()
    {
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        var package = (await Script.RunAsync("deb", [published.Folder], ("OUT", folder.Path), ("COMPRESSION", "none")))[^1];
        Assert.StartsWith($"hlsgateway_{ReleaseFilesTests.Version}_", Path.GetFileName(package), StringComparison.Ordinal);
        var (code, said, errors) = await ProgramTests.RunAsync(Path.Combine(Repository.Root, "scripts", "try-deb"), [package], Repository.Root);
        Assert.True(code == 0, said + errors);
        Assert.Equal(
            ["installed", "program, user, manual, unit", "serves with its own options", "an upgrade leaves the options alone", "removed and purged; what was counted stays"],
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void The_manual_names_each_verb()
    {
        var manual = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "debian", "hlsgateway.1"));
        Assert.All(Verbs.Root().Subcommands, verb => Assert.Matches($@"(?m)^\.BI? {verb.Name}\b", manual));
    }
}
