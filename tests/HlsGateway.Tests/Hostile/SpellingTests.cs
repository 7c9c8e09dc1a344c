using System.Net;
using System.Text;
using System.Text.Json;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hostile;

/// <summary>A video has one name however its address is spelled, and what the origin itself spells oddly still leads where it should.</summary>
public sealed class SpellingTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/";

    private LoopbackOrigin origin = null!;
    private GatewayHost host = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = Cdn,
            ["Gateway:Origin:FreshFor"] = "01:00:00",
        });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("ctl", "ctl", "%63tl", "c%74l", "%63%74%6C", "%63%74%6c")]
    [InlineData("a-._~1", "a-._~1", "a%2D%2E%5F%7E%31", "%61%2d.%5f%7e1")]
    [InlineData("%C3%A9t%20", "%C3%A9t%20", "%c3%a9t%20", "%c3%A9%74%20")]
    [InlineData("did:plc:abc/x@y", "did:plc:abc/x@y", "did%3Aplc%3aabc/x%40y", "%64id%3Aplc:abc/x@y")]
    [InlineData("a+b,c;d=(e)!$&'*", "a+b,c;d=(e)!$&'*", "a%2Bb%2Cc%3Bd%3D%28e%29%21%24%26%27%2A", "a%2bb,c%3bd=(e)%21$&'*")]
    public async Task One_video_in_many_spellings_is_one_fetch_one_session_and_one_row_of_the_reports(string asked, params string[] spellings)
    {
        SampleVideo.AddTo(origin, asked);
        string? session = null;
        foreach (var spelling in spellings)
        {
            var master = await TextAsync($"/watch/{spelling}/playlist.m3u8");
            session ??= Viewer.SessionOf(new Uri(host.Address, Viewer.Uris(master).Single()));
            // The session that began under one spelling goes on under every other.
            var media = await TextAsync($"/watch/{spelling}/720p/video.m3u8?session_id={session}&p=v");
            var segment = Viewer.Uris(media).First();
            Assert.Contains(session, segment, StringComparison.Ordinal);
            Assert.StartsWith($"{Cdn}{spelling}/720p/video0.ts", await LocationAsync($"/watch/{spelling}/720p/{segment}"), StringComparison.Ordinal);
        }

        Assert.Equal([$"/{asked}/720p/video.m3u8", $"/{asked}/playlist.m3u8"], origin.Requests.Select(r => r.PathAndQuery).Order(StringComparer.Ordinal));
        var report = await Viewer.ReportAsync(host.Api("analyst"), session!);
        Assert.Equal(4, report!.Value.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(spellings.Length, report.Value.GetProperty("segments_fetched").GetInt32());
        using var ranking = JsonDocument.Parse(await host.Api("analyst").GetStringAsync(new Uri("/api/analytics/videos", UriKind.Relative)));
        var row = ranking.RootElement.GetProperty("videos").EnumerateArray().Single();
        Assert.Equal(Uri.UnescapeDataString(asked), row.GetProperty("video").GetString());
        Assert.Equal(spellings.Length, row.GetProperty("impressions").GetInt32());
    }

    [Fact]
    public async Task An_origins_own_spelling_stays_in_its_playlist_and_in_the_redirect_and_is_counted_however_a_player_asks()
    {
        string[] own = ["a%7eb.ts", "%61.ts", "c%c3%a9.ts", "d%2Be.ts", "../7%320p/f.ts"];
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n72%30p/vide%6f.m3u8?q=%7e%2b\n");
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{string.Concat(own.Select(uri => $"#EXTINF:4,\n{uri}\n"))}#EXT-X-ENDLIST\n");
        var child = Viewer.Uris(await TextAsync("/watch/v/playlist.m3u8")).Single();
        Assert.StartsWith("72%30p/vide%6f.m3u8?q=%7e%2b&session_id=", child, StringComparison.Ordinal);
        var session = Viewer.SessionOf(new Uri(host.Address, child));

        var segments = Viewer.Uris(await TextAsync("/watch/v/" + child)).ToArray();
        Assert.Equal(own, segments.Select(segment => segment.Split('?')[0]));
        foreach (var segment in segments)
        {
            var target = segment.StartsWith("../", StringComparison.Ordinal) ? segment[3..] : "72%30p/" + segment;
            Assert.Equal($"{Cdn}v/{target.Split('?')[0]}", await LocationAsync("/watch/v/" + target));
        }

        // As a player that tidies addresses up asks for the first two.
        Assert.Equal($"{Cdn}v/720p/a~b.ts", await LocationAsync("/watch/v/720p/" + segments[0].Replace("%7e", "~", StringComparison.Ordinal)));
        Assert.Equal($"{Cdn}v/720p/a.ts", await LocationAsync("/watch/v/720p/" + segments[1].Replace("%61", "a", StringComparison.Ordinal)));

        var report = await Viewer.ReportAsync(host.Api("analyst"), session);
        Assert.Equal(4 * own.Length, report!.Value.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(own.Length + 2, report.Value.GetProperty("segments_fetched").GetInt32());
    }

    [Theory]
    [InlineData("%7et/a.ts")]
    [InlineData("%7Ex/a.b/c.ts")]
    [InlineData("s%75btitles/en.ts")]
    [InlineData("x/%7er/a.ts")]
    [InlineData("a.m3u%38")]
    public async Task An_origins_file_that_spells_a_name_of_ours_is_still_the_origins(string uri)
    {
        origin.Serve("v/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{uri}\n#EXT-X-ENDLIST\n");
        var segment = Viewer.Uris(await TextAsync("/watch/v/video.m3u8")).Single();
        Assert.Equal($"{Cdn}v/{uri}", await LocationAsync($"/watch/v/{segment}"));
        var report = await Viewer.ReportAsync(host.Api("analyst"), Viewer.SessionOf(new Uri(host.Address, segment)));
        Assert.Equal(4, report!.Value.GetProperty("watch_seconds").GetDouble());
    }

    [Fact]
    public async Task A_child_whose_query_was_stripped_begins_no_session_in_any_spelling()
    {
        SampleVideo.AddTo(origin, "v");
        await TextAsync("/watch/v/playlist.m3u8");
        foreach (var path in (string[])["v/720p/video.m3u8", "%76/720p/video.m3u8", "v/72%30p/vide%6F.m3u8"])
            Assert.Contains("session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&", await TextAsync("/watch/" + path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Captions_and_measurements_of_a_video_belong_to_its_name_in_every_spelling()
    {
        // A clock that stands still: what failed would else be tried again in a minute.
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(origin, configure: services => services.AddSingleton<TimeProvider>(new ManualClock()));
        SampleVideo.AddTo(origin, "did:plc:abc/x");
        using (var api = host.Api("editor"))
        using (var put = await api.PutAsync(new Uri("/api/videos/did%3Aplc%3Aabc%2F%78/subtitles/en", UriKind.Relative),
            new StringContent("WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n", Encoding.UTF8, "text/vtt")))
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);

        foreach (var spelling in (string[])["did:plc:abc/x", "did%3Aplc%3aabc/x", "%64id:plc:abc/%78"])
        {
            Assert.Contains("subtitles/en.m3u8", await TextAsync($"/watch/{spelling}/playlist.m3u8"), StringComparison.Ordinal);
            await TextAsync($"/watch/{spelling}/subtitles/en.m3u8?p=s");
        }

        // What it is measured on is read once, however often that fails.
        Assert.Equal(1, origin.Requests.Count(r => r.PathAndQuery.EndsWith("video0.ts", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("plain/a.ts", "plain/a.ts")]
    [InlineData("%41%7a%30%2d%2E%5f%7E", "Az0-._~")]
    [InlineData("%21%24%26%27%28%29%2a%2b%2c%3b%3d%3a%40", "!$&'()*+,;=:@")]
    [InlineData("%c3%a9%20%22%3c%3f%23%5b%7b%7c", "%C3%A9%20%22%3C%3F%23%5B%7B%7C")]
    [InlineData("a%2fb%5c%25%zz%4", "a%2Fb%5C%25%zz%4")]
    public void A_path_is_written_in_one_way(string path, string normal)
    {
        Assert.Equal(normal, WatchPath.Normal(path));
        Assert.Equal(normal, WatchPath.Normal(normal));
        if (WatchPath.IsAcceptable(path))
            Assert.Equal(normal, WatchPath.Of(WatchPath.Readable(path)));
    }

    private async Task<string> TextAsync(string target)
    {
        var answer = await AskAsync(target);
        Assert.True(answer.Status == 200, $"{target}: {answer.Text}");
        return answer.Text[(answer.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    private async Task<string> LocationAsync(string target)
    {
        var answer = await AskAsync(target);
        Assert.True(answer.Status == 302, $"{target}: {answer.Text}");
        return answer.Text.Split("\r\n").Single(line => line.StartsWith("Location: ", StringComparison.Ordinal))["Location: ".Length..];
    }

    // Bytes to a socket: an HTTP library would tidy the address up.
    private async Task<(int Status, string Text)> AskAsync(string target)
    {
        var (text, _) = await RawHttp.SendAsync(host.Address, $"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 ", text, StringComparison.Ordinal);
        return (int.Parse(text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), text);
    }
}
