using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.Media;

/// <summary>
/// A probe program runs where ffmpeg runs and tries what a broken decoder would try. Each denial has a twin that shows
/// that the same program can do it outside, so a typing error cannot pass for a wall.
/// </summary>
public sealed class ConfinementTests(FfmpegFixture fixture) : IClassFixture<FfmpegFixture>
{
    private static readonly ProcessLimits Roomy = ProcessLimits.Transcode;

    [Fact]
    public async Task The_machine_that_runs_these_tests_isolates() =>
        Assert.Equal(IsolationKind.Bubblewrap, (await fixture.Sandbox.ConfinementAsync()).Kind);

    [Theory]
    [InlineData(IsolationKind.Bubblewrap)]
    [InlineData(IsolationKind.NoNetwork)]
    internal async Task A_socket_reaches_nobody(IsolationKind kind)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var connect = $"exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached";

        Assert.Equal("reached", await OutsideAsync(connect));
        Assert.True(listener.Pending());
        using (await listener.AcceptTcpClientAsync())
        {
        }

        var (_, output) = await InsideAsync(connect, Roomy, kind);
        Assert.DoesNotContain("reached", output, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_file_outside_the_folder_is_not_there()
    {
        var canary = Path.Combine(fixture.Root, "canary");
        await File.WriteAllTextAsync(canary, "secret");
        Assert.Equal("secret", await OutsideAsync($"cat {canary}"));
        var (_, output) = await InsideAsync($"cat {canary}; cat /proc/self/environ; ls /etc/passwd /root /home /var", Roomy);
        Assert.Equal("", output);
    }

    [Fact]
    public async Task Nothing_is_written_but_in_the_folder_and_inputs_stay_as_they_are()
    {
        using var folder = fixture.Sandbox.OpenFolder();
        await folder.AddAsync("input", new MemoryStream("upload"u8.ToArray()), CancellationToken.None);
        var (result, output) = await InsideAsync(
            folder, "echo x > out && echo made; echo x > input && echo changed; rm -f input && echo removed; echo x > /usr/x && echo usr; echo x > /x && echo root; echo x > /tmp/x && echo tmp", Roomy);
        Assert.Equal("made", output.Trim());
        Assert.Equal("upload", await File.ReadAllTextAsync(Path.Combine(folder.Path, "input")));
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(folder.Path, "out")));
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task Our_environment_and_our_processes_are_out_of_sight()
    {
        Environment.SetEnvironmentVariable("HLSGATEWAY_TEST_SECRET", "secret");
        var (_, output) = await InsideAsync($"env; kill -0 {Environment.ProcessId} && echo sees; id -u", Roomy);
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        Assert.DoesNotContain("sees", output, StringComparison.Ordinal);
        if (Environment.IsPrivilegedProcess)
            Assert.NotEqual("0", output.Trim().Split('\n')[^1]);
    }

    [Fact]
    public async Task Memory_is_bounded()
    {
        const string take = "head -c 100000000 /dev/zero | tail -c 100000000 | wc -c";
        Assert.Equal("100000000", (await InsideAsync(take, Roomy)).Output.Trim());
        var (_, output) = await InsideAsync(take, Roomy with { AddressSpace = 50 << 20 });
        Assert.DoesNotContain("100000000", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processor_time_is_bounded()
    {
        var clock = Stopwatch.StartNew();
        var (result, _) = await InsideAsync("while :; do :; done", Roomy with { CpuSeconds = 1 });
        Assert.Equal(128 + Native.SigKill, result.ExitCode);
        Assert.False(result.TimedOut);
        // By a second of the processor's time, not by the deadline.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(120));
    }

    [Fact]
    public async Task A_file_has_a_greatest_size()
    {
        using var folder = fixture.Sandbox.OpenFolder();
        var (result, _) = await InsideAsync(folder, "head -c 3000000 /dev/zero > big", Roomy with { FileSize = 1 << 20 });
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal(1 << 20, new FileInfo(Path.Combine(folder.Path, "big")).Length);
    }

    [Fact]
    public async Task Processes_are_bounded()
    {
        const string fork = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 2 & done; echo all";
        Assert.Equal("all", (await InsideAsync(fork, Roomy)).Output.Trim());
        // Another job's processes count for nothing: its user is another.
        using var other = fixture.Sandbox.OpenFolder();
        using var end = new CancellationTokenSource();
        var crowd = fixture.Sandbox.RunAsync(
            "bash", ["-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; touch up; wait"], other, Roomy, TimeSpan.FromSeconds(60), ReadAsync, end.Token);
        await Eventually.IsTrueAsync(() => File.Exists(Path.Combine(other.Path, "up")), "the other job runs");
        var most = Environment.IsPrivilegedProcess ? 8 : 1;
        Assert.DoesNotContain("all", (await InsideAsync(fork, Roomy with { Processes = most })).Output, StringComparison.Ordinal);
        if (Environment.IsPrivilegedProcess)
            Assert.Equal("few", (await InsideAsync("sleep 0.1 & sleep 0.1 & wait; echo few", Roomy with { Processes = most })).Output.Trim());
        await end.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => crowd);
    }

    [Fact]
    public async Task The_deadline_kills_the_whole_group_that_ignores_sigterm()
    {
        using var folder = fixture.Sandbox.OpenFolder();
        var clock = Stopwatch.StartNew();
        var (result, _) = await fixture.Sandbox.RunAsync(
            "bash", ["-c", "trap '' TERM; (trap '' TERM; sleep 600) & sleep 600"], folder, Roomy, TimeSpan.FromMilliseconds(500), ReadAsync, CancellationToken.None);
        Assert.True(result.TimedOut);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(120));
    }

