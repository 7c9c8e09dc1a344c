using System.Diagnostics;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.OpenApi;

/// <summary>Two linters and a generator of clients, from npm, take what a running host serves.</summary>
public sealed class LintTests
{
    private static readonly string Tools = Path.Combine(Repository.Root, "tests", "openapi");

    [Fact]
    public async Task Redocly_finds_nothing_to_say_about_the_description()
    {
        using var folder = await ServedAsync();
        var (code, said) = await RunAsync(Tools, "redocly", "lint", "--config", Path.Combine(Tools, "redocly.yaml"), "--format=json", Path.Combine(folder.Path, "v1.json"));
        Assert.True(code == 0 && said.Contains("\"errors\": 0", StringComparison.Ordinal) && said.Contains("\"warnings\": 0", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task Spectral_finds_nothing_to_say_about_the_description()
    {
        using var folder = await ServedAsync();
        var (code, said) = await RunAsync(Tools, "spectral", "lint", "--fail-severity=hint", "--ruleset", Path.Combine(Tools, ".spectral.yaml"), Path.Combine(folder.Path, "v1.json"));
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task A_client_that_is_generated_from_the_description_compiles_and_works()
    {
        await using var host = await GatewayHost.StartAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "v1.json"), (await ApiDocument.OfAsync(host)).Text);
        var (made, madeSaid) = await RunAsync(folder.Path, "openapi-typescript", "v1.json", "--output", "api.d.ts");
        Assert.True(made == 0, madeSaid);
        foreach (var file in new[] { "client.ts", "tsconfig.json" }) File.Copy(Path.Combine(Tools, file), Path.Combine(folder.Path, file));
        var (compiled, compiledSaid) = await RunAsync(folder.Path, "tsc", "--project", "tsconfig.json");
        Assert.True(compiled == 0, compiledSaid);
        var (ran, ranSaid) = await RunAsync(folder.Path, null, "client.js", host.Address.AbsoluteUri, GatewayHost.TokenOf("admin"));
        Assert.True(ran == 0, ranSaid);
        Assert.Contains("captions of films/bunny: pt-BR; session: no-such-session", ranSaid, StringComparison.Ordinal);
    }

    private static async Task<TemporaryFolder> ServedAsync()
    {
        await using var host = await GatewayHost.StartAsync();
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "v1.json"), (await ApiDocument.OfAsync(host)).Text);
        return folder;
    }

    /// <param name="tool">A command of the packages in tests/openapi; null runs node itself.</param>
    private static async Task<(int Code, string Said)> RunAsync(string folder, string? tool, params string[] arguments)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (tool is not null) start.ArgumentList.Add(Path.Combine(Tools, "node_modules", ".bin", tool));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // Neither asks the network whether there is a newer one of it, nor tells anybody that it ran.
        start.Environment["REDOCLY_TELEMETRY"] = "off";
        start.Environment["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true";
        using var process = Process.Start(start) ?? throw new InvalidOperationException("node is not here.");
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
