using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using HlsGateway.Access;
using Microsoft.Extensions.Options;

namespace HlsGateway.CommandLine;

/// <summary>The options that say where videos go, and the run that verbs of uploading share.</summary>
internal sealed class TargetOptions
{
    /// <summary>The names and times of the HTTP API.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonTimes(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly ApiOptions api = new("uploader or admin");

    private readonly Option<DirectoryInfo?> data = new("--data")
    {
        Description = "Works offline on this data directory instead, with the options of appsettings.json and the environment (Transcode__Preset=…). A gateway may be running on it.",
        HelpName = "DIR",
    };

    private readonly Option<bool> json = new("--json") { Description = "Prints the result as JSON on standard output, one line a video; progress goes to standard error." };

    public void AddTo(Command command)
    {
        api.AddTo(command);
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
                : new RemoteTarget(api.Address(asked), api.Token(asked));
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

    /// <summary>What would be done with a file.</summary>
    public void Tell(ParseResult asked, string video, FileInfo file) =>
        Console.WriteLine(asked.GetValue(json) ? JsonSerializer.Serialize(new { video, file = file.FullName }, Json) : $"{file.FullName} -> {video}");

    private static void Tell(UploadOutcome outcome, bool json)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(outcome, Json));
        else if (outcome.Status is "ready" or "skipped")
            Console.WriteLine($"{outcome.Video}: {outcome.Status}{(outcome.Duration is { } seconds ? $", {seconds.ToString("0.###", CultureInfo.InvariantCulture)} s" : "")}{(outcome.PlaylistUrl is { } playlist ? $", {playlist}" : "")}");
        else
            Console.Error.WriteLine($"{outcome.Video}: {outcome.Status}. {outcome.Error}");
    }
}
