using System.Diagnostics;
using System.Globalization;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>The nginx of deploy/nginx/nginx.conf, with any number of gateways behind it and a line in a log for each request.</summary>
internal sealed class Balancer : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly int cdn = FreePorts.Take();
    private readonly Process nginx;

    public Balancer(IEnumerable<Uri> gateways)
    {
        Address = new Uri($"http://127.0.0.1:{FreePorts.Take()}/");
        // Its workers are a user of their own where root starts it.
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        foreach (var name in (string[])["cache", "body", "proxy"])
            File.SetUnixFileMode(Directory.CreateDirectory(Path.Combine(folder.Path, name)).FullName, (UnixFileMode)0b111_111_111);
        Write(gateways);
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        nginx = Process.Start(new ProcessStartInfo(program, ["-e", Path.Combine(folder.Path, "nginx.err"), "-p", folder.Path, "-c", Path.Combine(folder.Path, "nginx.conf"), "-g", "daemon off;"]) { UseShellExecute = false })!;
    }

    public Uri Address { get; }

    /// <summary>Each request that was answered: its status, and the gateways it was sent to, in turn.</summary>
    public IReadOnlyList<(int Status, string[] Gateways)> Requests => File.Exists(Log)
        ? [.. File.ReadAllText(Log).Split('\n')[..^1].Select(line => line.Split(' ', 2)).Select(parts => (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1].Split(", ")))]
        : [];

    private string Log => Path.Combine(folder.Path, "access.log");

    public async Task StartedAsync()
    {
        using var client = NewPlayer();
        await Eventually.IsTrueAsync(async () =>
        {
            Assert.False(nginx.HasExited, "nginx has ended");
            try
            {
                using var answer = await client.GetAsync(new Uri("healthz/live", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "nginx answers");
    }

    /// <summary>Waits until a gateway has answered a request that came after this call.</summary>
    public Task AnsweredByAsync(Uri gateway)
    {
        var before = Requests.Count;
        return Eventually.IsTrueAsync(() => Requests.Skip(before).Any(request => request.Gateways[^1] == gateway.Authority), () => $"nginx sends requests to {gateway}");
    }

    /// <summary>Other gateways from now on, without a viewer noticing.</summary>
    public async Task ChangeAsync(IEnumerable<Uri> gateways)
    {
        Write(gateways);
        using var tell = Process.Start("kill", ["-HUP", nginx.Id.ToString(CultureInfo.InvariantCulture)]);
        await tell.WaitForExitAsync();
    }

    public HttpClient NewPlayer() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose()
    {
        if (!nginx.HasExited) nginx.Kill(entireProcessTree: true);
        nginx.WaitForExit();
        nginx.Dispose();
        folder.Dispose();
    }

    private void Write(IEnumerable<Uri> gateways)
    {
        var servers = gateways.Select(gateway => gateway.Authority).ToList();
        // The one is as many as there are, and what is said of each in words between @ has its place.
        var shipped = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "nginx", "nginx.conf"));
        var lines = shipped.Split('\n').Where(line => !line.Contains("@TWO@", StringComparison.Ordinal))
            .SelectMany(line => line.Contains("@ONE@", StringComparison.Ordinal) ? servers.Select(server => line.Replace("@ONE@", server, StringComparison.Ordinal)) : [line]);
        var all = string.Join('\n', lines)
            .Replace("@STATE@", folder.Path, StringComparison.Ordinal).Replace("@PORT@", $"127.0.0.1:{Address.Port}", StringComparison.Ordinal)
            .Replace("@CDN@", $"127.0.0.1:{cdn}", StringComparison.Ordinal).Replace("@S3@", "127.0.0.1:9", StringComparison.Ordinal)
            .Replace("access_log off;", $"log_format tries '$status $upstream_addr'; access_log {Log} tries;", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.Path, "nginx.conf"), all);
    }
}
