using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Lint;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Trailers;

/// <summary>A trailer before the content, and one that the player fetches by itself: what a session gets, and what of it is counted.</summary>
public sealed partial class PlacementTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    private const string Captions = "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n";

    [Theory]
    [InlineData("ts")]
    [InlineData("fmp4")]
    [InlineData("encrypted")]
    public async Task S5_W3_A_trailer_before_the_content_keeps_every_rule_and_the_contents_own_time(string kind)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await using var host = await StartAsync(origin, kind);
        using var api = host.Api("editor");
        await ActivateAsync(api, new { trailer = "brand", position = "pre" });
        var (master, media, captions) = await PlaylistsAsync(host, kind, "");

        // Trailer, discontinuity, content; content counts from its own beginning.
        Assert.Matches("(?s)~t/brand@.*#EXT-X-DISCONTINUITY\n.*v0\\.(ts|m4s)", media.Text);
        Assert.Single(Discontinuity().Matches(media.Text));
        Assert.Contains("&t=0&", media.Text[media.Text.IndexOf("v0.", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.EndsWith("#EXT-X-ENDLIST\n", media.Text, StringComparison.Ordinal);
        var windows = Viewer.Uris(captions.Text).ToList();
        Assert.Contains("/trailer/", windows[0], StringComparison.Ordinal);
        Assert.DoesNotContain(windows.Skip(1), window => window.Contains("/trailer/", StringComparison.Ordinal));
        var words = await host.Client.GetStringAsync(new Uri(captions.Url, windows[1]));
        Assert.Contains("00:00:00.500 --> 00:00:01.500\nHello", words, StringComparison.Ordinal);

        // The linter follows every segment, decrypts what is encrypted and compares the captions' clock with the picture's.
        using var source = new WebLintSource(master.AbsoluteUri);
        var report = await new StreamLint(source).CheckAsync("it", CancellationToken.None);
        Assert.Empty(report.Findings.Select(finding => finding.ToString()));
        Assert.Equal((3, 8), (report.Playlists, report.Segments));

        // A running session keeps its place, whatever an editor does and whichever playlist it asks for again.
        var token = Viewer.SessionOf(media.Url);
        var again = new Uri(host.Address, $"watch/{kind}/playlist.m3u8?session_id={token}");
        var before = await host.Client.GetStringAsync(again);
        await ActivateAsync(api, new { trailer = "brand", position = "post" });
        Assert.Equal(media.Text, await host.Client.GetStringAsync(media.Url));
        Assert.Equal(before, await host.Client.GetStringAsync(again));
        var (_, behind, _) = await PlaylistsAsync(host, kind, "");
        Assert.Matches("(?s)v0\\.(ts|m4s).*#EXT-X-DISCONTINUITY\n.*~t/brand@", behind.Text);

        await WatchAsync(host, media.Url, media.Text);
        using var analyst = host.Api();
        var session = await Eventually.GetAsync(async () => await Viewer.ReportAsync(analyst, token) is { } told && told.GetProperty("trailer_seconds").GetDouble() > 1.9 ? told.ToString() : null, "the session is counted");
        using var json = JsonDocument.Parse(session);
        Assert.Equal(4, json.RootElement.GetProperty("watch_seconds").GetDouble(), 0.1);
        Assert.Equal(2, json.RootElement.GetProperty("trailer_seconds").GetDouble(), 0.05);
    }

    [Theory]
    [InlineData("post", "POST")]
    [InlineData("pre", "PRE")]
    public async Task An_interstitial_is_announced_to_who_asks_and_its_segments_count_as_the_trailers(string position, string cue)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await using var host = await StartAsync(origin, "ts");
        using var api = host.Api("editor");
        await ActivateAsync(api, new { trailer = "brand", position });
        var (_, spliced, _) = await PlaylistsAsync(host, "ts", "");
        Assert.DoesNotContain("DATERANGE", spliced.Text, StringComparison.Ordinal);
        var (_, media, captions) = await PlaylistsAsync(host, "ts", "?trailer=interstitial");
        Assert.DoesNotContain("DISCONTINUITY", media.Text + captions.Text, StringComparison.Ordinal);
        var range = Range().Match(media.Text);
        Assert.True(range.Success, media.Text);
        Assert.Equal(cue, range.Groups["cue"].Value);
        Assert.StartsWith(host.Address + "watch/", range.Groups["asset"].Value, StringComparison.Ordinal);
        Assert.Single(ProgramDate().Matches(media.Text));
        Assert.Equal(media.Text, await host.Client.GetStringAsync(media.Url));
        // What a player asks of us is none of the origin's business.
        Assert.DoesNotContain(origin.Requests, request => request.PathAndQuery.Contains("interstitial", StringComparison.Ordinal));

        var assetUrl = new Uri(media.Url, range.Groups["asset"].Value + "&_HLS_primary_id=x&_HLS_start_offset=0");
        var asset = await host.Client.GetStringAsync(assetUrl);
        var segments = Viewer.Uris(asset).ToList();
        Assert.NotEmpty(segments);
        Assert.All(segments, segment => Assert.Contains("session_id=" + Viewer.SessionOf(media.Url), segment, StringComparison.Ordinal));
        using (var source = new WebLintSource(assetUrl.AbsoluteUri))
            Assert.Empty((await new StreamLint(source).CheckAsync("it", CancellationToken.None)).Findings.Select(finding => finding.ToString()));
        using var analyst = host.Api();
        var session = await Eventually.GetAsync(async () => await Viewer.ReportAsync(analyst, Viewer.SessionOf(media.Url)) is { } told && told.GetProperty("trailer_seconds").GetDouble() > 1.9 ? told.ToString() : null, "the trailer is counted");
        using var json = JsonDocument.Parse(session);
        Assert.Equal((0.0, 2.0), (json.RootElement.GetProperty("watch_seconds").GetDouble(), Math.Round(json.RootElement.GetProperty("trailer_seconds").GetDouble(), 1)));

        using var unknown = await host.Client.GetAsync(new Uri(assetUrl.AbsoluteUri.Replace("/asset.m3u8", "x/asset.m3u8", StringComparison.Ordinal)));
        Assert.Equal(404, (int)unknown.StatusCode);
        Assert.Equal("*", Assert.Single(unknown.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task An_interstitial_beside_demuxed_sound_is_a_master_playlist_and_configuration_may_ask_for_it()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await using var host = await StartAsync(origin, "demuxed", ("Trailers:Interstitial", "true"), ("Trailers:Position", "Pre"));
        using var api = host.Api("editor");
        var (_, media, _) = await PlaylistsAsync(host, "demuxed", "");
        var asset = new Uri(media.Url, Range().Match(media.Text).Groups["asset"].Value);
        Assert.Equal("PRE", Range().Match(media.Text).Groups["cue"].Value);
        using var source = new WebLintSource(asset.AbsoluteUri);
        var report = await new StreamLint(source).CheckAsync("it", CancellationToken.None);
        Assert.Empty(report.Findings.Select(finding => finding.ToString()));
        Assert.Equal((3, 2), (report.Playlists, report.Segments));
        var (_, stitched, _) = await PlaylistsAsync(host, "demuxed", "?trailer=stitched");
        Assert.Contains("#EXT-X-DISCONTINUITY\n", stitched.Text, StringComparison.Ordinal);
    }

    private async Task<GatewayHost> StartAsync(LoopbackOrigin origin, string kind, params (string Key, string Value)[] more)
    {
        string[] mux = kind switch
        {
            "fmp4" => ["-hls_segment_type", "fmp4"],
            "encrypted" => ["-hls_enc", "1", "-hls_enc_key", "0123456789abcdef", "-hls_enc_key_url", "key"],
            "demuxed" => ["-an"],
            _ => [],
        };
        await workshop.ServeAsync(origin, kind, ["-r", "25"], mux);
        origin.Serve($"{kind}/key", "0123456789abcdef"u8.ToArray());
        var sound = "";
        if (kind == "demuxed")
        {
            await workshop.ServeAsync(origin, "sound", [], ["-vn"]);
            var folder = workshop["content-sound"];
            foreach (var file in Directory.GetFiles(folder))
                origin.Serve($"demuxed/sound/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file));
            sound = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,URI=\"sound/v.m3u8\"\n";
        }

        origin.Serve($"{kind}/playlist.m3u8", $"#EXTM3U\n{sound}#EXT-X-STREAM-INF:BANDWIDTH=3000000{(sound.Length > 0 ? ",AUDIO=\"a\"" : "")}\nv.m3u8\n");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "", ["Trailers:Active"] = "brand" };
        foreach (var (key, value) in more)
            settings[key] = value;
        var host = await GatewayHost.StartAsync(origin, settings);
        using var api = host.Api("editor");
        using (var upload = await api.PutAsync("api/trailers/brand", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2)))))
            upload.EnsureSuccessStatusCode();
        using (var captions = await api.PutAsync($"api/videos/{kind}/subtitles/en", new StringContent(Captions)))
            captions.EnsureSuccessStatusCode();
        await Eventually.IsTrueAsync(async () => (await host.Client.GetStringAsync($"watch/{kind}/playlist.m3u8")).Contains("&p=v-", StringComparison.Ordinal), "a session gets the trailer");
        return host;
    }

    private static async Task<(Uri Master, (Uri Url, string Text) Media, (Uri Url, string Text) Captions)> PlaylistsAsync(GatewayHost host, string video, string query)
    {
        var master = new Uri(host.Address, $"watch/{video}/playlist.m3u8{query}");
        var text = await host.Client.GetStringAsync(master);
        var media = new Uri(master, Viewer.Uris(text).Single());
        var captions = new Uri(master, text.Split('"').Single(part => part.StartsWith("subtitles/", StringComparison.Ordinal)));
        return (master, (media, await host.Client.GetStringAsync(media)), (captions, await host.Client.GetStringAsync(captions)));
    }

    private static async Task WatchAsync(GatewayHost host, Uri media, string text)
    {
        foreach (var uri in Viewer.Uris(text))
        {
            using var answer = await host.Client.GetAsync(new Uri(media, uri));
            Assert.Equal(302, (int)answer.StatusCode);
        }
    }

    private static async Task ActivateAsync(HttpClient api, object body)
    {
        using var answer = await api.PutAsJsonAsync("api/trailers/active", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex("#EXT-X-DATERANGE:ID=\"brand@[0-9a-f]{8}\",CLASS=\"com.apple.hls.interstitial\",START-DATE=\"[^\"]+\",DURATION=2,CUE=\"(?<cue>[A-Z]+)\",X-ASSET-URI=\"(?<asset>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Range();

    [GeneratedRegex("#EXT-X-DISCONTINUITY\n", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Discontinuity();

    [GeneratedRegex("#EXT-X-PROGRAM-DATE-TIME:", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProgramDate();
}