    /// <summary>A gigabyte with SOAK=1.</summary>
    [Fact]
    public async Task Complaints_without_end_are_drained_and_their_tail_kept()
    {
        var bytes = Environment.GetEnvironmentVariable("SOAK") == "1" ? 1_000_000_000 : 100_000_000;
        using var folder = fixture.Sandbox.OpenFolder();
        var (result, _) = await InsideAsync(folder, $"head -c {bytes} /dev/zero >&2; echo >&2; echo the end >&2; exit 3", Roomy);
        Assert.Equal(3, result.ExitCode);
        Assert.Equal("the end", result.Reason);
        Assert.InRange(result.StderrTail.Length, 1, 8 << 10);
    }

    [Fact]
    public void Complaints_without_end_are_not_kept_in_memory()
    {
        using var complaints = new Complaints(100_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        // A stream that has everything at once is read to its end on this thread.
        var read = ProgramOutput.TailAsync(complaints, 8 << 10);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Equal(0, complaints.Left);
        Assert.InRange(allocated, 1, 1 << 20);
    }

    [Fact]
    public async Task Cancelling_ends_the_run_at_once()
    {
        using var folder = fixture.Sandbox.OpenFolder();
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAsync<OperationCanceledException>(() => fixture.Sandbox.RunAsync(
            "sleep", ["60"], folder, Roomy, TimeSpan.FromSeconds(60), ReadAsync, cancel.Token));
    }

    [Fact]
    public async Task A_machine_that_refuses_isolation_is_told_apart()
    {
        Assert.Equal(IsolationKind.None, (await fixture.With(IsolationKind.None).Sandbox.ConfinementAsync()).Kind);
        Assert.Equal(IsolationKind.NoNetwork, (await fixture.With(IsolationKind.NoNetwork).Sandbox.ConfinementAsync()).Kind);
    }

    [Fact]
    public void A_later_start_removes_what_a_dead_process_left_and_nothing_else()
    {
        var root = Path.Combine(fixture.Root, "sweep");
        var dead = Directory.CreateDirectory(Path.Combine(root, $"{int.MaxValue}-0123")).FullName;
        var alive = Directory.CreateDirectory(Path.Combine(root, "1-0123")).FullName;
        // A container that starts again has the process ids of the one before.
        var namesake = Directory.CreateDirectory(Path.Combine(root, $"{Environment.ProcessId}-0123")).FullName;
        Directory.SetLastWriteTimeUtc(namesake, DateTime.UtcNow.AddDays(-1));
        var own = Directory.CreateDirectory(Path.Combine(root, $"{Environment.ProcessId}-4567")).FullName;
        JobFolder.SweepLeftovers(root);
        Assert.False(Directory.Exists(dead));
        Assert.False(Directory.Exists(namesake));
        Assert.True(Directory.Exists(alive));
        Assert.True(Directory.Exists(own));
    }

    [Fact]
    public async Task Starts_that_remove_the_same_leftovers_at_once_do_not_fail()
    {
        var root = Path.Combine(fixture.Root, "sweep-at-once");
        for (var round = 0; round < 20; round++)
        {
            for (var k = 0; k < 10; k++)
                Directory.CreateDirectory(Path.Combine(root, $"{int.MaxValue}-{k:x4}", "inside"));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => JobFolder.SweepLeftovers(root))));
            // Two that got in each other's way leave the rest to the next start.
            JobFolder.SweepLeftovers(root);
            Assert.Empty(Directory.GetDirectories(root));
        }
    }

    private async Task<(ProgramResult Result, string Output)> InsideAsync(string script, ProcessLimits limits, IsolationKind kind = IsolationKind.Bubblewrap)
    {
        var ffmpeg = fixture.With(kind);
        using var folder = ffmpeg.Sandbox.OpenFolder();
        var (result, output) = await ffmpeg.Sandbox.RunAsync(
            "bash", ["-c", script], folder, limits, TimeSpan.FromMinutes(3), ReadAsync, CancellationToken.None);
        return (result, Encoding.UTF8.GetString(output));
    }

    private async Task<(ProgramResult Result, string Output)> InsideAsync(JobFolder folder, string script, ProcessLimits limits)
    {
        var (result, output) = await fixture.Sandbox.RunAsync(
            "bash", ["-c", script], folder, limits, TimeSpan.FromMinutes(3), ReadAsync, CancellationToken.None);
        return (result, Encoding.UTF8.GetString(output));
    }

    private static async Task<string> OutsideAsync(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Trim();
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    private sealed class Complaints(int bytes) : MemoryStream
    {
        public int Left { get; private set; } = bytes;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = Math.Min(buffer.Length, Left);
            buffer.Span[..read].Fill((byte)'x');
            Left -= read;
            return new(read);
        }
    }
}
