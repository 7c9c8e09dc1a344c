using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>The real program as a process of its own, so that it can be killed.</summary>
internal sealed class ChildGateway : IDisposable
{
    private const string Token = "admin-token-for-tests";
    private readonly Process process;

    private readonly System.Text.StringBuilder said;

    private ChildGateway(Process process, Uri address, System.Text.StringBuilder said) => (this.process, Address, this.said) = (process, address, said);

    /// <summary>Warnings and worse, as it wrote them so far.</summary>
    public string Said
    {
        get
        {
            lock (said) return said.ToString();
        }
    }

    public Uri Address { get; }

    public int Id => process.Id;

    /// <summary>Starts it and waits until it answers.</summary>
    public static Task<ChildGateway> StartAsync(string data, Uri origin, params string[] settings) =>
        StartAsync(data, origin, new Dictionary<string, string>(StringComparer.Ordinal), settings);

    public static Task<ChildGateway> StartAsync(string data, Uri origin, IReadOnlyDictionary<string, string> environment, params string[] settings) =>
        StartAsync(FreePorts.Take(), data, origin, environment, settings);

    /// <param name="port">That of a gateway which has ended; null: another.</param>
    public static Task<ChildGateway> StartAtAsync(int? port, string data, Uri origin, params string[] settings) =>
        StartAsync(port ?? FreePorts.Take(), data, origin, new Dictionary<string, string>(StringComparer.Ordinal), settings);

    private static async Task<ChildGateway> StartAsync(int port, string data, Uri origin, IReadOnlyDictionary<string, string> environment, string[] settings)
    {
        var address = new Uri($"http://127.0.0.1:{port}/");
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "HlsGateway.dll"), "--urls", address.AbsoluteUri, $"--Gateway:DataDirectory={data}",
                $"--ReverseProxy:Clusters:origin:Destinations:d1:Address={origin}", "--Gateway:Roles:0=gateway", "--Gateway:Roles:1=studio",
                $"--Gateway:ApiTokens:0:Token={Token}", "--Gateway:ApiTokens:0:Role=admin", "--Logging:LogLevel:Default=Warning",
                // What ships there would be probed and decoded at each start.
                "--Trailers:Folder=", "--Ledger:ReportTimeout=00:00:30", "--Ledger:EventRetention=3650.00:00:00",
            },
        };
        foreach (var setting in settings) start.ArgumentList.Add(setting);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var said = new System.Text.StringBuilder();
        DataReceivedEventHandler listen = (_, line) =>
        {
            lock (said) said.AppendLine(line.Data);
        };
        process.OutputDataReceived += listen;
        process.ErrorDataReceived += listen;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var child = new ChildGateway(process, address, said);
        using var client = child.NewApi();
        await Eventually.IsTrueAsync(async () =>
        {
            if (process.HasExited)
            {
                // What it said last comes after its end.
                await process.WaitForExitAsync();
                throw new InvalidOperationException($"The gateway ended with {process.ExitCode}: {child.Said}");
            }
            try
            {
                using var response = await client.GetAsync(new Uri("api/sessions?limit=1", UriKind.Relative));
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the child's first answer", TimeSpan.FromSeconds(180));
        return child;
    }

    public HttpClient NewApi()
    {
        var client = NewPlayer();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    public HttpClient NewPlayer() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>SIGKILL. Returns the exit code: 137 says that the kill did it.</summary>
    public int Kill()
    {
        process.Kill();
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Waits until it has ended by itself. Returns the exit code.</summary>
    /// <exception cref="TimeoutException">It has not.</exception>
    public async Task<int> EndedAsync(TimeSpan within)
    {
        await Eventually.IsTrueAsync(() => process.HasExited, "the child's end", within);
        return process.ExitCode;
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task<TimeSpan> TerminateAsync()
    {
        var watch = Stopwatch.StartNew();
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        return watch.Elapsed;
    }

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
    }
}
