using System.Net;
using System.Net.Sockets;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Starting;

/// <summary>The program itself, as an operator starts it: plain lines on standard error, nothing else, and exit code 78.</summary>
public sealed class WrongStartTests
{
    [Fact]
    public async Task Every_fault_is_one_line_and_no_stack_trace_is_shown()
    {
        using var data = new TemporaryFolder();
        var (code, output, errors) = await Child.RunAsync(
            ["--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={data.Path}", "--bogus", "--Trailers:Activ=outro", "--Transcode:Ladder:0=abc"], ("Gateway__Sessions__Lifetime", "24"));
        Assert.Equal(78, code);
        Assert.Empty(output);
        Assert.Equal(
            [
                "hlsgateway: --bogus (command line): it is not an option. Options begin with their section, as in --Gateway:DataDirectory=data.",
                "hlsgateway: Gateway:Sessions:Lifetime (environment) is '24'; a bare number would be days: write 24.00:00:00 for days, 1.00:00:00 for hours, 00:24:00 for minutes or 00:00:24 for seconds.",
                "hlsgateway: Trailers:Activ (command line) is not an option. Did you mean Trailers:Active?",
                "hlsgateway: Transcode:Ladder:0 (command line) is 'abc'; it must be a whole number up to 2147483647.",
            ],
            errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(data.Path));
    }

    /// <summary>They are asked for while the program is put together, before any check.</summary>
    [Theory]
    [InlineData("Roles:0", "foo")]
    [InlineData("StopDelay", "01:00:00")]
    [InlineData("StopDelay", "abc")]
    [InlineData("FastLane", "perhaps")]
    public async Task What_the_program_needs_to_put_itself_together_is_told_in_the_same_way(string key, string value)
    {
        using var data = new TemporaryFolder();
        var (code, output, errors) = await Child.RunAsync(["--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={data.Path}", $"--Gateway:{key}={value}"]);
        Assert.Equal((78, ""), (code, output));
        Assert.StartsWith($"hlsgateway: Gateway:{key}", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_settings_file_that_is_no_json_is_one_line_with_its_place()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), "{ \"Gateway\": {\n");
        var (code, output, errors) = await Child.RunAsync([$"--contentRoot={folder.Path}"]);
        Assert.Equal((78, ""), (code, output));
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"hlsgateway: Failed to load configuration from file '{folder.Path}/appsettings.json'.", line, StringComparison.Ordinal);
        Assert.Contains("LineNumber: 1", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Logging:Console:FormatterName=line")]
    [InlineData("--json")]
    public async Task A_port_that_is_taken_after_the_check_is_one_line_and_no_stack_trace(string format)
    {
        using var data = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        // Endpoints of Kestrel's own section are not tried beforehand: the server itself finds the port taken, as it does where one is taken in between.
        var (code, output, errors) = await Child.RunAsync(
            ["serve", format, $"--Kestrel:Endpoints:a:Url=http://{other.LocalEndpoint}", $"--Gateway:DataDirectory={data.Path}", "--Trailers:Folder=", "--Demo:Enabled=false"]);
        Assert.Equal(78, code);
        Assert.Contains($"hlsgateway: Failed to bind to address http://{other.LocalEndpoint}: address already in use.", errors, StringComparison.Ordinal);
        // A line of a stack trace, and one that is escaped in a text of JSON.
        Assert.DoesNotContain("   at ", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_process_on_the_same_port_and_data_directory_is_told_both()
    {
        using var data = new TemporaryFolder();
        await using var first = await GatewayProcess.StartAsync(data.Path);
        var (code, output, errors) = await Child.RunAsync([$"--urls={first.Address.AbsoluteUri}", $"--Gateway:DataDirectory={data.Path}", "--Trailers:Folder="]);
        Assert.Equal((78, ""), (code, output));
        Assert.Equal(2, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains($"hlsgateway: The ledger is in use by process {first.Id}, which holds ", errors, StringComparison.Ordinal);
        Assert.Contains($"hlsgateway: urls is '{first.Address.AbsoluteUri}'; another process listens there.", errors, StringComparison.Ordinal);
    }
}
