using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>The program as it was built, on a loopback port of its own, with an empty folder of its own that goes with it.</summary>
internal sealed partial class GatewayProcess : IAsyncDisposable
{
    public const string Token = "admin-token-of-the-players-test";

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();

    private GatewayProcess(Process process, string folder)
    {
        this.process = process;
        Folder = folder;
        Api = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
        Api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address => Api.BaseAddress!;

    /// <summary>The data directory is <c>data</c> in it.</summary>
    public string Folder { get; }

    /// <summary>With the admin token.</summary>
    public HttpClient Api { get; }

    /// <summary>Milliseconds of processor time that the program has taken so far.</summary>
    public double ProcessorMs
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalMilliseconds;
        }
    }

    /// <summary>The last lines that the program said.</summary>
    public string Output => string.Join('\n', output);

    /// <param name="folder">An existing folder; <c>data</c> in it is the data directory.</param>
    /// <param name="settings">Configuration keys.</param>
    public static async Task<GatewayProcess> StartAsync(string folder, IEnumerable<(string Key, string Value)> settings)
    {
        List<string> arguments =
        [
            Places.Gateway, "--urls", "http://127.0.0.1:0", $"--Gateway:DataDirectory={Path.Combine(folder, "data")}",
            $"--Gateway:ApiTokens:0:Token={Token}", "--Gateway:ApiTokens:0:Role=admin",
            .. settings.Select(setting => $"--{setting.Key}={setting.Value}"),
        ];
        var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var gateway = new GatewayProcess(process, folder);
        try
        {
            await Until.TrueAsync(gateway.IsUpAsync, "the gateway answers", TimeSpan.FromMinutes(3));
            return gateway;
        }
        catch (TimeoutException late)
        {
            var said = gateway.Output;
            await gateway.DisposeAsync();
            throw new InvalidOperationException($"The gateway did not start:\n{said}", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Api.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task<bool> IsUpAsync()
    {
        if (process.HasExited) throw new InvalidOperationException($"The gateway ended with {process.ExitCode}:\n{Output}");
        if (Api.BaseAddress is null)
        {
            if (output.Select(line => ListeningOn().Match(line)).FirstOrDefault(match => match.Success) is not { } listening) return false;
            Api.BaseAddress = new Uri(listening.Groups["address"].Value + "/");
        }
        try
        {
            using var answer = await Api.GetAsync("healthz/live");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The system chose the port: one that was looked for beforehand may be somebody else's by now.</summary>
    [GeneratedRegex(@"Now listening on: (?<address>http://127\.0\.0\.1:\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ListeningOn();

    private void Keep(string? line)
    {
        if (line is null) return;
        output.Enqueue(line);
        while (output.Count > 200) output.TryDequeue(out _);
    }
}
