using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HlsGateway.Cdn.Logs;
using HlsGateway.CommandLine;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Cdn;

/// <summary><c>hlsgateway reconcile</c>: logs as CDNs write them, made of redirects that a real gateway answered.</summary>
public sealed class ReconcileTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    /// <summary>Before everything that a log may tell.</summary>
    private readonly DateTimeOffset earliest = DateTimeOffset.UtcNow;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.test/hls", ["Gateway:Cdn:SessionParameter"] = "sid" });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("combined", false)]
    [InlineData("combined", true)]
    [InlineData("fastly-combined", false)]
    [InlineData("cloudfront", true)]
    [InlineData("fastly", false)]
    [InlineData("bunny", false)]
    public async Task A_log_that_has_what_was_handed_out_agrees_and_every_difference_is_told(string format, bool zipped)
    {
        var (first, all) = await HandedOutAsync(segments: 5);
        var (second, some) = await HandedOutAsync(segments: 3);
        string[] right = [.. all, .. some];
        var (code, told) = await ReconcileAsync(Log(format, right), zipped);
        Assert.Equal(ExitCode.Done, code);
        Assert.Equal(format.Split('-')[^1], told.GetProperty("format").GetString());
        AssertFigures(told, sessions: 2, counted: 8, delivered: 8, agreement: 100, leaked: 0, notDelivered: 0);
        Assert.Equal((8, 8 * 1000), (told.GetProperty("statuses").GetProperty("200").GetInt32(), told.GetProperty("bytes").GetInt32()));

        // One counted and never delivered, one delivered twice, one without a session, one of a session that nobody began, one viewer without a session.
        var unknown = $"https://cdn.test/hls/v/720p/video0.ts?sid={Guid.CreateVersion7():N}-c";
        string[] wrong = [.. all[1..], .. some, some[0], "https://cdn.test/hls/v/720p/video0.ts", unknown, "https://cdn.test/hls/v/720p/video0.ts?sid=none"];
        (code, told) = await ReconcileAsync(Log(format, wrong), zipped);
        Assert.Equal(ExitCode.Failed, code);
        // 7 of 8 counted, and 3 past the gateway.
        AssertFigures(told, sessions: 3, counted: 8, delivered: 9, agreement: Math.Round(700.0 / 11, 3), leaked: 3, notDelivered: 1);
        Assert.Equal((1, 1, 1, 1), (Figure(told, "without_session"), Figure(told, "of_unknown_sessions"), Figure(told, "beyond_count"), Figure(told, "uncounted")));
        var worst = told.GetProperty("worst").EnumerateArray().ToDictionary(one => one.GetProperty("session_id").GetGuid());
        Assert.Equal((5, 4), (Figure(worst[first], "counted"), Figure(worst[first], "delivered")));
        Assert.Equal((3, 4), (Figure(worst[second], "counted"), Figure(worst[second], "delivered")));
    }

    [Fact]
    public async Task What_failed_and_what_came_in_parts_is_counted_as_viewers_saw_it()
    {
        var (session, all) = await HandedOutAsync(segments: 5);
        var log = Log("combined", all).Select((line, i) => i switch { 0 => line.Replace("\" 200 ", "\" 404 "), 1 => line.Replace("\" 200 ", "\" 503 "), 2 => line.Replace("\" 200 ", "\" 206 "), _ => line }).ToList();
        log.Add(log[2]);
        log.Add("not a line of any log");
        log.Add(log[3].Replace("GET ", "HEAD "));
        var (code, told) = await ReconcileAsync(log, zipped: false, "--all", "--least", "60");
        Assert.Equal(ExitCode.Done, code);
        AssertFigures(told, sessions: 1, counted: 5, delivered: 3, agreement: 60, leaked: 0, notDelivered: 2);
        Assert.Equal(1, Figure(told, "unreadable"));
        var one = told.GetProperty("worst")[0];
        Assert.Equal((session, 1, 1, 6000), (one.GetProperty("session_id").GetGuid(), Figure(one, "client_errors"), Figure(one, "server_errors"), Figure(one, "bytes")));
    }

    [Fact]
    public async Task Sessions_that_go_on_beyond_the_log_are_not_compared_and_an_export_in_a_file_will_do()
    {
        var (session, all) = await HandedOutAsync(segments: 2);
        var began = DateTimeOffset.UtcNow;
        var log = Log("combined", all);
        var export = Path.Combine(folder.Path, "sessions.ndjson");
        string Session(Guid id, int counted, DateTimeOffset until) => JsonSerializer.Serialize(new { session_id = id, segments_fetched = counted, first_at = began.UtcDateTime, last_at = until.UtcDateTime });
        await File.WriteAllLinesAsync(export, [Session(session, 2, began), "", Session(Guid.CreateVersion7(), 9, began.AddHours(1)), Session(Guid.CreateVersion7(), 0, began)]);
        var (code, told) = await ReconcileAsync(log, zipped: false, "--sessions", export);
        Assert.Equal(ExitCode.Done, code);
        AssertFigures(told, sessions: 1, counted: 2, delivered: 2, agreement: 100, leaked: 0, notDelivered: 0);
        Assert.Equal(1, Figure(told, "cut"));

        await File.WriteAllTextAsync(export, "{\"video\":\"v\"}\n");
        var (wrong, _, errors) = await Child.RunAsync(["reconcile", Path.Combine(folder.Path, "cdn.log"), "--sessions", export]);
        Assert.Equal(ExitCode.Usage, wrong);
        Assert.Contains("Line 1 is no session", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_in_a_line()
    {
        var file = Path.Combine(folder.Path, "other.log");
        await File.WriteAllTextAsync(file, "nothing\nof a kind\n");
        var (code, _, errors) = await Child.RunAsync(["reconcile", file]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("No line of the log tells a request.", errors, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(file, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff]);
        (code, _, errors) = await Child.RunAsync(["reconcile", file]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("is zipped and cannot be unzipped", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_does_not_grow_with_the_sessions_of_a_log()
    {
        using var table = new DeliveryTable();
        var line = new LogLine(0, "GET", "/v/0.ts", "", 200, 10);
        for (var i = 0; i < 60_000; i++)
        {
            table.Add(new Guid(i, 0, 0, new byte[8]), counts: true, line);
            table.Know(new Guid(i, 0, 0, new byte[8]), i == 31_000 ? 2 : 1, cut: false);
        }

        var first = table.All().First();
        Assert.Equal((new Guid(31_000, 0, 0, new byte[8]), 2, 1), (first.SessionId, first.Counted, first.Delivered));
        Assert.Equal(60_000, table.All().Count());
    }

    /// <summary>A viewer's session, and where its segments were redirected to.</summary>
    private async Task<(Guid Session, string[] Locations)> HandedOutAsync(int segments)
    {
        var viewer = await Viewer.StartAsync(host.Client);
        var locations = new List<string>();
        for (var i = 0; i < segments; i++)
        {
            using var answer = await host.Client.GetAsync(viewer.Segments[i]);
            locations.Add(answer.Headers.Location!.AbsoluteUri);
        }

        using var api = host.Api("analyst");
        var report = await Viewer.ReportAsync(api, viewer.Session);
        return (report!.Value.GetProperty("session_id").GetGuid(), [.. locations]);
    }

    private List<string> Log(string format, IEnumerable<string> urls)
    {
        var head = format == "cloudfront" ? ["#Version: 1.0", "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)"] : Array.Empty<string>();
        return [.. head, .. urls.Select((text, i) =>
        {
            var (url, now) = (new Uri(text), i == 0 ? earliest : DateTimeOffset.UtcNow);
            var clf = string.Create(CultureInfo.InvariantCulture, $"192.0.2.7 - - [{now:dd/MMM/yyyy:HH:mm:ss} +0000] \"GET {url.PathAndQuery} HTTP/1.1\" 200 1000");
            return format switch
            {
                "combined" => $"{clf} \"-\" \"player/1.0 [x] {{}}\"",
                "fastly-combined" => $"<134>{now:yyyy-MM-dd'T'HH:mm:ss'Z'} cache-fra1 cdn[4242]: {clf}",
                "cloudfront" => string.Join('\t', now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), now.ToString("HH:mm:ss", CultureInfo.InvariantCulture), "FRA2", "1000", "192.0.2.7", "GET", "d1.cloudfront.net", url.AbsolutePath, "200", "-", "player", url.Query.Length == 0 ? "-" : url.Query[1..], "-"),
                "fastly" => JsonSerializer.Serialize(new { timestamp = now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture), client_ip = "192.0.2.7", host = url.Host, url = url.PathAndQuery, request_method = "GET", response_status = 200, response_body_size = 1000 }),
                _ => $"HIT|200|{now.ToUnixTimeMilliseconds()}|1000|390|192.0.2.7|-|{text}|WA|player|322b688bd63fb63f2babe9de30a5d262|DE",
            };
        })];
    }

    private async Task<(int Code, JsonElement Told)> ReconcileAsync(IEnumerable<string> lines, bool zipped, params string[] more)
    {
        var file = Path.Combine(folder.Path, "cdn.log");
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        await using (var stream = File.Create(file))
        await using (var log = zipped ? (Stream)new GZipStream(stream, CompressionLevel.Fastest) : stream)
            await log.WriteAsync(bytes);
        var (code, output, errors) = await Child.RunAsync(["reconcile", file, "--json", "--url", host.Address.AbsoluteUri, .. more], ("HLSGATEWAY_TOKEN", GatewayHost.TokenOf("analyst")));
        Assert.Equal("", errors);
        Assert.DoesNotContain("192.0.2.7", output, StringComparison.Ordinal);
        return (code, JsonSerializer.Deserialize<JsonElement>(more.Contains("--all") ? output.TrimEnd('\n').Split('\n')[^1] : output));
    }

    private static void AssertFigures(JsonElement told, int sessions, int counted, int delivered, double agreement, int leaked, int notDelivered) => Assert.Equal(
        (sessions, counted, delivered, agreement, leaked, notDelivered),
        (Figure(told, "sessions"), Figure(told, "counted"), Figure(told, "delivered"), told.GetProperty("agreement_percent").GetDouble(), Figure(told, "leaked"), Figure(told, "not_delivered")));

    private static int Figure(JsonElement told, string name) => told.GetProperty(name).GetInt32();
}
