using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HlsGateway.Tests.CommandLine;

/// <summary>What a start says: to people a dozen lines, to programs one line of JSON for each event, and the first token to a terminal alone.</summary>
public sealed partial class StartOutputTests
{
    private static readonly string[] Members = ["at", "level", "event_id", "event", "category", "message", "fields", "exception"];

    [Fact]
    public async Task A_start_says_in_a_dozen_lines_what_runs_where_and_what_to_do_next()
    {
        using var data = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(data.Path);
        var address = gateway.Address.AbsoluteUri.TrimEnd('/');
        await Eventually.IsTrueAsync(() => gateway.Output.Contains("Now listening on: " + address, StringComparison.Ordinal) && gateway.Output.Contains("  Next ", StringComparison.Ordinal), "the start is told");
        var lines = gateway.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // How the machine can isolate ffmpeg takes one line or more.
        Assert.InRange(lines.Count(line => !line.Contains("Media.SandboxHealth", StringComparison.Ordinal)) + 1, 8, 12);
        Assert.Equal(
            """
            HlsGateway {version}
              Roles       gateway, worker, studio
              Ledger      SQLite, {data}/ledger.db
              Store       files, {data}/objects
              URLs        {address}
              Studio      {address}/studio
              API token   {data}/api-token
              Next        hlsgateway transcode FILE --id NAME --url {address}
            """.ReplaceLineEndings("\n"),
            string.Join('\n', lines.Where(line => !LogLine().IsMatch(line)))
                .Replace(ProgramVersion.Text, "{version}", StringComparison.Ordinal).Replace(data.Path, "{data}", StringComparison.Ordinal).Replace(address, "{address}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_make_run_says_in_one_sentence_that_a_gateway_runs_already_and_where()
    {
        using var data = new TemporaryFolder();
        string address;
        int id;
        await using (var first = await GatewayProcess.StartAsync(data.Path))
        {
            (address, id) = (first.Address.AbsoluteUri.TrimEnd('/'), first.Id);
            await Eventually.IsTrueAsync(() => first.Output.Contains("  Next ", StringComparison.Ordinal), "the start is told");
            var (code, output, errors) = await ProgramTests.RunAsync(Path.Combine(Repository.Root, "scripts", "run"), [$"--Gateway:DataDirectory={data.Path}"], Repository.Root);
            Assert.Equal((78, ""), (code, output));
            Assert.Equal($"A gateway runs on {data.Path} already: process {id} at {address}.\n", errors);
            // The program itself, however it is started.
            (code, output, errors) = await Child.RunAsync(["serve", "--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={data.Path}"]);
            Assert.Equal((78, ""), (code, output));
            Assert.EndsWith($" It listens at {address}.\n", errors, StringComparison.Ordinal);
            Assert.Single(errors.TrimEnd('\n').Split('\n'));
        }
    }

    [Fact]
    public async Task With_json_each_line_of_a_run_is_one_event()
    {
        using var data = new TemporaryFolder();
        string output;
        await using (var gateway = await GatewayProcess.StartAsync(data.Path, settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Logging:Console:FormatterName"] = "json",
            ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = "http://127.0.0.1:1/",
        }))
        {
            using var away = await gateway.Client.GetAsync(new Uri("/watch/a%22b%C3%A4/playlist.m3u8", UriKind.Relative));
            await Eventually.IsTrueAsync(() => gateway.Output.Contains("\"OriginUnreachable\"", StringComparison.Ordinal), "the failure is logged");
            Assert.Equal(0, await gateway.TerminateAsync(TimeSpan.FromSeconds(60)));
            await Eventually.IsTrueAsync(() => gateway.Output.Contains("\"GatewayStops\"", StringComparison.Ordinal), "the end is logged");
            output = gateway.Output;
        }

        var token = (await File.ReadAllTextAsync(Path.Combine(data.Path, "api-token"))).Trim();
        Assert.DoesNotContain(token, output, StringComparison.Ordinal);
        var events = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.All(events, one =>
        {
            var names = one.EnumerateObject().Select(member => member.Name).ToArray();
            Assert.Equal(Members.Where(names.Contains), names);
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", one.GetProperty("at").GetString());
            Assert.Contains(one.GetProperty("level").GetString(), (string[])["information", "warning", "error"]);
            Assert.NotEqual("", one.GetProperty("message").GetString());
            Assert.DoesNotContain("{OriginalFormat}", one.GetRawText(), StringComparison.Ordinal);
        });
        var started = Assert.Single(events, one => one.TryGetProperty("event", out var name) && name.GetString() == "GatewayStarted");
        Assert.Equal(8010, started.GetProperty("event_id").GetInt32());
        Assert.Equal(["version", "roles", "ledger", "store", "urls"], started.GetProperty("fields").EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public void An_event_is_one_line_of_json_whatever_its_text_holds()
    {
        var clock = new ManualClock();
        using var writer = new StringWriter();
        const string text = "a\r\nb\u2028c\u001b[31m\u0085\"ä";
        KeyValuePair<string, object?>[] state = [new("SomePath", text), new("Held", 3L), new("Share", double.NaN), new("Nothing", null), new("{OriginalFormat}", "x")];
        new JsonFormatter(clock).Write(
            new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(LogLevel.Warning, "HlsGateway.Playback.X", new EventId(1001, "OriginUnreachable"), state, new InvalidOperationException(text), (_, _) => text), null, writer);
        var line = writer.ToString();
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], c => char.IsControl(c) || c is '\u2028');
        Assert.Contains('ä', line);
        var one = JsonSerializer.Deserialize<JsonElement>(line);
        Assert.Equal(Members, one.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("warning", "Playback.X", text), (one.GetProperty("level").GetString(), one.GetProperty("category").GetString(), one.GetProperty("message").GetString()));
        Assert.Equal("""{"held":3,"share":"NaN","nothing":null}""", JsonSerializer.Serialize(one.GetProperty("fields").EnumerateObject().Skip(1).ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal)));
        Assert.Equal(text, one.GetProperty("fields").GetProperty("some_path").GetString());
    }

    [Fact]
    public async Task The_first_token_is_shown_once_on_a_terminal()
    {
        using var data = new TemporaryFolder();
        var first = await OnTerminalAsync(data.Path);
        var path = Path.Combine(data.Path, "api-token");
        var token = (await File.ReadAllTextAsync(path)).Trim();
        Assert.Contains($"API token (admin), shown this once and kept in {path}: {token}", first, StringComparison.Ordinal);
        Assert.Equal(1, first.Split(token).Length - 1);
        Assert.DoesNotContain(token, await OnTerminalAsync(data.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("--Gateway:PublicUrl=https://video.example.com/hls/", "https://video.example.com/hls")]
    public async Task A_terminal_is_told_a_link_that_signs_in_once_and_a_file_is_not(string option, string site)
    {
        using var data = new TemporaryFolder();
        var said = await OnTerminalAsync(data.Path, option, async said =>
        {
            var address = Listening().Match(said).Groups["address"].Value;
            var told = EnterLink().Match(said);
            Assert.Equal(site.Length > 0 ? site : address, told.Groups["site"].Value);
            using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false });
            var link = new Uri($"{address}/studio/enter?code={told.Groups["code"].Value}");
            using var first = await client.GetAsync(link);
            Assert.Equal("./", first.Headers.Location?.OriginalString);
            using var second = await client.GetAsync(link);
            Assert.Equal("sign-in?link=used", second.Headers.Location?.OriginalString);
        });
        Assert.Single(EnterLink().Matches(said));
        // Each line of the start but what the log says beside it, with the first token's.
        Assert.InRange(said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => !line.Contains("Media.SandboxHealth", StringComparison.Ordinal)), 8, 12);

        await using var intoFile = await GatewayProcess.StartAsync(data.Path);
        await Eventually.IsTrueAsync(() => intoFile.Output.Contains("  Next ", StringComparison.Ordinal), "the start is told");
        Assert.DoesNotContain("enter?code", intoFile.Output, StringComparison.Ordinal);
    }

