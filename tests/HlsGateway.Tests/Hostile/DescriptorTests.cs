using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>.NET ends a process that needs a thread and has no file descriptor left. So none of what strangers open may take the last one.</summary>
public sealed class DescriptorTests
{
    private const int Limit = 1200;

    /// <summary>A sixteenth of what is shared out.</summary>
    private const int Sixteenth = (Limit - 512) / 16;

    [Fact]
    public async Task A_crowd_on_every_connection_leaves_descriptors_and_connected_viewers_play()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        origin.Answer("v/poster.jpg", Faults.Hang);
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, origin, Settings, program: await LimitedAsync(folder.Path, Limit));
        var viewer = await Viewer.StartAsync(gateway.Client);
        Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(0));

        // Each asks for a file that the origin holds back; more than there are connections, and of these more than are passed through.
        var crowd = new List<Socket>();
        try
        {
            for (var i = 0; i < Limit / 2; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(socket);
                await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
                try
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes("GET /watch/v/poster.jpg HTTP/1.1\r\nHost: h\r\n\r\n"));
                }
                catch (SocketException)
                {
                    // One too many: the server has closed it.
                }
            }
            await Eventually.IsTrueAsync(() => origin.Count("v/poster.jpg") >= 3 * Sixteenth, () => $"{origin.Count("v/poster.jpg")} files are passed through");
            await Eventually.IsTrueAsync(() => crowd.Count(IsClosed) >= (Limit / 2) - (12 * Sixteenth), () => $"{crowd.Count(IsClosed)} of {crowd.Count} connections were one too many");
            for (var segment = 1; segment < viewer.Segments.Count; segment++) Assert.Equal(HttpStatusCode.Found, await viewer.FetchAsync(segment));
            Assert.Equal(3 * Sixteenth, origin.Count("v/poster.jpg"));
            Assert.InRange(ProcessFigures.Descriptors(gateway.Id), 14 * Sixteenth, Limit - 16);
            Figures.Say("descriptors", $"{Limit} file descriptors, {crowd.Count} clients: {crowd.Count(IsClosed)} connections were one too many, {origin.Count("v/poster.jpg")} files passed through, {ProcessFigures.Descriptors(gateway.Id)} descriptors in use, and who was connected played on");
        }
        finally
        {
            foreach (var socket in crowd) socket.Dispose();
        }

        var next = await Eventually.GetAsync(async () =>
        {
            using var other = new HttpClient { BaseAddress = gateway.Address };
            try
            {
                return await Viewer.StartAsync(other);
            }
            catch (HttpRequestException)
            {
                // Until the server has seen that they are gone.
                return null;
            }
        }, "a new viewer's turn");
        for (var segment = 0; segment < next.Segments.Count; segment++)
        {
            using var answer = await gateway.Client.GetAsync(next.Segments[segment]);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        }

        using var api = new HttpClient { BaseAddress = gateway.Address };
        api.DefaultRequestHeaders.Authorization = new("Bearer", GatewayHost.TokenOf("admin"));
        foreach (var one in (Viewer[])[viewer, next])
        {
            JsonElement? report = null;
            await Eventually.IsTrueAsync(async () => (report = await Viewer.ReportAsync(api, one.Session))?.GetProperty("segments_fetched").GetInt32() >= one.Segments.Count, () => $"all segments are counted: {report}");
            Assert.Equal(one.Segments.Count, report!.Value.GetProperty("segments_fetched").GetInt32());
        }
    }

    [Fact]
    public async Task A_process_that_may_open_too_few_files_does_not_start_and_says_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var program = await LimitedAsync(folder.Path, 800);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayProcess.StartAsync(folder.Path, settings: Settings, program: program));
        Assert.Contains("ended with 78", failure.Message, StringComparison.Ordinal);
        Assert.Contains("The process may open 800 files; it needs 1024 at least. Raise the limit", failure.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
        ["Gateway:Roles:0"] = "gateway",
        ["Gateway:Roles:1"] = "studio",
        ["Gateway:ApiTokens:0:Token"] = GatewayHost.TokenOf("admin"),
        ["Gateway:ApiTokens:0:Role"] = "admin",
        ["Ledger:CommitTimeout"] = "00:00:10",
        ["Ledger:ReportTimeout"] = "00:00:30",
    };

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>The program, started with so many file descriptors and no way to raise their number.</summary>
    private static async Task<string> LimitedAsync(string folder, int descriptors)
    {
        var program = Path.Combine(folder, "limited");
        var most = descriptors.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec prlimit --nofile={most}:{most} dotnet '{typeof(Program).Assembly.Location}' \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }
}
