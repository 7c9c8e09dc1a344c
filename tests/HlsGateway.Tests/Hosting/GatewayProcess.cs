using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>The program as a child process: for what a host inside the test cannot show, such as kill -9 and standard output.</summary>
public sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output;

    private GatewayProcess(Process process, StringBuilder output, Uri address)
    {
        this.process = process;
        this.output = output;
        Address = address;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = address };
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public int Id => process.Id;

    /// <summary>137 says that SIGKILL ended it.</summary>
    public int ExitCode => process.ExitCode;

    public HttpClient Client { get; }

    /// <summary>Standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    /// <param name="settings">Configuration keys, passed on the command line.</param>
    /// <param name="environment">Added to the tests' own.</param>
    /// <param name="program">An executable of the program; null starts what was built beside the tests.</param>
    /// <param name="workingDirectory">Null: the top of the repository, where appsettings.json stands.</param>
    public static async Task<GatewayProcess> StartAsync(
        string dataDirectory, LoopbackOrigin? origin = null, IReadOnlyDictionary<string, string>? settings = null, int? port = null,
        IReadOnlyDictionary<string, string>? environment = null, string? program = null, string? workingDirectory = null)
    {
        var address = new Uri($"http://127.0.0.1:{port ?? FreePorts.Take()}/");
        var start = new ProcessStartInfo(program ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? Repository.Root,
        };
        if (program is null) start.ArgumentList.Add(typeof(Program).Assembly.Location);
        // An executable looks for .NET where installers put it, which need not be where the tests found theirs: three folders below it.
        else start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        start.ArgumentList.Add($"--urls={address.AbsoluteUri}");
        start.ArgumentList.Add($"--Gateway:DataDirectory={dataDirectory}");
        // Else each process would probe and decode the trailer that ships; a test's own setting comes later and wins.
        start.ArgumentList.Add("--Trailers:Folder=");
        if (origin is not null) start.ArgumentList.Add($"--ReverseProxy:Clusters:origin:Destinations:d1:Address={origin.Address.AbsoluteUri}");
        foreach (var (key, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal)) start.ArgumentList.Add($"--{key}={value}");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal)) start.Environment[name] = value;

        var output = new StringBuilder();
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        DataReceivedEventHandler append = (_, line) =>
        {
            lock (output) output.AppendLine(line.Data);
        };
        process.OutputDataReceived += append;
        process.ErrorDataReceived += append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var gateway = new GatewayProcess(process, output, address);
        try
        {
            await Eventually.IsTrueAsync(async () =>
            {
                if (process.HasExited)
                {
                    // What it said last comes after its end.
                    await process.WaitForExitAsync();
                    throw new InvalidOperationException($"The gateway ended with {process.ExitCode}:\n{gateway.Output}");
                }
                try
                {
                    return (await gateway.Client.GetAsync(new Uri("/healthz/live", UriKind.Relative))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, "the child process answers", TimeSpan.FromSeconds(180));
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL: nothing is flushed, nothing is told.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a service manager sends it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync(TimeSpan within)
    {
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(within);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited) await KillAsync();
        process.Dispose();
    }
}
