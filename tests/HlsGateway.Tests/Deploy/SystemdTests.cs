using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Telemetry;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Deploy;

/// <summary>The gateway as a service of systemd. That systemd takes the unit is looked at where the program is installed: <see cref="DebianPackageTests"/>.</summary>
public sealed class SystemdTests
{
    [Fact]
    public async Task It_tells_that_it_listens_that_it_lives_and_that_it_ends()
    {
        using var manager = new Manager();
        // No value that a slow machine would miss: the test waits for what is told, and nobody ends the gateway for being late.
        await using var gateway = await manager.StartAsync();
        Assert.Equal("READY=1", await manager.HearAsync());
        Assert.Equal("WATCHDOG=1", await manager.HearAsync());
        Assert.Equal("WATCHDOG=1", await manager.HearAsync());
        Assert.Equal(0, await gateway.TerminateAsync(TimeSpan.FromSeconds(90)));
        string last;
        do last = await manager.HearAsync();
        while (last == "WATCHDOG=1");
        Assert.Equal("STOPPING=1", last);
    }

    [Fact]
    public async Task A_watchdog_that_is_meant_for_another_process_is_not_answered()
    {
        using var manager = new Manager();
        await using var gateway = await manager.StartAsync(("WATCHDOG_PID", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        Assert.Equal("READY=1", await manager.HearAsync());
        Assert.Equal(0, await gateway.TerminateAsync(TimeSpan.FromSeconds(90)));
        Assert.Equal("STOPPING=1", await manager.HearAsync());
    }

    [Fact]
    public async Task A_server_that_takes_connections_and_answers_nobody_is_not_called_alive()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var check = new LiveCheck($"http://{listener.LocalEndpoint}", TimeSpan.FromMilliseconds(200));
        Assert.False(await check.IsAnsweredAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Where_nobody_listens_there_is_no_life()
    {
        using var folder = new TemporaryFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = Path.Combine(folder.Path, "socket");
        listener.Bind(new UnixDomainSocketEndPoint(path));
        // Bound, and not listening: refused.
        using var check = new LiveCheck($"http://unix:{path}", TimeSpan.FromSeconds(90));
        Assert.False(await check.IsAnsweredAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("")]
    public async Task A_server_that_is_full_lives(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // An address of every interface is asked at the loopback.
        using var check = new LiveCheck($"http://0.0.0.0:{((IPEndPoint)listener.LocalEndpoint).Port}", TimeSpan.FromSeconds(90));
        var asked = check.IsAnsweredAsync(CancellationToken.None);
        // A connection that ends without an answer is tried again.
        while (!asked.IsCompleted)
        {
            var next = listener.AcceptTcpClientAsync();
            if (await Task.WhenAny(asked, next) != next) break;
            using var connection = await next;
            // Read first: what is closed with bytes unread is reset, which is another sign of life.
            Assert.NotEqual(0, await connection.GetStream().ReadAsync(new byte[4096]));
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
        Assert.True(await asked);
    }

    [Fact]
    public async Task The_unit_leaves_little_open_and_what_the_sandbox_needs()
    {
        var unit = Path.Combine(Repository.Root, "deploy", "systemd", "hlsgateway.service");
        // In tenths: 2.6 with systemd 252. What is left is the network, and the namespaces of ffmpeg's sandbox.
        var (code, said, errors) = await ProgramTests.RunAsync("systemd-analyze", ["security", "--offline=true", "--no-pager", "--threshold=30", unit], Repository.Root);
        Assert.True(code == 0, said + errors);
        Assert.Contains("Overall exposure level for hlsgateway.service: ", said, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(unit);
        Assert.Contains("Type=notify", lines);
        Assert.Contains("WatchdogSec=30s", lines);
        Assert.Contains("LimitNOFILE=65536", lines);
        Assert.Contains(lines, line => line.StartsWith("RestrictNamespaces=", StringComparison.Ordinal) && ((string[])["user", "mnt", "net", "pid", "ipc", "uts", "cgroup"]).All(kind => line.Split('=', ' ').Contains(kind)));
        Assert.DoesNotContain(lines, line => line.StartsWith("MemoryDenyWriteExecute", StringComparison.Ordinal));
    }

    /// <summary>Hears what a service tells systemd.</summary>
    private sealed class Manager : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly string path;

        public Manager()
        {
            path = Path.Combine(folder.Path, "notify");
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }

        public Task<GatewayProcess> StartAsync(params (string Name, string Value)[] more)
        {
            var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "3000000" };
            foreach (var (name, value) in more) environment[name] = value;
            return GatewayProcess.StartAsync(Path.Combine(folder.Path, "data"), environment: environment);
        }

        public async Task<string> HearAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            var buffer = new byte[256];
            return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
        }

        public void Dispose()
        {
            socket.Dispose();
            folder.Dispose();
        }
    }
}
