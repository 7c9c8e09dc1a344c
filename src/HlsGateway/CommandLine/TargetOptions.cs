using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.CommandLine;

/// <summary>The options that say where videos go, and the run that verbs of uploading share.</summary>
internal sealed class TargetOptions
{
    /// <summary>The names of the HTTP API.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly Option<Uri?> url = new("--url")
    {
        Description = "The running gateway. Default: HLSGATEWAY_URL, or http://127.0.0.1:8080.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            var address = Address(result.Tokens[0].Value);
            if (address is null)
                result.AddError($"--url is '{result.Tokens[0].Value}'; it must be an http or https address.");
            return address;
        },
    };

    private readonly Option<string?> token = new("--token")
    {
        Description = "An API token with the role uploader or admin. Other users of the machine see command lines: better set HLSGATEWAY_TOKEN. Default: that, or what stands in data/api-token.",
        HelpName = "TOKEN",
    };

    private readonly Option<DirectoryInfo?> data = new("--data")
    {
        Description = "Works offline on this data directory instead, with the options of appsettings.json and the environment (Transcode__Preset=…). A gateway may be running on it.",
        HelpName = "DIR",
    };

    private readonly Option<bool> json = new("--json") { Description = "Prints the result as JSON on standard output, one line a video; progress goes to standard error." };

    public void AddTo(Command command)
    {
        command.Options.Add(url);
        command.Options.Add(token);
        command.Options.Add(data);
        command.Options.Add(json);
    }

    /// <param name="skipKnown">Passes over videos that are there.</param>
    public async Task<int> RunAsync(ParseResult asked, IReadOnlyList<UploadTask> tasks, CancellationToken ct, bool skipKnown = false)
    {
        try
        {
            await using VideoTarget target = asked.GetValue(data) is { } folder
                ? await OfflineTarget.OpenAsync(folder.FullName)
                : new RemoteTarget(asked.GetValue(url) ?? DefaultAddress(), asked.GetValue(token) ?? DefaultToken());
            var outcomes = await UploadProgress.RunAsync(target, tasks, skipKnown, asked.GetValue(json), ct);
            foreach (var outcome in outcomes)
                Tell(outcome, asked.GetValue(json));
            return outcomes.Any(outcome => outcome.Status is not ("ready" or "skipped")) ? ExitCode.Failed : ExitCode.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCode.Interrupted;
        }
        catch (OptionsValidationException e)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', e.Failures));
            return ExitCode.Usage;
        }
        catch (UnreachableTargetException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Unreachable;
        }
    }

    private static Uri? Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    private static Uri DefaultAddress() =>
        Environment.GetEnvironmentVariable("HLSGATEWAY_URL") is not { Length: > 0 } set ? new Uri("http://127.0.0.1:8080")
        : Address(set) ?? throw new UnreachableTargetException($"HLSGATEWAY_URL is '{set}'; it must be an http or https address.");

    private static string DefaultToken() =>
        Environment.GetEnvironmentVariable("HLSGATEWAY_TOKEN") is { Length: > 0 } set ? set
        : File.Exists("data/api-token") ? File.ReadAllText("data/api-token").Trim()
        : throw new UnreachableTargetException("An API token is needed: set HLSGATEWAY_TOKEN, or give --token.");

    private static void Tell(UploadOutcome outcome, bool json)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(outcome, Json));
        else if (outcome.Status is "ready" or "skipped")
            Console.WriteLine($"{outcome.Video}: {outcome.Status}{(outcome.Duration is { } seconds ? $", {seconds:0.###} s" : "")}{(outcome.PlaylistUrl is { } playlist ? $", {playlist}" : "")}");
        else
            Console.Error.WriteLine($"{outcome.Video}: {outcome.Status}. {outcome.Error}");
    }
}