    /// <summary>Starts the program on a terminal of its own, and ends it once it has told its start.</summary>
    private static async Task<string> OnTerminalAsync(string data, string option = "", Func<string, Task>? meanwhile = null)
    {
        var command = $"exec dotnet '{typeof(Program).Assembly.Location}' --urls=http://127.0.0.1:0 --Trailers:Folder= '--Gateway:DataDirectory={data}' {option}";
        using var process = Process.Start(new ProcessStartInfo("script", ["-q", "-f", "-e", "-c", command, "/dev/null"])
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var said = new System.Text.StringBuilder();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            // The log has a thread of its own: its lines may come behind the summary.
            bool IsTold() => said.ToString() is var text && text.Contains("  Next ", StringComparison.Ordinal) && Listening().IsMatch(text);
            while (!IsTold() && await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
                said.Append(line).Append('\n');
            Assert.Contains("  Next ", said.ToString(), StringComparison.Ordinal);
            if (meanwhile is not null) await meanwhile(said.ToString());
            return said.ToString();
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+Z [A-Z]+ ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LogLine();

    [GeneratedRegex(@"Now listening on: (?<address>http://127\.0\.0\.1:\d+)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Listening();

    [GeneratedRegex(@"  Studio      (?<site>\S+)/studio/enter\?code=(?<code>[\w-]{32})  ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex EnterLink();
}
