using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.CommandLine;

/// <summary><c>hlsgateway config</c> says what a start would say, and starts nothing.</summary>
public sealed class ConfigVerbTests
{
    [Fact]
    public async Task Everything_that_a_start_would_refuse_is_told_at_once()
    {
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, "data");
        var (code, output, errors) = await Child.RunAsync(["config", "check", $"--Gateway:DataDirectory={data}"]);
        Assert.Equal((ExitCode.Done, "The options are right.\n", ""), (code, output, errors));
        // The folder is tried, and nothing stays in it.
        Assert.False(Directory.Exists(data));

        (code, output, _) = await Child.RunAsync(["config", "check", "--json", $"--Gateway:DataDirectory={data}", "--Trailers:Activ=x", "--Transcode:Ladder:0=abc"]);
        Assert.Equal(78, code);
        var answer = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.False(answer.GetProperty("ok").GetBoolean());
        Assert.Equal(["Trailers:Activ", "Transcode:Ladder:0"], answer.GetProperty("faults").EnumerateArray().Select(fault => fault.GetProperty("key").GetString()).Order());

        (code, output, errors) = await Child.RunAsync(["config", "check", "bogus"]);
        Assert.Equal((78, ""), (code, output));
        Assert.StartsWith("bogus (command line): ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_options_in_force_are_shown_without_secrets()
    {
        var (code, output, errors) = await Child.RunAsync(["config", "show", "--json", "--Gateway:ApiTokens:0:Token=hush-hush-hush", "--Trailers:Loudness=-20"], ("ConnectionStrings__Ledger", "Host=x;Password=hush"));
        Assert.Equal((ExitCode.Done, ""), (code, errors));
        var shown = JsonSerializer.Deserialize<Dictionary<string, string>>(output)!;
        Assert.Equal("-20", shown["Trailers:Loudness"]);
        Assert.Equal("(set, not shown)", shown["Gateway:ApiTokens:0:Token"]);
        Assert.Equal("(set, not shown)", shown["ConnectionStrings:Ledger"]);
        Assert.DoesNotContain("hush", output, StringComparison.Ordinal);
    }
}
