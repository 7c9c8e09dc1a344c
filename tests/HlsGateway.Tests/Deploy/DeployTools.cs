using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>The scripts of tests/deploy, over packages of npm that know the formats of files for operators.</summary>
internal static class DeployTools
{
    /// <summary>Runs one; what it finds fails the test.</summary>
    /// <returns>Standard output.</returns>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var (code, said, errors) = await ProgramTests.RunAsync("node", [script, .. arguments], Path.Combine(Repository.Root, "tests", "deploy"));
        Assert.True(code == 0, said + errors);
        return said;
    }
}
