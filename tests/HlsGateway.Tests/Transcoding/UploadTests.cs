using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HlsGateway.Catalogue;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Transcoding;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Uploads through the real host: each ends as a stream or as a clear refusal.</summary>
public sealed class UploadTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>, IAsyncLifetime
{
    private static readonly string[] X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
    private GatewayHost host = default!;
    private HttpClient api = default!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Transcode:MaxDuration"] = "00:00:12",
            ["Transcode:MaxBytes"] = "3000000",
            ["Transcode:MaxSide"] = "1000",
            ["Transcode:Preset"] = "ultrafast",
            ["Transcode:Ladder:0"] = "90",
            ["Transcode:Ladder:1"] = "180",
        });
        api = host.Api("uploader");
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task An_upload_becomes_a_durable_source_and_a_ladder_on_one_grid()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30000/1001:d=9", "-f", "lavfi", "-i", "sine=d=7:r=44100", .. X264, "-c:a", "aac"]);
        using var accepted = await PutAsync("did:plc:a/b", file);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("/api/videos/did%3Aplc%3Aa%2Fb", accepted.Headers.Location!.ToString());

        var video = await EndAsync("did:plc:a/b");
        Assert.Equal("ready", video.GetProperty("status").GetString());
        Assert.Equal(9, video.GetProperty("duration_seconds").GetDouble(), 0.1);
        var store = host.Services.GetRequiredService<BlobStore>();
        var source = video.GetProperty("source");
        Assert.Equal(source.GetProperty("sha256").GetString(), await store.Sha256Async(source.GetProperty("key").GetString()!, CancellationToken.None));

        Assert.True(host.Services.GetRequiredService<PublishedVideos>().TryGet("did:plc:a/b", out var published));
        Assert.Equal(["90p/video.m3u8", "180p/video.m3u8"], published.Facts.Select(fact => fact.Path));
        Assert.Equal(["30000/1001", "30000/1001"], published.Facts.Select(fact => fact.Shape.FrameRate));
        // The preset of these tests makes no B-frames.
        Assert.Equal([0, 0], published.Facts.Select(fact => fact.Shape.Delay));
        Assert.InRange(published.Facts[0].EndPts ?? 0, published.Facts[0].FirstVideoPts + 90_000, published.Facts[0].FirstVideoPts + 900_000);
        var grids = await Task.WhenAll(published.Facts.Select(fact => TextAsync(store, published.KeyPrefix + fact.Path)));
        Assert.Equal(grids[0], grids[1]);
        var rows = grids[0].Split('\n').Where(line => line.StartsWith("#EXTINF", StringComparison.Ordinal)).ToList();
        Assert.Equal("#EXTINF:4.004000,", rows[0]);
        Assert.Equal(3, rows.Count);

        // Sound that ended two seconds early goes on as silence, and never past the picture.
        var last = await media.Ffmpeg.ProbeAsync((await store.OpenAsync(published.KeyPrefix + "180p/video2.ts", CancellationToken.None))!, ProbeAs.Ts, CancellationToken.None);
        Assert.NotNull(last.Audio);
        Assert.InRange(last.Seconds, 0.8, 1.3);

        var master = await TextAsync(store, published.KeyPrefix + "playlist.m3u8");
        Assert.Matches("BANDWIDTH=[0-9]+,AVERAGE-BANDWIDTH=[0-9]+,CODECS=\"avc1.[0-9a-f]{6},mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=29.970\n180p/video.m3u8", master);
        foreach (var name in (string[])["poster.jpg", "storyboard.jpg", "storyboard.vtt", "peaks.json"])
            Assert.True(await store.ExistsAsync(published.KeyPrefix + name, CancellationToken.None), name);
        Assert.Contains("00:00:00.000 --> 00:00:01.000\nstoryboard.jpg#xywh=0,0,160,90", await TextAsync(store, published.KeyPrefix + "storyboard.vtt"), StringComparison.Ordinal);
        await AssertNothingIsLeftAsync(store);
    }

    [Fact]
    public async Task A_second_upload_is_a_new_revision_and_the_old_one_stays_for_its_viewers()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        (await PutAsync("v", file)).Dispose();
        var first = (await EndAsync("v")).GetProperty("revision").GetString();
        (await PutAsync("v", file)).Dispose();
        var second = await Eventually.GetAsync(async () => (await EndAsync("v")).GetProperty("revision").GetString() is { } now && now != first ? now : null, "the second revision");
        var store = host.Services.GetRequiredService<BlobStore>();
        Assert.True(await store.ExistsAsync($"videos/v/{first}/playlist.m3u8", CancellationToken.None));
        Assert.True(await store.ExistsAsync($"videos/v/{second}/playlist.m3u8", CancellationToken.None));
    }

    public static TheoryData<string, string, string, int, int> Playable => new()
    {
        { "silent.mp4", "testsrc2=s=320x180:r=25:d=1", "-c:v libx264 -pix_fmt yuv420p", 320, 180 },
        { "portrait.mp4", "testsrc2=s=180x320:r=25:d=1", "-c:v libx264 -pix_fmt yuv420p", 180, 320 },
        { "odd.mkv", "testsrc2=s=201x151:r=25:d=1", "-c:v libx264 -pix_fmt yuv444p", 200, 150 },
        { "small.mp4", "testsrc2=s=64x48:r=25:d=1", "-c:v libx264 -pix_fmt yuv420p", 64, 48 },
        { "ten-bit.mp4", "testsrc2=s=320x180:r=25:d=1", "-c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=none", 320, 180 },
        { "vp8.webm", "testsrc2=s=320x180:r=25:d=1", "-c:v libvpx -b:v 500k", 320, 180 },
        { "mpeg2.mpg", "testsrc2=s=320x180:r=25:d=1", "-c:v mpeg2video", 320, 180 },
        { "prores.mov", "testsrc2=s=320x180:r=25:d=1", "-c:v prores", 320, 180 },
        { "one-frame.mp4", "testsrc2=s=320x180:r=25:d=0.04", "-c:v libx264 -pix_fmt yuv420p", 320, 180 },
        { "fast.mp4", "testsrc2=s=320x180:r=120:d=1", "-c:v libx264 -pix_fmt yuv420p", 320, 180 },
        { "vfr.mkv", "testsrc2=s=320x180:r=30:d=2", "-vf select='not(between(mod(n\\,20)\\,3\\,14))' -vsync vfr -c:v libx264 -pix_fmt yuv420p", 320, 180 },
        { "hdr.mkv", "testsrc2=s=320x180:r=25:d=1", "-c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=none -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc", 320, 180 },
        { "rotated.mp4", "testsrc2=s=320x180:r=25:d=1", "-c:v libx264 -pix_fmt yuv420p", 180, 320 },
        { "mono.mp4", "testsrc2=s=320x180:r=60:d=1", "-f lavfi -i sine=d=1 -ac 1 -c:a aac -c:v libx264 -pix_fmt yuv420p", 320, 180 },
        { "surround.mkv", "testsrc2=s=320x180:r=25:d=1", "-f lavfi -i anoisesrc=d=1:a=0.1 -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0 -c:a ac3 -c:v libx264 -pix_fmt yuv420p", 320, 180 },
    };

    [Theory]
    [MemberData(nameof(Playable))]
    public async Task What_people_have_becomes_a_stream(string name, string picture, string encoding, int width, int height)
    {
        var file = await media.MakeAsync(name, ["-f", "lavfi", "-i", picture, .. encoding.Split(' ')]);
        if (name.StartsWith("rotated", StringComparison.Ordinal)) file = await TurnedAsync(file);
        using var accepted = await PutAsync("zoo", file);
        Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        var video = await EndAsync("zoo");
        Assert.True(video.GetProperty("status").GetString() == "ready", video.ToString());
        var largest = video.GetProperty("renditions").EnumerateArray().Last();
        Assert.Equal((width, height), (largest.GetProperty("width").GetInt32(), largest.GetProperty("height").GetInt32()));
        Assert.True(host.Services.GetRequiredService<PublishedVideos>().TryGet("zoo", out var published));
        var sounds = name.StartsWith("surround", StringComparison.Ordinal) || name.StartsWith("mono", StringComparison.Ordinal) ? 2 : 0;
        Assert.All(published.Facts, fact => Assert.Equal(sounds, fact.Shape.Channels));
        var rate = largest.GetProperty("frame_rate").GetDouble();
        Assert.InRange(rate, 12, 60);
        await PlaysAsync("zoo", width, height, (int)Math.Round(video.GetProperty("duration_seconds").GetDouble() * rate), sounds > 0);
    }

    /// <summary>As a player does: Master Playlist, Media Playlist of the largest Rendition, each segment by its redirect; then every frame is decoded.</summary>
    private async Task PlaysAsync(string video, int width, int height, int frames, bool sound)
    {
        var master = new Uri(host.Address, $"watch/{video}/playlist.m3u8");
        var child = new Uri(master, Viewer.Uris(await host.Client.GetStringAsync(master)).Last());
        using var stream = new MemoryStream();
        foreach (var segment in Viewer.Uris(await host.Client.GetStringAsync(child)))
        {
            using var redirect = await host.Client.GetAsync(new Uri(child, segment));
            Assert.Equal(HttpStatusCode.Found, redirect.StatusCode);
            await stream.WriteAsync(await host.Client.GetByteArrayAsync(redirect.Headers.Location));
        }

        using var folder = media.Sandbox.OpenFolder();
        stream.Position = 0;
        await folder.AddAsync("in", stream, CancellationToken.None);
        string[] picture = ["-xerror", "-i", "file:in", "-map", "0:v", "-pix_fmt", "gray", "-f", "rawvideo", "picture"];
        var result = await media.Ffmpeg.RunAsync(
            new FfmpegJob(folder, [.. FfmpegFixture.Quiet, .. picture, .. sound ? (string[])["-map", "0:a", "-f", "s16le", "sound"] : []], TimeSpan.FromSeconds(60)), CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        // The last frame's own duration is not always in the playlist's.
        Assert.InRange(new FileInfo(Path.Combine(folder.Path, "picture")).Length / ((long)width * height), frames, frames + 1);
        Assert.Equal(sound, File.Exists(Path.Combine(folder.Path, "sound")) && new FileInfo(Path.Combine(folder.Path, "sound")).Length > 0);
    }

    [Theory]
    [InlineData("a.mkv", "srt", "ger")]
    [InlineData("a.mkv", "ass", "ger")]
    [InlineData("a.mp4", "mov_text", "ger")]
    [InlineData("a.webm", "webvtt", "deu")]
    public async Task Captions_in_the_upload_become_tracks_of_the_video_and_never_overwrite_an_editors(string name, string codec, string language)
    {
        using var editor = host.Api("editor");
        var mine = new StringContent("WEBVTT\n\n00:00.000 --> 00:01.000\nMine\n");
        (await editor.PutAsync(Rel("/api/videos/talk/subtitles/fr"), mine)).Dispose();
        var file = await WithCaptionsAsync(name, codec, [(language, "Deutsch (Film)"), ("fre", ""), ("eng", "")]);
        using var accepted = await PutAsync("talk", file);
        Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        Assert.Equal("ready", (await EndAsync("talk")).GetProperty("status").GetString());

        Assert.Contains("Hello", await editor.GetStringAsync(Rel("/api/videos/talk/subtitles/de")), StringComparison.Ordinal);
        Assert.Contains("Mine", await editor.GetStringAsync(Rel("/api/videos/talk/subtitles/fr")), StringComparison.Ordinal);
        Assert.Contains("00:00.500 --> 00:01.500", await editor.GetStringAsync(Rel("/api/videos/talk/subtitles/en")), StringComparison.Ordinal);
        await Eventually.IsTrueAsync(async () =>
        {
            var playlist = await host.Client.GetStringAsync(Rel("/watch/talk/playlist.m3u8"));
            // MP4 keeps no title of a track.
            var german = codec == "mov_text" ? "Deutsch" : "Deutsch (Film)";
            return playlist.Contains($"NAME=\"{german}\",LANGUAGE=\"de\"", StringComparison.Ordinal) && playlist.Contains("NAME=\"English\",LANGUAGE=\"en\"", StringComparison.Ordinal);
        }, "viewers get the tracks");
    }

    [Fact]
    public async Task A_later_upload_replaces_the_captions_that_an_earlier_one_brought_and_a_second_track_of_a_language_has_its_own_tag()
    {
        (await PutAsync("talk", await WithCaptionsAsync("a.mkv", "srt", [("eng", "")]))).Dispose();
        await EndAsync("talk");
        (await PutAsync("talk", await WithCaptionsAsync("a.mkv", "srt", [("eng", "Dialogue"), ("eng", "Songs"), ("", "")]))).Dispose();
        await EndAsync("talk");
        using var editor = host.Api("editor");
        var list = await editor.GetStringAsync(Rel("/api/videos/talk/subtitles"));
        foreach (var track in (string[])["\"en\"", "\"en-x-track2\"", "\"und\"", "\"Dialogue\"", "\"Songs\"", "\"Captions\""])
            Assert.Contains(track, list, StringComparison.Ordinal);
    }

    /// <summary>As a telephone held upright writes it: the picture lies, and the file says so.</summary>
    private async Task<byte[]> TurnedAsync(byte[] file)
    {
        using var folder = media.Sandbox.OpenFolder();
        await folder.AddAsync("in", new MemoryStream(file), CancellationToken.None);
        var result = await media.Ffmpeg.RunAsync(
            new FfmpegJob(folder, [.. FfmpegFixture.Quiet, "-i", "file:in", "-c", "copy", "-metadata:s:v", "rotate=90", "out.mp4"], TimeSpan.FromSeconds(60)), CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        return await File.ReadAllBytesAsync(Path.Combine(folder.Path, "out.mp4"));
    }

    /// <summary>A clip of two seconds with text tracks of one cue each.</summary>
    private async Task<byte[]> WithCaptionsAsync(string name, string codec, (string Language, string Title)[] tracks)
    {
        using var folder = media.Sandbox.OpenFolder();
        await folder.AddAsync("in.srt", new MemoryStream(Encoding.UTF8.GetBytes("1\n00:00:00,500 --> 00:00:01,500\nHello <i>there</i>\n")), CancellationToken.None);
        string[] line =
        [
            .. FfmpegFixture.Quiet, "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", "-i", "file:in.srt", "-map", "0:v",
            .. tracks.SelectMany(_ => (string[])["-map", "1:s"]),
            .. name.EndsWith("webm", StringComparison.Ordinal) ? (string[])["-c:v", "libvpx"] : X264, "-c:s", codec,
            .. tracks.SelectMany((track, i) => (string[])[$"-metadata:s:s:{i}", $"language={track.Language}", $"-metadata:s:s:{i}", $"title={track.Title}", $"-metadata:s:s:{i}", $"handler_name={track.Title}"]),
            name,
        ];
        var result = await media.Ffmpeg.RunAsync(new FfmpegJob(folder, [.. line], TimeSpan.FromSeconds(60)), CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        return await File.ReadAllBytesAsync(Path.Combine(folder.Path, name));
    }

    [Fact]
    public async Task What_is_no_video_of_the_rules_is_refused_with_its_own_reason_and_reads_nothing_else()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var http = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/canary.ts";
        var canary = Path.Combine(media.Root, "canary.mp4");
        var clip = await media.MakeAsync("c.mp4", ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", .. X264]);
        await File.WriteAllBytesAsync(canary, clip);

        await RefusedAsync(400, "empty", []);
        foreach (var text in (string[])[
            "hello", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{http}\n#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n",
            $"ffconcat version 1.0\nfile '{canary}'\nfile '{http}'\n",
            $"<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><BaseURL>{http}</BaseURL></Period></MPD>",
            $"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video {((IPEndPoint)listener.LocalEndpoint).Port} RTP/AVP 96\n",
            $"<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"{http}\"/></svg>"])
            await RefusedAsync(422, "unreadable", Encoding.UTF8.GetBytes(text));
        await RefusedAsync(422, "unreadable", clip[..(clip.Length / 2)]);
        await RefusedAsync(422, "unreadable", await media.MakeAsync("p.png", ["-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1"]));
        await RefusedAsync(422, "no-video-stream", await media.MakeAsync("s.m4a", ["-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"]));
        await RefusedAsync(422, "too-long", await media.MakeAsync("l.mp4", ["-f", "lavfi", "-i", "color=s=64x64:r=5:d=13", .. X264]));
        await RefusedAsync(422, "too-many-pixels", await media.MakeAsync("w.mp4", ["-f", "lavfi", "-i", "color=s=1200x64:r=5:d=1", .. X264]));
        await RefusedAsync(413, "too-large", new byte[3_000_001]);
        await RefusedAsync(400, "video-id", clip, "a%2F~t");

        Assert.False(listener.Pending());
        Assert.Empty((await api.GetFromJsonAsync<JsonElement>(Rel("/api/videos"))).EnumerateArray());
        await AssertNothingIsLeftAsync(host.Services.GetRequiredService<BlobStore>());
    }

    [Fact]
    public async Task A_body_without_a_length_is_stopped_at_the_limit()
    {
        // Nothing is sent behind the byte that is too many: what is on its way when a connection closes takes the answer with it.
        var (answer, _) = await RawHttp.SendAsync(
            host.Address,
            $"PUT /api/videos/big HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {GatewayHost.TokenOf("uploader")}\r\nTransfer-Encoding: chunked\r\n\r\n{3_000_001:x}\r\n{new string('x', 3_000_001)}");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Case_32_a_time_bomb_ends_in_seconds()
    {
        // Two frames twenty-four hours apart: the container says nothing of it when its duration is cut out.
        var bomb = await media.MakeAsync("b.mkv", ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.08", "-vf", "setpts='if(eq(N,0),0,86400/TB)'", "-vsync", "vfr", .. X264]);
        await EndsInSecondsAsync(bomb);
    }

    [Fact]
    public async Task Case_32_a_pixel_bomb_ends_in_seconds()
    {
        // The container says 64x64, the key frame's own header 16383x16383: 268 million pixels (RFC 6386, 9.1).
        var bomb = await media.MakeAsync("p.webm", ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.04", "-c:v", "libvpx"]);
        var at = bomb.AsSpan().IndexOf((byte[])[0x9d, 0x01, 0x2a, 64, 0, 64, 0]);
        Assert.True(at > 0);
        ((byte[])[0xff, 0x3f, 0xff, 0x3f]).CopyTo(bomb, at + 3);
        await EndsInSecondsAsync(bomb, refused: true);
    }

    private async Task EndsInSecondsAsync(byte[] bomb, bool refused = false)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var answer = await PutAsync("bomb", bomb);
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            var end = (await EndAsync("bomb")).GetProperty("status").GetString();
            Assert.True(!refused || end == "failed", end);
        }
        else
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        }

        // Two million frames, or frames of 400 MB, would take minutes.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_film_that_is_too_long_is_refused_by_its_first_bytes_before_the_others_are_sent()
    {
        var file = await media.MakeAsync("l.mp4", ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=13", .. X264, "-movflags", "+faststart"]);
        Assert.True(file.Length > 100_000);
        var head = Encoding.Latin1.GetString(file.AsSpan(0, Mp4Front.Bytes));
        // The rest is never sent: an answer comes all the same.
        var (answer, _) = await RawHttp.SendAsync(host.Address,
            $"PUT /api/videos/films/long HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {GatewayHost.TokenOf("uploader")}\r\nContent-Length: {file.Length}\r\n\r\n{head}");
        Assert.StartsWith("HTTP/1.1 422 ", answer, StringComparison.Ordinal);
        Assert.Contains("It is 13 s long; at most 12 s are allowed.", answer, StringComparison.Ordinal);
        await AssertNothingIsLeftAsync(host.Services.GetRequiredService<BlobStore>());
    }

    [Fact]
    public async Task An_id_with_slashes_is_written_as_it_is_in_every_call()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        using var accepted = await api.PutAsync(Rel("/api/videos/films/2026/bunny"), new ByteArrayContent(file));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("/api/videos/films%2F2026%2Fbunny", accepted.Headers.Location!.ToString());
        Assert.Equal("ready", (await EndAsync("films/2026/bunny")).GetProperty("status").GetString());
        foreach (var path in (string[])["/api/videos/films/2026/bunny", "/api/videos/films%2F2026/bunny", "/api/videos/films%2f2026%2Fbunny"])
            Assert.Equal("films/2026/bunny", (await api.GetFromJsonAsync<JsonElement>(Rel(path))).GetProperty("video").GetString());

        using var admin = host.Api("admin");
        (await admin.PutAsync(Rel("/api/videos/films/2026/bunny/subtitles/fr"), new StringContent("WEBVTT\n\n00:00.000 --> 00:01.000\nBonjour\n"))).EnsureSuccessStatusCode().Dispose();
        Assert.Contains("Bonjour", await admin.GetStringAsync(Rel("/api/videos/films/2026/bunny/subtitles/fr")), StringComparison.Ordinal);
        Assert.Contains("\"fr\"", await admin.GetStringAsync(Rel("/api/videos/films/2026/bunny/subtitles")), StringComparison.Ordinal);
        Assert.Contains("event: video", await api.GetStringAsync(Rel("/api/videos/films/2026/bunny/progress")), StringComparison.Ordinal);
        await host.Client.GetStringAsync(Rel("/watch/films/2026/bunny/playlist.m3u8"));
        Assert.Equal("films/2026/bunny", (await admin.GetFromJsonAsync<JsonElement>(Rel("/api/videos/films/2026/bunny/analytics"))).GetProperty("video").GetString());
        using var none = await api.GetAsync(Rel("/api/videos/films/2026"));
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        using var anonymous = await host.Client.GetAsync(Rel("/api/videos/films/2026/bunny"));
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        (await api.DeleteAsync(Rel("/api/videos/films/2026/bunny"))).EnsureSuccessStatusCode().Dispose();
        using var gone = await api.GetAsync(Rel("/api/videos/films/2026/bunny"));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Source_and_original_are_downloaded_with_a_token_and_each_says_what_it_is()
    {
        var file = await media.MakeAsync("a.mkv", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        (await PutAsync("films/a", file)).Dispose();
        var video = await EndAsync("films/a");
        var (source, original) = (video.GetProperty("source"), video.GetProperty("original"));
        Assert.Equal((true, false), (source.GetProperty("is_transcode").GetBoolean(), original.GetProperty("is_transcode").GetBoolean()));

        using var editor = host.Api("editor");
        using var whole = await editor.GetAsync(new Uri(original.GetProperty("download_url").GetString()!));
        Assert.Equal(file, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal(("attachment", "a-original.mkv"), (whole.Content.Headers.ContentDisposition!.DispositionType, whole.Content.Headers.ContentDisposition.FileName));
        Assert.Contains("sandbox", whole.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var part = new HttpRequestMessage(HttpMethod.Get, new Uri(source.GetProperty("download_url").GetString()!));
        part.Headers.Range = new(4, 7);
        using var ranged = await api.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, ranged.StatusCode);
        Assert.Equal("ftyp", await ranged.Content.ReadAsStringAsync());
        Assert.Equal("a-transcode.mp4", ranged.Content.Headers.ContentDisposition!.FileName);

        foreach (var url in (string[])[source.GetProperty("download_url").GetString()!, original.GetProperty("download_url").GetString()!])
        {
            using var stranger = await host.Client.GetAsync(new Uri(url));
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
            using var analyst = host.Api("analyst");
            using var refused = await analyst.GetAsync(new Uri(url));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        foreach (var key in (string[])[source.GetProperty("key").GetString()!, original.GetProperty("key").GetString()!])
        {
            using var open = await host.Client.GetAsync(Rel($"/media/{key}"));
            Assert.Equal(HttpStatusCode.NotFound, open.StatusCode);
        }
        using var none = await api.GetAsync(Rel("/api/videos/none/original"));
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task When_a_video_was_created_is_when_its_first_upload_was_taken()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        using var accepted = await PutAsync("v", file);
        string? Created(JsonElement view) => view.GetProperty("created_at").GetString();
        var created = Created(await accepted.Content.ReadFromJsonAsync<JsonElement>());
        Assert.Equal(created, Created(await EndAsync("v")));
        (await PutAsync("v", file)).Dispose();
        Assert.Equal(created, Created(await EndAsync("v")));
        Assert.Equal(created, Created((await api.GetFromJsonAsync<JsonElement>(Rel("/api/videos"))).EnumerateArray().Single()));

        // What was deleted and comes again is another video of that name.
        (await api.DeleteAsync(Rel("/api/videos/v"))).Dispose();
        using var again = await PutAsync("v", file);
        Assert.NotEqual(created, Created(await again.Content.ReadFromJsonAsync<JsonElement>()));
    }

    [Fact]
    public async Task Progress_is_told_as_events_until_the_end()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        (await PutAsync("v", file)).Dispose();
        var events = await api.GetStringAsync(Rel("/api/videos/v/progress"));
        Assert.StartsWith("event: video\ndata: {\"video\":\"v\",\"status\":\"", events, StringComparison.Ordinal);
        Assert.Contains("\"status\":\"ready\",\"progress\":1,", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_uploaded_and_who_deleted_a_video_stands_in_the_changes()
    {
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", .. X264]);
        (await PutAsync("v", file)).Dispose();
        Assert.Contains("\"status\":\"ready\"", await api.GetStringAsync(Rel("/api/videos/v/progress")), StringComparison.Ordinal);
        using var admin = host.Api();
        (await admin.DeleteAsync(Rel("/api/videos/v"))).EnsureSuccessStatusCode();
        var changes = (await admin.GetFromJsonAsync<JsonElement>(Rel("/api/changes?video=v"))).GetProperty("changes").EnumerateArray();
        Assert.Equal(["admin", "uploader"], changes.Where(change => change.GetProperty("kind").GetString() == "revision").Select(change => change.GetProperty("actor").GetString()));
    }

    [Fact]
    public async Task Limits_are_told()
    {
        var limits = await api.GetFromJsonAsync<JsonElement>(Rel("/api/limits"));
        Assert.Equal((12, 3_000_000, 1000, 20), (
            limits.GetProperty("max_duration_seconds").GetInt32(), limits.GetProperty("max_bytes").GetInt64(),
            limits.GetProperty("max_side").GetInt32(), limits.GetProperty("max_caption_tracks").GetInt32()));
    }

    private Task<HttpResponseMessage> PutAsync(string video, byte[] file) =>
        api.PutAsync(Rel($"/api/videos/{video.Replace("/", "%2F", StringComparison.Ordinal)}"), new ByteArrayContent(file));

    private async Task RefusedAsync(int status, string slug, byte[] file, string video = "v")
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Rel($"/api/videos/{video}")) { Content = new ByteArrayContent(file) };
        // As curl does: a client that goes on sending what was refused unread may lose the answer with the connection.
        request.Headers.ExpectContinue = true;
        using var answer = await api.SendAsync(request);
        var problem = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status && problem.Contains($"/problems/{slug}\"", StringComparison.Ordinal), $"{slug}: {problem}");
        Assert.DoesNotContain(host.DataDirectory, problem, StringComparison.Ordinal);
    }

    private Task<JsonElement> EndAsync(string video) => EndAsync(api, video);

    internal static async Task<JsonElement> EndAsync(HttpClient api, string video)
    {
        var end = await Eventually.GetAsync<object>(
            async () =>
            {
                var now = await api.GetFromJsonAsync<JsonElement>(Rel($"/api/videos/{video.Replace("/", "%2F", StringComparison.Ordinal)}"));
                return now.GetProperty("status").GetString() is "ready" or "failed" ? now : null;
            },
            "the job's end", TimeSpan.FromSeconds(240));
        return (JsonElement)end;
    }

    private async Task AssertNothingIsLeftAsync(BlobStore store)
    {
        await Eventually.IsTrueAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(host.DataDirectory, "work")).Any(), "no job folder is left");
        await Eventually.IsTrueAsync(async () => !await store.ListAsync("uploads/", CancellationToken.None).AnyAsync(), "no upload is left");
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "objects", ".partial")));
    }

    private static async Task<string> TextAsync(BlobStore store, string key)
    {
        using var reader = new StreamReader((await store.OpenAsync(key, CancellationToken.None))!);
        return await reader.ReadToEndAsync();
    }

    private static Uri Rel(string path) => new(path, UriKind.Relative);
}
