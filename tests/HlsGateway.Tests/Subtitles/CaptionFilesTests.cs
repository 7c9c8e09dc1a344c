using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Subtitles;

/// <summary>Caption files as editors have them: what a player gets of each, or the line that the editor is shown.</summary>
public sealed class CaptionFilesTests(CaptionFilesTests.OneHost one) : IClassFixture<CaptionFilesTests.OneHost>
{
    private const string Head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:133200,LOCAL:00:00:00.000\n\n";

    /// <summary>The windows of 10.8 s of content, as their segments name them: start and length.</summary>
    private static readonly string[] Windows = ["0-4000", "4000-4000", "8000-2800"];

    private readonly string video = $"video_{Guid.NewGuid():n}";

    /// <summary>File, then for each window the cues of its segment.</summary>
    public static TheoryData<string, string, string[]> Served => new()
    {
        { "BOM", "\uFEFFWEBVTT\n\n00:01.000 --> 00:02.000\nä\n", ["00:00:01.000 --> 00:00:02.000\nä\n\n", "", ""] },
        { "CRLF", "WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nA\r\nB\r\n\r\n00:05.000 --> 00:06.000\r\nC\r\n", ["00:00:01.000 --> 00:00:02.000\nA\nB\n\n", "00:00:05.000 --> 00:00:06.000\nC\n\n", ""] },
        { "lone CR", "WEBVTT\r\r00:01.000 --> 00:02.000\rA\r", ["00:00:01.000 --> 00:00:02.000\nA\n\n", "", ""] },
        { "BOM, CRLF, SRT commas", "\uFEFF1\r\n00:00:01,000 --> 00:00:02,500\r\nA\r\n\r\n2\r\n00:00:09,250 --> 00:00:10,000\r\nB\r\n", ["00:00:01.000 --> 00:00:02.500\nA\n\n", "", "00:00:09.250 --> 00:00:10.000\nB\n\n"] },
        { "SRT with a blank line inside", "1\n00:00:01,000 --> 00:00:02,000\nA\n\nB\n\n2\n00:00:02,000 --> 00:00:03,000\nC\n", ["00:00:01.000 --> 00:00:02.000\nA\nB\n\n00:00:02.000 --> 00:00:03.000\nC\n\n", "", ""] },
        { "commas under a WebVTT header", "WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nA\n", ["00:00:01.000 --> 00:00:02.000\nA\n\n", "", ""] },
        { "no header", "00:01.000 --> 00:02.000\nA\n", ["00:00:01.000 --> 00:00:02.000\nA\n\n", "", ""] },
        {
            "overlaps", "WEBVTT\n\n00:01.000 --> 00:03.000\nA\n\n00:02.000 --> 00:09.000\nB\n",
            ["00:00:01.000 --> 00:00:03.000\nA\n\n00:00:02.000 --> 00:00:09.000\nB\n\n", "00:00:02.000 --> 00:00:09.000\nB\n\n", "00:00:02.000 --> 00:00:09.000\nB\n\n"]
        },
        {
            "wrong order", "WEBVTT\n\n00:09.000 --> 00:10.000\nlast\n\n00:01.000 --> 00:02.000\nfirst\n\n00:05.000 --> 00:06.000\nmiddle\n",
            ["00:00:01.000 --> 00:00:02.000\nfirst\n\n", "00:00:05.000 --> 00:00:06.000\nmiddle\n\n", "00:00:09.000 --> 00:00:10.000\nlast\n\n"]
        },
        { "past the end", "WEBVTT\n\n00:10.000 --> 00:20.000\nA\n\n00:30.000 --> 00:31.000\nB\n", ["", "", "00:00:10.000 --> 00:00:10.800\nA\n\n"] },
        { "script", "WEBVTT\n\n00:01.000 --> 00:02.000\n<script>alert(1)</script>\n", ["00:00:01.000 --> 00:00:02.000\n&lt;script>alert(1)&lt;/script>\n\n", "", ""] },
        { "event handler", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v onclick=alert(1)>A</v><img src=x onerror=alert(1)>\n", ["00:00:01.000 --> 00:00:02.000\n&lt;v onclick=alert(1)>A</v>&lt;img src=x onerror=alert(1)>\n\n", "", ""] },
        { "SRT with HTML", "1\n00:00:01,000 --> 00:00:02,000\n<font color=\"red\"><B>A</B></font><a href=\"javascript:x\">b</a>\n", ["00:00:01.000 --> 00:00:02.000\n<b>A</b>&lt;a href=\"javascript:x\">b&lt;/a>\n\n", "", ""] },
        { "style that loads", "WEBVTT\n\nSTYLE\n@import url(//evil);\n\nSTYLE\n::cue { background: url(//evil) }\n\n00:01.000 --> 00:02.000\nA\n", ["00:00:01.000 --> 00:00:02.000\nA\n\n", "", ""] },
        { "a map of its own", "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:9,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nX-TIMESTAMP-MAP=MPEGTS:9,LOCAL:00:00:00.000\nA\n", ["00:00:01.000 --> 00:00:02.000\nA\n\n", "", ""] },
        { "an arrow in the text", "WEBVTT\n\n00:01.000 --> 00:02.000\na --> b --<i>></i>\n", ["00:00:01.000 --> 00:00:02.000\na --&gt; b --<i>></i>\n\n", "", ""] },
    };

    [Theory]
    [MemberData(nameof(Served))]
    public async Task W6_A_file_that_can_be_read_is_served_right(string what, string file, string[] cues)
    {
        await one.PutAsync(video, Encoding.UTF8.GetBytes(file));
        for (var k = 0; k < Windows.Length; k++) Assert.True(await one.SegmentAsync(video, Windows[k]) == Head + cues[k], $"{what}, {Windows[k]}: {await one.SegmentAsync(video, Windows[k])}");
    }

    [Fact]
    public async Task W4_Of_five_thousand_cues_each_is_served_once_in_its_own_window()
    {
        var file = new StringBuilder("WEBVTT\n");
        for (var k = 0; k < 5000; k++) file.Append(CultureInfo.InvariantCulture, $"\n{Time(2 * k)} --> {Time((2 * k) + 2)}\ncue {k}\n");
        await one.PutAsync(video, Encoding.UTF8.GetBytes(file.ToString()));
        var served = new List<string>();
        foreach (var (window, count) in Windows.Zip((int[])[2000, 2000, 1000]))
        {
            var cues = (await one.SegmentAsync(video, window))[Head.Length..].Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(count, cues.Length);
            served.AddRange(cues);
        }

        Assert.Equal(Enumerable.Range(0, 5000).Select(k => $"{Time(2 * k)} --> {Time((2 * k) + 2)}\ncue {k}"), served);
    }

    /// <summary>File, line and a word of the reason.</summary>
    public static TheoryData<string, byte[], int, string> Refused => new()
    {
        { "end before start", Text("WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nA\r\n\r\n00:05.000 --> 00:04.000\r\nB\r\n"), 6, "ends before" },
        { "a wrong arrow", Text("1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:03,000 -> 00:00:04,000\nB\n"), 6, "cannot be read" },
        { "minutes over 59", Text("WEBVTT\n\n00:61:00.000 --> 00:62:00.000\nA\n"), 3, "cannot be read" },
        { "a hundred hours", Text("WEBVTT\n\n100:00:00.000 --> 100:00:01.000\nA\n"), 3, "cannot be read" },
        { "a cue of 4,001 characters", Text($"WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\n00:02.000 --> 00:03.000\n{new string('x', 4001)}\n"), 7, "4000 characters" },
        { "NUL", Text("WEBVTT\n\n00:05.000 --> 00:06.000\nA\0\n"), 4, "NUL" },
        { "Latin-1", [.. Text("WEBVTT\n\n00:05.000 --> 00:06.000\n"), 0xE4, (byte)'\n'], 4, "UTF-8" },
        { "UTF-16", Encoding.Unicode.GetBytes("\uFEFFWEBVTT\n\n00:05.000 --> 00:06.000\nA\n"), 1, "NUL" },
        { "no cue", Text("WEBVTT\n\nNOTE nothing\n"), 0, "no caption" },
        { "nothing", [], 0, "no caption" },
        { "a page", Text("<!DOCTYPE html>\n<html><body>404</body></html>\n"), 0, "no caption" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public Task W6_A_file_that_cannot_be_read_is_refused_with_line_and_reason_and_viewers_keep_what_they_had(string what, byte[] file, int line, string why) =>
        RefuseAsync(what, file, HttpStatusCode.UnprocessableEntity, line, why);

    /// <summary>Not among the others: what a theory is given is written out, byte by byte, for the runner.</summary>
    [Fact]
    public Task W6_Ten_megabytes_in_one_cue_are_refused_and_viewers_keep_what_they_had() =>
        RefuseAsync("10 MB in one cue", Text($"WEBVTT\n\n00:01.000 --> 00:02.000\n{new string('x', 10_000_000)}\n"), HttpStatusCode.RequestEntityTooLarge, 0, "1 MiB");

    private async Task RefuseAsync(string what, byte[] file, HttpStatusCode status, int line, string why)
    {
        await one.PutAsync(video, Text("WEBVTT\n\n00:01.000 --> 00:02.000\nas it was\n"));
        var before = await one.SegmentAsync(video, Windows[0]);
        using var answer = await one.SendAsync(video, file);
        Assert.True(answer.StatusCode == status, $"{what}: {answer.StatusCode}");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((what, line), (what, problem.GetProperty("line").GetInt32()));
        Assert.Contains(why, problem.GetProperty("reason").GetString(), StringComparison.Ordinal);
        if (line > 0) Assert.StartsWith($"line {line}: ", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("as it was", before, StringComparison.Ordinal);
        Assert.Equal(before, await one.SegmentAsync(video, Windows[0]));
    }

    private static byte[] Text(string file) => Encoding.UTF8.GetBytes(file);

    private static string Time(int ms) => string.Create(CultureInfo.InvariantCulture, $"00:00:{ms / 1000:00}.{ms % 1000:000}");

    /// <summary>One gateway for all files: each has a video of its own.</summary>
    public sealed class OneHost : IAsyncLifetime
    {
        private GatewayHost host = default!;
        private HttpClient editor = default!;

        public async Task InitializeAsync()
        {
            host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
            editor = host.Api("editor");
        }

        public async Task DisposeAsync()
        {
            editor.Dispose();
            await host.DisposeAsync();
        }

        internal async Task<HttpResponseMessage> SendAsync(string video, byte[] file)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri($"api/videos/{video}/subtitles/en", UriKind.Relative)) { Content = new ByteArrayContent(file) };
            // A refusal comes before the body is read; a client that is still sending might lose it.
            request.Headers.ExpectContinue = file.Length > 1 << 20;
            return await editor.SendAsync(request);
        }

        internal async Task PutAsync(string video, byte[] file)
        {
            using var put = await SendAsync(video, file);
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        }

        internal Task<string> SegmentAsync(string video, string window) =>
            host.Client.GetStringAsync(new Uri($"watch/{video}/subtitles/en/00000000/133200-10800/{window}.vtt", UriKind.Relative));
    }
}
