using System.Net.Sockets;
using System.Text;
using HlsGateway.Media;
using HlsGateway.Tests.Trailers;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.Media;

/// <summary>What a program in the sandbox may leave in its folder, and what is made of it. The programs run where ffmpeg runs.</summary>
public sealed class UntrustedFolderTests(FfmpegFixture fixture) : IClassFixture<FfmpegFixture>
{
    private const int Most = 1 << 20;

    [Theory]
    [InlineData("ln -s /proc/self/environ out", "a symbolic link")]
    [InlineData("ln -s ../../session.key out", "a symbolic link")]
    [InlineData("echo x >other; ln -s other out", "a symbolic link")]
    [InlineData("ln -s nowhere out", "a symbolic link")]
    [InlineData("ln -s out out", "a symbolic link")]
    [InlineData("ln -s /dev/zero out", "a symbolic link")]
    [InlineData("echo x >other; ln other out", "a file with several names")]
    [InlineData("mkfifo out", "a pipe")]
    [InlineData("mkdir out", "a folder")]
    public async Task Only_a_regular_file_of_the_programs_own_is_a_result(string script, string what)
    {
        using var folder = await AfterAsync(script);
        Assert.Equal($"The program in the sandbox left {what} as 'out' instead of a file of its own.", Assert.Throws<SandboxException>(() => folder.Outputs.Open("out", Most)).Message);
        Assert.Throws<SandboxException>(() => folder.Outputs.Find("out"));
        using var next = fixture.Sandbox.OpenFolder();
        Assert.Throws<SandboxException>(() => next.Take(folder, "out"));
        Assert.Empty(next.Inputs);
    }

