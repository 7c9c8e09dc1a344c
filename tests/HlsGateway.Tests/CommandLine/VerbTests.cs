using HlsGateway.CommandLine;
using HlsGateway.Starting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.CommandLine;

/// <summary>What somebody mistyped neither starts a gateway nor is left out in silence.</summary>
public sealed class VerbTests
{
    [Theory]
    [InlineData(new[] { "transcod" }, "hlsgateway has no verb 'transcod'. Did you mean transcode?")]
    [InlineData(new[] { "transcod", "clip.mp4", "--id", "a" }, "hlsgateway has no verb 'transcod'. Did you mean transcode?")]
    [InlineData(new[] { "frobnicate" }, "hlsgateway has no verb 'frobnicate'. It has serve, transcode, ")]
    [InlineData(new[] { "completion", "bsh" }, "hlsgateway completion has no verb 'bsh'. Did you mean bash?")]
    [InlineData(new[] { "completion" }, "hlsgateway completion needs a verb: bash, zsh, fish.")]
    [InlineData(new[] { "lint", "--jsn", "x" }, "hlsgateway lint has no option --jsn. Did you mean --json?")]
    [InlineData(new[] { "lint", "--jsn" }, "hlsgateway lint has no option --jsn. Did you mean --json?")]
    [InlineData(new[] { "import", "/", "--dryrun" }, "hlsgateway import has no option --dryrun. Did you mean --dry-run?")]
    [InlineData(new[] { "health", "now" }, "hlsgateway health does not take 'now'.")]
    [InlineData(new[] { "lint" }, "Required argument 'URL|FOLDER' missing for command: 'lint'.")]
    public void An_unknown_verb_or_option_is_told_with_the_nearest_right_one(string[] arguments, string says)
    {
        var errors = UsageErrors.Of(Verbs.Root().Parse(arguments));
        Assert.StartsWith(says, errors[0], StringComparison.Ordinal);
        Assert.EndsWith("--help' tells how it is used.", errors[^1], StringComparison.Ordinal);
        Assert.Equal(2, errors.Count);
    }

    [Fact]
    public void What_is_written_right_is_no_error()
    {
        foreach (var right in (string[][])[["lint", "http://127.0.0.1/a.m3u8", "--json"], ["health", "--url", "http://127.0.0.1:1"], ["completion", "bash"], ["transcode", Environment.ProcessPath!, "--id", "a"]])
            Assert.Empty(UsageErrors.Of(Verbs.Root().Parse(right)));
    }

    [Theory]
    [InlineData(new[] { "transcode", "a" }, true)]
    [InlineData(new[] { "transcod" }, true)]
    [InlineData(new[] { "--help" }, true)]
    [InlineData(new[] { "--version" }, true)]
    [InlineData(new[] { "serve", "--help" }, true)]
    [InlineData(new[] { "serve" }, false)]
    [InlineData(new[] { "serve", "--urls=http://127.0.0.1:9000" }, false)]
    [InlineData(new string[0], false)]
    [InlineData(new[] { "--urls", "http://127.0.0.1:9000" }, false)]
    [InlineData(new[] { "--Gateway:DataDirectory=/some/dir" }, false)]
    [InlineData(new[] { "urls=http://127.0.0.1:9000" }, false)]
    [InlineData(new[] { "/urls=http://127.0.0.1:9000" }, false)]
    public void Every_option_of_the_configuration_still_starts_the_gateway(string[] arguments, bool verb) => Assert.Equal(verb, Verbs.AreAsked(arguments));

    [Fact]
    public void The_gateway_gets_its_options_as_they_were_written()
    {
        // The command line that operators have in their units.
        string[] known = ["--urls", "http://127.0.0.1:9000", "--Gateway:DataDirectory=/some/dir", "--ReverseProxy:Clusters:origin:Destinations:d1:Address=http://127.0.0.1:9001/", "--Gateway:Cdn:BaseUrl=https://cdn.example.com/?a=b", "/x", "y", "k=v"];
        Assert.Equal(known, ServeVerb.Configuration(known));
        Assert.Equal(known, ServeVerb.Configuration(["serve", .. known]));
        Assert.Equal(["--Logging:Console:FormatterName=json", "--urls=x"], ServeVerb.Configuration(["serve", "--json", "--urls=x"]));
        Assert.Empty(ArgumentCheck.Run(known).Faults);
    }

    [Theory]
    [InlineData("--Gateway:DataDirectory=/some/dir", "transcode")]
    [InlineData("serve", "transcode")]
    public async Task A_verb_among_the_options_of_the_gateway_stops_the_start(params string[] arguments)
    {
        var (code, output, errors) = await Child.RunAsync(arguments);
        Assert.Equal((78, ""), (code, output));
        Assert.Contains("transcode (command line): only options follow here", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_lists_each_verb_in_a_line_and_each_verb_explains_itself()
    {
        var (code, output, errors) = await Child.RunAsync(["--help"]);
        Assert.Equal((ExitCode.Done, ""), (code, errors));
        Assert.DoesNotContain('\u001b', output);
        foreach (var verb in Verbs.Root().Subcommands)
            Assert.Single(output.Split('\n'), line => line.StartsWith($"  {verb.Name} ", StringComparison.Ordinal));
        (code, output, _) = await Child.RunAsync(["serve", "--help"]);
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("hlsgateway serve --urls=", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_without_a_terminal_is_a_line_for_each_state_and_one_a_second()
    {
        using var told = new StringWriter { NewLine = "\n" };
        var clock = new ManualClock();
        var lines = new ProgressLines(told, clock);
        lines.Tell("a", "uploading", 0);
        lines.Tell("a", "uploading", 0.5);
        lines.Tell("a", "transcoding", 0.6);
        clock.Advance(TimeSpan.FromSeconds(0.9));
        lines.Tell("a", "transcoding", 0.7);
        lines.Tell("b", "queued", 0.1);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        lines.Tell("a", "transcoding", 0.8);
        clock.Advance(TimeSpan.FromSeconds(5));
        lines.Tell("a", "transcoding", 0.801);
        lines.Tell("a", "ready", 1);
        Assert.Equal("a: uploading 0 %\na: transcoding 60 %\nb: queued 10 %\na: transcoding 80 %\na: ready 100 %\n", told.ToString());
    }
}
