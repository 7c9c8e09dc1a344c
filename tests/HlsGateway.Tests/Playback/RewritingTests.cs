using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>What a player finds in a rewritten playlist, and where each of its URIs leads (rules I1 to I5), through HTTP alone.</summary>
public sealed class RewritingTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/base/";

    private readonly List<IAsyncDisposable> parts = [];
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        parts.Add(origin);
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = Cdn.TrimEnd('/') });
        parts.Add(gateway);
    }

    public async Task DisposeAsync()
    {
        parts.Reverse();
        foreach (var part in parts)
            await part.DisposeAsync();
    }

    [Fact]
    public async Task I1_parameters_follow_the_uris_own_query_byte_for_byte_and_stand_before_a_fragment()
    {
        const string Signed = "a.ts?sig=a%2Bb%2F%3D~&e=1+2";
        var uris = await SegmentsAsync(Signed, "b.ts#part", "c.ts?", "d.ts?x#y");

        Assert.StartsWith(Signed + "&session_id=", uris[0], StringComparison.Ordinal);
        Assert.StartsWith("b.ts?session_id=", uris[1], StringComparison.Ordinal);
        Assert.EndsWith("#part", uris[1], StringComparison.Ordinal);
        Assert.StartsWith("d.ts?x&session_id=", uris[3], StringComparison.Ordinal);
        Assert.EndsWith("#y", uris[3], StringComparison.Ordinal);
        Assert.Equal(Cdn + "v/720p/" + Signed, await LocationAsync("v/720p/", uris[0]));
        Assert.Equal(Cdn + "v/720p/b.ts", await LocationAsync("v/720p/", uris[1]));
    }

    [Fact]
    public async Task I1_a_uri_whose_own_query_looks_like_ours_keeps_it()
    {
        const string Own = "a.ts?session_id=theirs&duration=9&s=x";
        var uris = await SegmentsAsync(Own);

        Assert.StartsWith(Own + "&session_id=", uris[0], StringComparison.Ordinal);
        Assert.Equal(Cdn + "v/720p/" + Own, await LocationAsync("v/720p/", uris[0]));
        Assert.Equal(4, await WatchSecondsAsync(uris[0]));
    }

    [Fact]
    public async Task I1_what_a_player_appends_reaches_no_cdn()
    {
        var uris = await SegmentsAsync("a.ts?own=1");

        Assert.Equal(Cdn + "v/720p/a.ts?own=1", await LocationAsync("v/720p/", uris[0] + "&_x=2&CMCD=bl%3D2000"));
    }

    [Theory]
    [InlineData("a.ts", "a.ts", Cdn + "v/720p/a.ts")]
    [InlineData("./a.ts", "./a.ts", Cdn + "v/720p/a.ts")]
    [InlineData("../480p/a.ts", "../480p/a.ts", Cdn + "v/480p/a.ts")]
    [InlineData("/v/480p/a.ts", "../480p/a.ts", Cdn + "v/480p/a.ts")]
    [InlineData("ORIGINv/480p/a.ts", "../480p/a.ts", Cdn + "v/480p/a.ts")]
    [InlineData("../../other/a.ts", "../~x/", Cdn + "other/a.ts")]
    [InlineData("/other/a.ts?q=%20", "../~x/", Cdn + "other/a.ts?q=%20")]
    [InlineData("//media.example/x/a.ts", "../~x/", "http://media.example/x/a.ts")]
    [InlineData("https://media.example/x/a.ts?y", "../~x/", "https://media.example/x/a.ts?y")]
    [InlineData("../../../../a.ts", "../~x/", Cdn + "a.ts")]
    public async Task I2_every_form_of_uri_leads_where_the_origins_playlist_says(string uri, string written, string location)
    {
        var uris = await SegmentsAsync(uri.Replace("ORIGIN", origin.Address.AbsoluteUri, StringComparison.Ordinal));

        Assert.StartsWith(written, uris[0], StringComparison.Ordinal);
        Assert.Equal(location, await LocationAsync("v/720p/", uris[0]));
        Assert.Equal(4, await WatchSecondsAsync(uris[0]));
    }

    [Fact]
    public async Task I2_a_playlist_outside_its_videos_folder_is_served_at_an_opaque_path_and_its_own_uris_still_lead_right()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../shared/720p.m3u8?x=1\n");
        origin.Serve("shared/720p.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXTINF:4,\n../v/b.ts\n#EXT-X-ENDLIST\n");

        var child = (await LinesAsync("v/playlist.m3u8"))[0];
        Assert.StartsWith("~x/", child, StringComparison.Ordinal);
        var uris = await LinesAsync("v/" + child);
        var folder = "v/" + child[..child.LastIndexOf('/')] + "/";

        Assert.Equal(Cdn + "shared/a.ts", await LocationAsync(folder, uris[0]));
        Assert.Equal(Cdn + "v/b.ts", await LocationAsync(folder, uris[1]));
        Assert.Contains(origin.Requests, r => r.PathAndQuery == "/shared/720p.m3u8?x=1");
    }

    [Fact]
    public async Task I2_an_opaque_path_that_was_altered_or_belongs_to_another_video_leads_nowhere()
    {
        var uris = await SegmentsAsync("https://media.example/x/a.ts");
        var path = uris[0].Split('?')[0]["../".Length..];
        var forged = path[..5] + (path[5] == 'A' ? 'B' : 'A') + path[6..];

        using var mine = await gateway.Client.GetAsync("/watch/v/" + path);
        using var altered = await gateway.Client.GetAsync("/watch/v/" + forged);
        using var other = await gateway.Client.GetAsync("/watch/w/" + path);

        Assert.Equal(HttpStatusCode.Redirect, mine.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, altered.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    [Fact]
    public async Task I2_a_playlist_on_a_host_that_nobody_allowed_is_left_as_it_stands_and_never_fetched()
    {
        await using var elsewhere = await LoopbackOrigin.StartAsync();
        elsewhere.Serve("v.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        var uri = $"{elsewhere.Address}v.m3u8";
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{uri}\n");

        Assert.Equal(uri, (await LinesAsync("v/playlist.m3u8"))[0]);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task I2_a_playlist_on_an_allowed_host_is_fetched_and_rewritten()
    {
        await using var elsewhere = await LoopbackOrigin.StartAsync();
        elsewhere.Serve("x/v.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        await using var open = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Origin:AllowedHosts:0"] = elsewhere.Address.Authority,
        });
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{elsewhere.Address}x/v.m3u8\n");

        var child = (await LinesAsync("v/playlist.m3u8", open))[0];
        var uris = await LinesAsync("v/" + child, open);
        var folder = "v/" + child[..child.LastIndexOf('/')] + "/";

        Assert.StartsWith("~x/", child, StringComparison.Ordinal);
        Assert.Equal($"{elsewhere.Address}x/a.ts", await LocationAsync(folder, uris[0], open));
    }

    [Fact]
    public async Task I2_keys_are_streamed_from_the_origin_and_carry_no_parameters()
    {
        origin.Serve("v/720p/key.bin", [1, 2, 3]);
        origin.Serve("keys/k.bin", [4, 5]);
        origin.Serve("v/720p/video.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"key.bin\"\n#EXTINF:4,\na.ts\n"
            + "#EXT-X-KEY:METHOD=AES-128,URI=\"/keys/k.bin\"\n#EXTINF:4,\nb.ts\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\"\n#EXTINF:4,\nc.ts\n#EXT-X-ENDLIST\n");

        var text = await gateway.Client.GetStringAsync("/watch/v/720p/video.m3u8");
        var outside = text.Split('\n').Single(l => l.Contains("~x/", StringComparison.Ordinal)).Split('"')[1];

        Assert.Contains("URI=\"key.bin\"", text, StringComparison.Ordinal);
        Assert.Contains("URI=\"skd://x\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain('?', outside);
        Assert.Equal([1, 2, 3], await gateway.Client.GetByteArrayAsync("/watch/v/720p/key.bin"));
        // The session began at the Media Playlist, so its folder is the video's.
        Assert.Equal([4, 5], await gateway.Client.GetByteArrayAsync("/watch/v/720p/" + outside));
    }

    [Fact]
    public async Task I3_every_child_and_segment_uri_carries_the_session_itself()
    {
        origin.Serve("v/playlist.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"audio/en.m3u8\"\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"cc\",INSTREAM-ID=\"CC1\"\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n720p/video.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"720p/iframes.m3u8\"\n");

        var text = await gateway.Client.GetStringAsync("/watch/v/playlist.m3u8");
        var sessions = text.Split("session_id=").Skip(1).Select(rest => rest[..40]).ToList();

        Assert.Equal(3, sessions.Count);
        Assert.Single(sessions.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task I4_byte_ranges_carry_their_offset_because_each_uri_has_become_another_resource()
    {
        origin.Serve("v/720p/video.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\nall.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:50\nall.ts\n#EXT-X-ENDLIST\n");

        var text = await gateway.Client.GetStringAsync("/watch/v/720p/video.m3u8");

        Assert.Contains("#EXT-X-BYTERANGE:50@100\n", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split('\n').Where(l => l.StartsWith("all.ts?", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("duration=4&", "duration=400&")]
    [InlineData("duration=4&", "duration=4.0&")]
    [InlineData("&t=0", "&t=4000")]
    [InlineData("&t=0", "&t=0&k=a")]
    [InlineData("a.ts?", "b.ts?")]
    public async Task I5_a_changed_duration_start_kind_or_path_still_plays_and_counts_nothing(string written, string changed)
    {
        var uris = await SegmentsAsync("a.ts", "b.ts");
        var forged = uris[0].Replace(written, changed, StringComparison.Ordinal);
        Assert.NotEqual(uris[0], forged);

        Assert.StartsWith(Cdn + "v/720p/", await LocationAsync("v/720p/", forged), StringComparison.Ordinal);
        Assert.Equal(0, await WatchSecondsAsync(forged));
        await LocationAsync("v/720p/", uris[0]);
        Assert.Equal(4, await WatchSecondsAsync(uris[0]));
    }

    [Fact]
    public async Task H3_audio_renditions_initialization_sections_and_i_frames_add_no_watch_seconds()
    {
        origin.Serve("v/playlist.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"audio/en.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n720p/video.m3u8\n"
            + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"720p/iframes.m3u8\"\n");
        origin.Serve("v/audio/en.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\n0.m4s\n#EXT-X-ENDLIST\n");
        origin.Serve("v/720p/iframes.m3u8", "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:10@0\nall.ts\n#EXT-X-ENDLIST\n");
        var master = await gateway.Client.GetStringAsync("/watch/v/playlist.m3u8");
        var children = master.Split('"', '\n').Where(s => s.Contains(".m3u8?", StringComparison.Ordinal) && !s.EndsWith("&p=v", StringComparison.Ordinal)).ToList();

        foreach (var child in children)
        {
            var text = await gateway.Client.GetStringAsync("/watch/v/" + child);
            foreach (var uri in text.Split('\n', '"').Where(l => l.Contains("session_id=", StringComparison.Ordinal)))
                await LocationAsync("v/" + child[..(child.IndexOf('/', StringComparison.Ordinal) + 1)], uri);
        }

        Assert.Equal(2, children.Count);
        Assert.Equal(0, await WatchSecondsAsync(children[0]));
    }

    [Fact]
    public async Task H4_a_stripped_query_plays_and_is_counted_for_nobody()
    {
        await SegmentsAsync("a.ts");
        var child = (await LinesAsync("v/playlist.m3u8"))[0];

        using var redirected = await gateway.Client.GetAsync("/watch/v/720p/a.ts");
        var stripped = await gateway.Client.GetStringAsync("/watch/v/" + child.Split('?')[0]);

        Assert.Equal(HttpStatusCode.Redirect, redirected.StatusCode);
        Assert.Equal(Cdn + "v/720p/a.ts", redirected.Headers.Location?.OriginalString);
        Assert.Contains("session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&", stripped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S11_a_live_playlist_gets_parameters_and_is_asked_for_again()
    {
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n");
        var first = await LinesAsync("v/720p/video.m3u8");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXTINF:1,\nb.ts\n");

        await Eventually.IsTrueAsync(async () => (await LinesAsync("v/720p/video.m3u8")).Count == 2, "the new segment");
        Assert.Single(first);
    }

    /// <summary>Serves a Media Playlist of 4 s segments below <c>v</c> and gives its rewritten URIs for one new session.</summary>
    private async Task<IReadOnlyList<string>> SegmentsAsync(params string[] uris)
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n" + string.Concat(uris.Select(u => $"#EXTINF:4.0,\n{u}\n")) + "#EXT-X-ENDLIST\n");
        return await LinesAsync("v/" + (await LinesAsync("v/playlist.m3u8"))[0]);
    }

    private async Task<IReadOnlyList<string>> LinesAsync(string path, GatewayHost? host = null) =>
        [.. (await (host ?? gateway).Client.GetStringAsync("/watch/" + path)).Split('\n').Where(l => l.Length > 0 && l[0] != '#')];

    /// <summary>Asks for a URI as a player would: resolved against its playlist's folder, without the fragment.</summary>
    private async Task<string?> LocationAsync(string folder, string uri, GatewayHost? host = null)
    {
        var url = new Uri(new Uri((host ?? gateway).Address, "/watch/" + folder), uri.Split('#')[0]);
        using var answer = await (host ?? gateway).Client.GetAsync(url);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location?.OriginalString;
    }

    private async Task<double> WatchSecondsAsync(string uri)
    {
        var at = uri.LastIndexOf("session_id=", StringComparison.Ordinal) + "session_id=".Length;
        using var api = gateway.Api("analyst");
        using var session = JsonDocument.Parse(await api.GetStringAsync("/api/sessions/" + uri[at..(at + 40)]));
        return session.RootElement.GetProperty("watch_seconds").GetDouble();
    }
}
