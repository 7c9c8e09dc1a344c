using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary><c>make cluster</c>, from the first process to the last. It has a loopback and processes of its own, so no port is anybody else's and nothing stays behind.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Two_gateways_a_worker_PostgreSQL_a_store_and_nginx_play_and_count_as_one()
    {
        using var folder = new TemporaryFolder();
        // PostgreSQL and nginx run as users of their own, below this folder.
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        // The first process is the script: when it ends, the kernel ends whatever is left.
        var (code, said, errors) = await ProgramTests.RunAsync("bwrap",
            ["--dev-bind", "/", "/", "--unshare-net", "--unshare-pid", "--as-pid-1", "--proc", "/proc", "--setenv", "PROGRAM", $"dotnet {typeof(Program).Assembly.Location}",
                "bash", Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Deploy", "cluster.sh"), folder.Path], Repository.Root);
        Assert.True(code == 0, said + errors);
        Assert.Equal(
            ["started", "uploaded through the balancer, made by the worker, with its trailer", "played through the balancer and the CDN", "counted exactly, over both gateways", "one gateway gone, nobody refused"],
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
