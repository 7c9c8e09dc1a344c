using System.Globalization;
using System.Text.Json;
using HlsGateway.Lint;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Trailers;

/// <summary>Content whose sound comes apart from its picture: the trailer's timestamps go on where the content's end.</summary>
public sealed class ContinuingCopyTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Theory]
    [InlineData("ts")]
    [InlineData("aac")]
    public async Task S1_A_trailer_behind_demuxed_sound_goes_on_where_the_content_ends_and_running_sessions_keep_what_they_began_with(string sound)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await ServeAsync(origin, sound);
        var step = (int)Math.Ceiling(Math.Round(await EndAsync() * 10, 3));
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
        using var api = host.Api("editor");
        await UploadAsync(api, seconds: 4.2);
        using (var captions = await api.PutAsync("api/videos/show/subtitles/en", new StringContent("WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n")))
            captions.EnsureSuccessStatusCode();
        await ActivateAsync(api);

        // Without its own copy a session has the shared one, and the next ones what was made meanwhile.
        var masters = new List<string>();
        await Eventually.IsTrueAsync(
            async () =>
            {
                masters.Add(await host.Client.GetStringAsync("watch/show/playlist.m3u8"));
                return masters[^1].Contains($"-at{step}", StringComparison.Ordinal);
            },
            () => $"No session's trailer goes on where its content ends: {masters[^1]}");
        var uris = Renditions(masters[^1]);
        Assert.Equal(3, uris.Count);
        Assert.All(uris, uri => Assert.EndsWith($"-at{step}", new Uri(host.Address, uri).Query, StringComparison.Ordinal));
        Assert.False(GoesOn(await host.Client.GetStringAsync("watch/show/playlist.m3u8?trailer=interstitial")));

        var begins = new List<double>();
        foreach (var uri in uris.Where(uri => !uri.Contains("subtitles/", StringComparison.Ordinal)))
        {
            var url = new Uri(host.Address, "watch/show/" + uri);
            var text = await host.Client.GetStringAsync(url);
            Assert.Equal(text, await host.Client.GetStringAsync(url));
            var segments = Viewer.Uris(text[text.IndexOf("#EXT-X-DISCONTINUITY\n", StringComparison.Ordinal)..]).ToList();
            Assert.Equal(2, segments.Count);
            begins.Add(await FirstTimeAsync(host, new Uri(url, segments[0])));
        }

        Assert.All(begins, begin => Assert.Equal(step / 10.0, begin, 3));
        using var source = new WebLintSource(new Uri(host.Address, "watch/show/playlist.m3u8").AbsoluteUri);
        var report = await new StreamLint(source).CheckAsync("it", CancellationToken.None);
        Assert.Empty(report.Findings.Select(finding => finding.ToString()));

        // Who began with the shared copy keeps it, in every playlist.
        if (masters.Find(text => text.Contains("&p=v-ts", StringComparison.Ordinal) && !GoesOn(text)) is { } early)
        {
            var token = Viewer.SessionOf(new Uri(host.Address, "watch/show/" + Renditions(early)[0]));
            Assert.Equal(early, await host.Client.GetStringAsync($"watch/show/playlist.m3u8?session_id={token}"));
        }

        using var told = JsonDocument.Parse(await api.GetStringAsync("api/trailers"));
        var version = told.RootElement.GetProperty("trailers")[0].GetProperty("versions")[0];
        Assert.Equal(2, version.GetProperty("continuing").GetInt32());
        Assert.Equal(2, version.GetProperty("copies").GetArrayLength());
        using var check = await api.PostAsync("api/trailers/brand/check", null);
        using var verdict = JsonDocument.Parse(await check.Content.ReadAsStringAsync());
        Assert.Equal(2, verdict.RootElement.GetProperty("copies").GetInt32());
        // Each by itself, and what was found of it.
        var checkedCopies = verdict.RootElement.GetProperty("renditions").EnumerateArray().ToList();
        Assert.Equal(version.GetProperty("copies").EnumerateArray().Select(copy => copy.GetProperty("profile").GetString()).Order(StringComparer.Ordinal), checkedCopies.Select(copy => copy.GetProperty("profile").GetString()));
        Assert.All(checkedCopies, copy => Assert.Equal(0, copy.GetProperty("findings").GetArrayLength()));
        Assert.All(checkedCopies, copy => Assert.InRange(copy.GetProperty("longest_segment_seconds").GetDouble(), 0.1, 10));
    }

    /// <summary>As ffmpeg makes them: segments of 2 s sharp, and sound in whole AAC frames a little longer, both with a target duration of 2.</summary>
    [Fact]
    public async Task S3_Picture_and_sound_that_come_apart_declare_one_target_duration_in_a_session()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await ServeAsync(origin, "ts");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
        using var api = host.Api("editor");
        await UploadAsync(api, seconds: 1.5);
        await ActivateAsync(api);

        var uris = Renditions(await Eventually.GetAsync(
            async () => await host.Client.GetStringAsync("watch/show/playlist.m3u8") is var text && text.Contains("-ts-", StringComparison.Ordinal) ? text : null, "a session has the trailer"));

        Assert.Equal(2, uris.Count);
        foreach (var uri in uris)
        {
            var text = await host.Client.GetStringAsync("watch/show/" + uri);
            Assert.Contains("\n#EXT-X-TARGETDURATION:3\n", text, StringComparison.Ordinal);
            Assert.Contains("\n#EXT-X-DISCONTINUITY\n", text, StringComparison.Ordinal);
            Assert.Equal(text, await host.Client.GetStringAsync("watch/show/" + uri));
            // Without a trailer it stays as the origin says it.
            Assert.Contains("\n#EXT-X-TARGETDURATION:2\n", await host.Client.GetStringAsync("watch/show/" + uri.Split('?')[0]), StringComparison.Ordinal);
        }

        using var source = new WebLintSource(new Uri(host.Address, "watch/show/playlist.m3u8").AbsoluteUri);
        Assert.Empty((await new StreamLint(source).CheckAsync("it", CancellationToken.None)).Findings.Select(finding => finding.ToString()));
    }

    [Theory]
    [InlineData("Always", true)]
    [InlineData("Demuxed", false)]
    public async Task S1_Behind_muxed_content_it_goes_on_where_that_is_configured(string setting, bool goesOn)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25", "-bf", "2"], []);
        var step = (int)Math.Ceiling(Math.Round(await EndAsync() * 10, 3));
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "", ["Trailers:ContinueTimestamps"] = setting };
        await using var host = await GatewayHost.StartAsync(origin, settings);
        using var api = host.Api("editor");
        await UploadAsync(api, seconds: 2);
        await ActivateAsync(api);

        var profile = goesOn ? $"-d2-at{step}" : "-d2";
        var uri = await Eventually.GetAsync(
            async () => Renditions(await host.Client.GetStringAsync("watch/show/playlist.m3u8")).Find(uri => uri.EndsWith(profile, StringComparison.Ordinal)), "a session has the trailer");
        var url = new Uri(host.Address, "watch/show/" + uri);
        var text = await host.Client.GetStringAsync(url);
        var segment = Viewer.Uris(text[text.IndexOf("#EXT-X-DISCONTINUITY\n", StringComparison.Ordinal)..]).First();

        Assert.Equal(goesOn ? step / 10.0 : 1.4, await FirstTimeAsync(host, new Uri(url, segment)), 3);
    }

    private async Task UploadAsync(HttpClient api, double seconds)
    {
        using var upload = await api.PutAsync("api/trailers/brand", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: seconds))));
        upload.EnsureSuccessStatusCode();
    }

    /// <summary>The session's copy begins where the content ends. Looked for behind <c>p=</c> alone: a token may hold any letters.</summary>
    internal static bool GoesOn(string playlists) => playlists.Split("&p=").Skip(1).Any(copy => copy.Split('&', '"', '\n')[0].Contains("-at", StringComparison.Ordinal));

    private static async Task ActivateAsync(HttpClient api)
    {
        using var active = await api.PutAsync("api/trailers/active", new StringContent("{\"trailer\":\"brand\"}", System.Text.Encoding.UTF8, "application/json"));
        active.EnsureSuccessStatusCode();
    }

    private async Task ServeAsync(LoopbackOrigin origin, string sound)
    {
        await workshop.ServeAsync(origin, "show", ["-r", "25", "-bf", "2"], ["-an"]);
        if (sound == "ts")
        {
            await workshop.ServeAsync(origin, "show/sound", [], ["-vn"]);
        }
        else
        {
            var file = workshop["0.aac"];
            await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "sine=440:r=44100:d=4", "-c:a", "aac", "-f", "adts", file]);
            var frames = await File.ReadAllBytesAsync(file);
            var packed = HlsGateway.Content.AdtsFrames.Cut(frames, [0, 86, HlsGateway.Content.AdtsFrames.CountFrames(frames)], 44_100, 126_000) ?? throw new InvalidOperationException("no frames");
            origin.Serve("show/sound/0.aac", packed[0]);
            origin.Serve("show/sound/1.aac", packed[1]);
            origin.Serve("show/sound/v.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:1.996916,\n0.aac\n#EXTINF:2.043356,\n1.aac\n#EXT-X-ENDLIST\n");
        }

        origin.Serve(
            "show/playlist.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,URI=\"sound/v.m3u8\"\n" +
            "#EXT-X-STREAM-INF:BANDWIDTH=900000,AUDIO=\"a\"\nv.m3u8\n");
    }

    /// <summary>Seconds at which the content's last picture ends, as ffprobe tells: the sound ends before.</summary>
    private async Task<double> EndAsync()
    {
        var pictures = Directory.GetFiles(workshop["content-show"], "*.ts").Select(file => TrailerWorkshop.ProbeAsync(file, "-show_entries", "packet=pts_time"));
        return (await Task.WhenAll(pictures)).SelectMany(lines => lines).Max(line => double.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)) + 0.04;
    }

    private static List<string> Renditions(string master) =>
        [.. Viewer.Uris(master), .. master.Split('"').Where(part => part.Contains(".m3u8?", StringComparison.Ordinal) && !part.Contains('\n', StringComparison.Ordinal))];

    private async Task<double> FirstTimeAsync(GatewayHost host, Uri segment)
    {
        using var redirect = await host.Client.GetAsync(segment);
        Assert.Equal(302, (int)redirect.StatusCode);
        var bytes = await host.Client.GetByteArrayAsync(redirect.Headers.Location);
        if (segment.AbsolutePath.EndsWith(".aac", StringComparison.Ordinal))
            return (HlsGateway.Content.AdtsFrames.ReadTimestamp(bytes) ?? -1) / 90_000.0;
        var file = workshop[Guid.NewGuid().ToString("n") + ".ts"];
        await File.WriteAllBytesAsync(file, bytes);
        var times = await TrailerWorkshop.ProbeAsync(file, "-show_entries", "packet=pts_time");
        return times.Min(line => double.Parse(line.Split(',')[0], CultureInfo.InvariantCulture));
    }
}
