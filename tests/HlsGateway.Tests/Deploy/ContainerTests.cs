using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>Files for containers and orchestrators, each read by what knows its format. <c>make image-test</c> builds and runs them, which takes minutes.</summary>
public sealed class ContainerTests
{
    private static string Deploy => Path.Combine(Repository.Root, "deploy");

    [Fact]
    public async Task Dockerfiles_have_no_fault()
    {
        var file = Path.Combine(Repository.Root, "Dockerfile");
        Assert.Equal("valid\n", await DeployTools.RunAsync("dockerfile.mjs", file, Path.Combine(Deploy, "container", "s3.Dockerfile")));
        var lines = await File.ReadAllLinesAsync(file);
        Assert.Contains("USER 10001:10001", lines);
        Assert.Contains(lines, line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal) && line.Contains("hlsgateway health", StringComparison.Ordinal));
        Assert.Contains("FROM ${BUILD_IMAGE} AS build", lines);
        Assert.Contains("FROM ${RUNTIME_IMAGE}", lines);
        // What it copies is there, and is sent to the builder.
        var sent = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, ".dockerignore"))).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        var copied = lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]).ToArray();
        Assert.NotEmpty(copied);
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)) && sent.Any(part => path == part || path.StartsWith(part + "/", StringComparison.Ordinal)), path));
    }

    [Fact]
    public async Task The_compose_file_is_valid_and_gives_options_that_there_are()
    {
        var services = JsonDocument.Parse(await DeployTools.RunAsync("compose.mjs", Path.Combine(Repository.Root, "compose.yaml"), Path.Combine(Deploy, "container", "env.example"))).RootElement;
        Assert.Equal(["gateway-1", "gateway-2", "worker"], services.EnumerateObject().Select(service => service.Name));
        foreach (var service in services.EnumerateObject())
            await AssertOptionsAsync(service.Value.EnumerateObject().Select(option => (option.Name, option.Value.GetString()!)));
    }

    [Fact]
    public async Task Kubernetes_takes_the_manifests_and_the_gateway_their_options()
    {
        var files = Directory.GetFiles(Path.Combine(Deploy, "kubernetes"), "*.yaml").Order(StringComparer.Ordinal).ToArray();
        var said = (await DeployTools.RunAsync("kubernetes.mjs", files)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Superset(new HashSet<string>(["ConfigMap hlsgateway", "Secret hlsgateway", "StatefulSet hlsgateway", "Service hlsgateway", "PodDisruptionBudget hlsgateway", "HorizontalPodAutoscaler hlsgateway", "Deployment hlsgateway-worker"], StringComparer.Ordinal), said.ToHashSet(StringComparer.Ordinal));

        var config = JsonDocument.Parse(await DeployTools.RunAsync("values.mjs", Path.Combine(Deploy, "kubernetes", "config.yaml"))).RootElement;
        var options = config.EnumerateObject().Select(option => (option.Name, option.Value.GetString()!)).ToArray();
        await AssertOptionsAsync(options);
        // Nobody runs with the secrets that the file shows.
        var (code, _, errors) = await CheckAsync(options);
        Assert.Equal(78, code);
        Assert.Contains("Gateway:Sessions:Keys", errors, StringComparison.Ordinal);
        Assert.Contains("Gateway:ApiTokens", errors, StringComparison.Ordinal);
        // The autoscaler's figure is made of one that the gateway has.
        Assert.Contains("hlsgateway_ledger_recorded_total", await File.ReadAllTextAsync(Path.Combine(Deploy, "kubernetes", "metrics.yaml")), StringComparison.Ordinal);
        Assert.Contains("hlsgateway_ledger_recorded_per_second", await File.ReadAllTextAsync(Path.Combine(Deploy, "kubernetes", "gateway.yaml")), StringComparison.Ordinal);
        Assert.Contains("as: hlsgateway_ledger_recorded_per_second", await File.ReadAllTextAsync(Path.Combine(Deploy, "kubernetes", "metrics.yaml")), StringComparison.Ordinal);
    }

    /// <summary>Each name and value is taken; what is secret or somebody else's gets a value that can be used.</summary>
    private static async Task AssertOptionsAsync(IEnumerable<(string Name, string Value)> options)
    {
        const string secret = "a-secret-of-the-test-that-is-long-enough";
        var usable = options.Select(option => (option.Name, option.Name switch
        {
            // No database, no store: these are tried where they are set up.
            "ConnectionStrings__Ledger" => "",
            "Storage__Kind" => "FileSystem",
            "Storage__PublicUrl" => "https://cdn.example.com/",
            "Gateway__PublicUrl" => "https://video.example.com",
            _ when option.Name.EndsWith("Endpoint", StringComparison.Ordinal) => "https://store.example.com",
            _ when option.Value == "CHANGE" || option.Value.Contains("${", StringComparison.Ordinal) => secret,
            _ => option.Value,
        }));
        var (code, said, errors) = await CheckAsync(usable);
        Assert.True(code == ExitCode.Done, said + errors);
    }

    private static async Task<(int Code, string Output, string Errors)> CheckAsync(IEnumerable<(string Name, string Value)> options)
    {
        using var folder = new TemporaryFolder();
        return await Child.RunAsync(["config", "check", "--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={folder.Path}"], [.. options]);
    }
}