    [Theory]
    [InlineData("mkdir real; echo x >real/out; ln -s real in")]
    [InlineData("ln -s / in")]
    [InlineData("ln -s . in")]
    [InlineData("echo x >in")]
    [InlineData("mkfifo in")]
    [InlineData("mkdir in; ln -s /etc/passwd in/out")]
    public async Task No_component_of_a_name_is_a_link(string script)
    {
        using var folder = await AfterAsync(script);
        Assert.Throws<SandboxException>(() => folder.Outputs.Open("in/out", Most));
        Assert.Throws<SandboxException>(() => folder.Outputs.Find("in/out"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("../out")]
    [InlineData("in/../../out")]
    [InlineData("/etc/passwd")]
    [InlineData("in//out")]
    [InlineData("in/")]
    [InlineData("out\0.jpg")]
    public async Task A_name_that_leads_out_of_the_folder_is_none(string name)
    {
        using var folder = await AfterAsync("mkdir in; echo x >out; echo x >in/out");
        Assert.Throws<SandboxException>(() => folder.Outputs.Find(name));
        Assert.Throws<SandboxException>(() => folder.Outputs.Create(name));
        Assert.Throws<SandboxException>(() => folder.AddFolder(name));
    }

    [Fact]
    public async Task A_device_a_socket_and_another_users_file_are_refused()
    {
        using var folder = await AfterAsync("");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // A socket's address is short, a test's folder is not.
        var address = Path.Combine("/dev/shm", Path.GetRandomFileName());
        socket.Bind(new UnixDomainSocketEndPoint(address));
        if (Environment.IsPrivilegedProcess)
        {
            await TrailerWorkshop.RunAsync("bash", ["-c", $"mknod '{folder.Path}/device' c 1 5; echo secret >'{folder.Path}/others'; mv '{address}' '{folder.Path}/socket'"]);
            Assert.Contains("a device", Assert.Throws<SandboxException>(() => folder.Outputs.Open("device", Most)).Message, StringComparison.Ordinal);
            Assert.Contains("a file of another user", Assert.Throws<SandboxException>(() => folder.Outputs.Open("others", Most)).Message, StringComparison.Ordinal);
            Assert.Contains("a socket", Assert.Throws<SandboxException>(() => folder.Outputs.Open("socket", Most)).Message, StringComparison.Ordinal);
        }

        File.Delete(address);
    }

    [Fact]
    public async Task A_file_is_read_as_long_as_it_was_when_it_was_opened_or_not_at_all()
    {
        using var folder = await AfterAsync("head -c 100000 /dev/zero >out");
        var path = Path.Combine(folder.Path, "out");
        foreach (var length in (long[])[1_000_000, 10])
        {
            await using var file = folder.Outputs.Open("out", Most);
            Assert.Equal(100_000, file.Length);
            var first = new byte[5];
            await file.ReadExactlyAsync(first);
            using (var grown = File.OpenWrite(path)) grown.SetLength(length);
            await Assert.ThrowsAsync<SandboxException>(() => file.CopyToAsync(Stream.Null));
            Assert.Throws<SandboxException>(() => Drain(file));
            file.Position = 0;
            await Assert.ThrowsAnyAsync<Exception>(() => file.ReadAllAsync(Most, CancellationToken.None));
            using (var grown = File.OpenWrite(path)) grown.SetLength(100_000);
        }

        await using var whole = folder.Outputs.Open("out", Most);
        Assert.Equal(100_000, (await whole.ReadAllAsync(Most, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_file_larger_than_it_may_be_is_refused_unread()
    {
        using var folder = await AfterAsync("truncate -s 900M out");
        Assert.Equal($"The program in the sandbox wrote {900 << 20} bytes to 'out'; at most {Most} are allowed.", Assert.Throws<SandboxException>(() => folder.Outputs.Open("out", Most)).Message);
        await using var file = folder.Outputs.Find("out");
        await Assert.ThrowsAsync<SandboxException>(() => file!.ReadAllAsync(Most, CancellationToken.None));
    }

    [Fact]
    public async Task Nothing_is_written_to_or_changed_where_a_program_has_prepared_the_place()
    {
        var outside = Directory.CreateDirectory(Path.Combine(fixture.Root, Path.GetRandomFileName())).FullName;
        var canary = Path.Combine(outside, "canary");
        await File.WriteAllTextAsync(canary, "as it was");
        File.SetUnixFileMode(canary, UnixFileMode.UserRead);
        var mode = File.GetUnixFileMode(outside);
        using var folder = await AfterAsync($"ln -s {canary} in; ln -s {outside} rung; mkdir made; touch empty");
        foreach (var name in (string[])["in", "rung", "made", "empty"])
        {
            await Assert.ThrowsAsync<SandboxException>(() => folder.AddAsync(name, new MemoryStream("changed"u8.ToArray()), CancellationToken.None));
            await Assert.ThrowsAsync<SandboxException>(() => folder.LinkAsync(name, canary, CancellationToken.None));
            Assert.Throws<SandboxException>(() => folder.AddFolder(name));
        }

        Assert.Empty(folder.Inputs);
        Assert.Equal("as it was", await File.ReadAllTextAsync(canary));
        Assert.Equal((UnixFileMode.UserRead, mode), (File.GetUnixFileMode(canary), File.GetUnixFileMode(outside)));
    }

    [Fact]
    public async Task An_input_that_was_exchanged_is_no_input_any_more()
    {
        using var folder = fixture.Sandbox.OpenFolder();
        await folder.AddAsync("in", new MemoryStream("mine"u8.ToArray()), CancellationToken.None);
        // As a program does that only the network is kept from.
        File.Move(Path.Combine(folder.Path, "in"), Path.Combine(folder.Path, "gone"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "in"), "another's");
        Assert.Throws<SandboxException>(() => folder.OpenInput("in"));
        File.Move(Path.Combine(folder.Path, "gone"), Path.Combine(folder.Path, "in"), overwrite: true);
        using var reader = new StreamReader(folder.OpenInput("in"));
        Assert.Equal("mine", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task What_one_program_wrote_another_reads_in_a_folder_that_the_first_never_saw()
    {
        using var first = await AfterAsync("echo sound >out");
        using var second = fixture.Sandbox.OpenFolder();
        second.Take(first, "out");
        Assert.False(File.Exists(Path.Combine(first.Path, "out")));
        Assert.Equal("sound\n", await RunAsync(second, "cat out; echo changed >out"));
        Assert.Equal(6, second.LengthOf("out"));
    }

    [Theory]
    [InlineData("name=$(printf %0200d 0); for i in $(seq 60); do mkdir $name b; ln -s OUTSIDE b/link; cd $name; done; touch end")]
    [InlineData("mkdir $'\\xff\\xfe'; touch $'\\xff\\xfe/\\x80' $'\\xc3'; ln -s OUTSIDE $'\\xf0'")]
    [InlineData("mkdir -p in/deep; ln -s OUTSIDE in/deep/link; ln -s OUTSIDE link; mkfifo in/pipe")]
    [InlineData("mkdir -p a/b/c; touch a/b/c/d; chmod 000 a/b/c a/b a .")]
    public async Task Whatever_tree_was_left_is_removed_and_no_link_followed(string script)
    {
        var outside = Directory.CreateDirectory(Path.Combine(fixture.Root, Path.GetRandomFileName())).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "canary"), "here");
        var folder = await AfterAsync(script.Replace("OUTSIDE", outside, StringComparison.Ordinal));
        folder.Dispose();
        Assert.False(Directory.Exists(folder.Path));
        Assert.True(File.Exists(Path.Combine(outside, "canary")));
    }

    [Fact]
    public async Task A_child_that_left_its_group_is_gone_before_the_results_are_looked_at()
    {
        if (!Environment.IsPrivilegedProcess) return;
        var ffmpeg = fixture.With(IsolationKind.NoNetwork);
        using var folder = ffmpeg.Sandbox.OpenFolder();
        // One holds the pipes, one does not; both would go on writing.
        var (result, output) = await ffmpeg.Sandbox.RunAsync(
            "bash",
            ["-c", "(setsid sh -c 'echo $$ >held; while :; do echo x >>out; done') & (setsid sh -c 'echo $$ >free; sleep 600' </dev/null >/dev/null 2>&1) & until [ -s held ] && [ -s free ]; do sleep 0.02; done; echo done"],
            folder, ProcessLimits.Transcode, TimeSpan.FromMinutes(5), ReadAsync, CancellationToken.None);
        Assert.Equal("done\n", Encoding.UTF8.GetString(output));
        Assert.True(result.Succeeded);
        foreach (var name in (string[])["held", "free"])
        {
            var process = (await File.ReadAllTextAsync(Path.Combine(folder.Path, name))).Trim();
            Assert.False(Directory.Exists($"/proc/{process}") && !(await File.ReadAllTextAsync($"/proc/{process}/status")).Contains("State:\tZ", StringComparison.Ordinal), $"{name} runs on");
        }
    }

    /// <summary>A folder in which a script has run.</summary>
    private async Task<JobFolder> AfterAsync(string script)
    {
        var folder = fixture.Sandbox.OpenFolder();
        await RunAsync(folder, script);
        return folder;
    }

    private async Task<string> RunAsync(JobFolder folder, string script)
    {
        var (_, output) = await fixture.Sandbox.RunAsync("bash", ["-c", script], folder, ProcessLimits.Transcode, TimeSpan.FromMinutes(3), ReadAsync, CancellationToken.None);
        return Encoding.UTF8.GetString(output);
    }

    private static void Drain(Stream stream)
    {
        var buffer = new byte[4096];
        while (stream.Read(buffer) > 0)
        {
            // To its end.
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }
}
