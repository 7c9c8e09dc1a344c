using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HlsGateway.Lint;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway lint URL|FOLDER</c>: checks a stream as a player meets it, playlists and segments.</summary>
internal static class LintVerb
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var target = new Argument<string>("URL|FOLDER") { Description = "A playlist on a server (http, https), a playlist file, or a folder of them." };
        var json = new Option<bool>("--json") { Description = "Prints the report as JSON on standard output." };
        var command = new Command("lint", "Reads a stream whole, playlists and segments, and names what breaks a rule of documents (D), splices (S) or captions (W), with playlist and line. Changes nothing; on a gateway a watch URL counts as a viewer, a preview URL does not. Exit code: 0 nothing found, 1 findings, 2 nothing that could be checked, 130 interrupted.")
        {
            target, json,
        };
        command.SetAction((asked, ct) => RunAsync(asked.GetRequiredValue(target), asked.GetValue(json), ct));
        return command;
    }

    private static async Task<int> RunAsync(string target, bool json, CancellationToken ct)
    {
        try
        {
            using var source = await OpenAsync(target, ct);
            var report = source is null
                ? new LintReport(target, 0, 0, [], "is neither an http address nor a file or folder that is here")
                : await new StreamLint(source, Progress()).CheckAsync(target, ct);
            if (json)
                Console.WriteLine(JsonSerializer.Serialize(report, TargetOptions.Json));
            else
                report.Write(report.Unusable is null ? Console.Out : Console.Error);
            return report.Unusable is not null ? ExitCode.Usage : report.Findings.IsEmpty ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{target} cannot be read: {e.Message}");
            return ExitCode.Usage;
        }
    }

    private static async Task<LintSource?> OpenAsync(string target, CancellationToken ct) =>
        Uri.TryCreate(target, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? new WebLintSource(url.AbsoluteUri)
        : File.Exists(target) || Directory.Exists(target) ? await FolderLintSource.OpenAsync(target, ct)
        : null;

    /// <summary>A line a second on standard error.</summary>
    private static Action<int, int> Progress()
    {
        var (gate, told) = (new Lock(), Stopwatch.GetTimestamp());
        return (read, due) =>
        {
            lock (gate)
            {
                if (Stopwatch.GetElapsedTime(told) < Between)
                    return;
                told = Stopwatch.GetTimestamp();
            }

            Console.Error.WriteLine($"{read} of {due} segments read");
        };
    }
}
