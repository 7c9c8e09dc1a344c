using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Playback;

/// <summary>Playlists that nobody here wrote: variables, long URIs, thumbnails, URIs that leave their scheme open (rules I2, I6, I7, S12).</summary>
public sealed class ForeignPlaylistTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/base/";

    private readonly List<IAsyncDisposable> parts = [];
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        parts.Add(origin);
        gateway = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        parts.Reverse();
        foreach (var part in parts)
            await part.DisposeAsync();
    }

    [Theory]
    [InlineData("#EXT-X-DEFINE:NAME=\"base\",VALUE=\"media\"\n", "{$base}/a0.ts", Cdn + "v/720p/media/a0.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"base\",VALUE=\"/other\"\n", "{$base}/a0.ts?x=1", Cdn + "other/a0.ts?x=1")]
    [InlineData("#EXT-X-DEFINE:NAME=\"host\",VALUE=\"media.example\"\n", "https://{$host}/a0.ts", "https://media.example/a0.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"h\",VALUE=\"https://media.example\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$h}/x\"\n", "{$b}/a0.ts", "https://media.example/x/a0.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"all\",VALUE=\"a0.ts?sig=a%2Bb&e=1\"\n", "{$all}", Cdn + "v/720p/a0.ts?sig=a%2Bb&e=1")]
    [InlineData("#EXT-X-DEFINE:NAME=\"none\",VALUE=\"\"\n", "a{$none}0.ts", Cdn + "v/720p/a0.ts")]
    public async Task I6_a_segment_leads_where_its_variables_say_and_is_counted(string definitions, string uri, string location)
    {
        Serve($"{definitions}#EXTINF:4,\n{uri}\n");

        var written = Assert.Single(await ChildAsync());

        Assert.Equal(location, await LocationAsync("v/720p/", written));
        Assert.Equal(4, await WatchSecondsAsync(written));
    }

    [Theory]
    [InlineData("#EXT-X-DEFINE:QUERYPARAM=\"q\"\n", "{$q}/a0.ts")]
    [InlineData("", "{$unknown}/a0.ts")]
    [InlineData("#EXT-X-DEFINE:IMPORT=\"missing\"\n", "{$missing}/a0.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"y\"\n", "{$a}/a0.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$a}{$a}\"\n", "{$a}")]
    public async Task I6_what_only_the_player_can_resolve_stays_as_it_stands(string definitions, string uri)
    {
        Serve($"{definitions}#EXTINF:4,\n{uri}\n");

        Assert.Equal(uri, Assert.Single(await ChildAsync()));
    }

    [Fact]
    public async Task I6_an_import_is_resolved_here_after_a_restart_and_at_a_second_gateway()
    {
        const string Settings = "Gateway:Sessions:Keys:0";
        var shared = new Dictionary<string, string>(StringComparer.Ordinal) { [Settings] = "a-key-of-thirty-two-characters-or-more" };
        await using var first = await StartAsync(shared);
        await using var second = await StartAsync(shared);
        // Not the default name: nothing but the child's own address tells the second gateway where the variables are.
        origin.Serve("v/main.m3u8", "#EXTM3U\n#EXT-X-DEFINE:NAME=\"base\",VALUE=\"https://media.example/x\"\n#EXT-X-DEFINE:NAME=\"rung\",VALUE=\"720p\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$rung}/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:IMPORT=\"base\"\n#EXT-X-MAP:URI=\"{$base}/init.mp4\"\n#EXTINF:4,\n{$base}/a0.m4s\n#EXT-X-ENDLIST\n");

        var child = Assert.Single(await LinesAsync("v/main.m3u8", first));
        foreach (var host in (GatewayHost[])[first, second])
        {
            Assert.StartsWith("720p/video.m3u8?", child, StringComparison.Ordinal);
            var text = await host.Client.GetStringAsync("/watch/v/" + child);
            Assert.Equal("https://media.example/x/a0.m4s", await LocationAsync("v/720p/", Assert.Single(Uris(text)), host));
            Assert.Equal("https://media.example/x/init.mp4", await LocationAsync("v/720p/", Quoted(text, "#EXT-X-MAP"), host));
        }
    }

    [Fact]
    public async Task I6_a_playlist_outside_its_videos_folder_keeps_the_query_that_its_variables_come_from()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../shared/video.m3u8?q=media&s=a%2Bb\n");
        origin.Serve("shared/video.m3u8", "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n#EXTINF:4,\nhttps://{$q}.example/a.ts\n#EXT-X-ENDLIST\n");

        var child = Assert.Single(await LinesAsync("v/playlist.m3u8"));

        Assert.Contains("/video.m3u8?q=media&s=a%2Bb&session_id=", child, StringComparison.Ordinal);
        Assert.Equal("https://{$q}.example/a.ts", Assert.Single(await LinesAsync("v/" + child)));
        Assert.Contains(origin.Requests, request => request.PathAndQuery == "/shared/video.m3u8?q=media&s=a%2Bb");
    }

    [Fact]
    public async Task I6_keys_and_maps_and_renditions_are_resolved_too()
    {
        origin.Serve("keys/k.bin", [1, 2, 3]);
        origin.Serve("v/playlist.m3u8",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"d\",VALUE=\"/shared\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"{$d}/en.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n720p/video.m3u8\n"
            + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"{$d}/i.m3u8\"\n#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"{$d}/t.m3u8\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"{$d}/../keys/k.bin\"\n");
        foreach (var name in (string[])["en", "i", "t"])
            origin.Serve($"shared/{name}.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:NAME=\"k\",VALUE=\"keys/k.bin\"\n#EXT-X-DEFINE:NAME=\"r\",VALUE=\"9@0\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"/{$k}\"\n#EXT-X-MAP:URI=\"/{$k}\",BYTERANGE=\"{$r}\"\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n");

        var master = await gateway.Client.GetStringAsync("/watch/v/playlist.m3u8");
        foreach (var tag in (string[])["#EXT-X-MEDIA", "#EXT-X-I-FRAME", "#EXT-X-IMAGE"])
        {
            var child = Quoted(master, tag);
            Assert.Contains("session_id=", child, StringComparison.Ordinal);
            var folder = "v/" + child[..(child.IndexOf('?', StringComparison.Ordinal) is var q && child.LastIndexOf('/', q) is var slash ? slash + 1 : 0)];
            var text = await gateway.Client.GetStringAsync("/watch/v/" + child);
            Assert.Equal([1, 2, 3], await gateway.Client.GetByteArrayAsync(new Uri(new Uri(gateway.Address, "/watch/" + folder), Quoted(text, "#EXT-X-KEY"))));
            Assert.Equal(Cdn + "keys/k.bin", await LocationAsync(folder, Quoted(text, "#EXT-X-MAP")));
            Assert.Equal(Cdn + "shared/a.m4s", await LocationAsync(folder, Assert.Single(Uris(text))));
        }
    }

    [Theory]
    [InlineData(1200)]
    [InlineData(1400)]
    [InlineData(2100)]
    [InlineData(5000)]
    public async Task I7_a_long_URI_is_redirected_and_counted(int length)
    {
        var query = "?sig=" + new string('s', length);
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../shared/video.m3u8\n");
        origin.Serve("shared/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4{query}\"\n#EXTINF:4,\nseg0.m4s{query}\n#EXTINF:4,\nhttps://media.example/seg1.m4s{query}\n#EXT-X-ENDLIST\n");
        var child = Assert.Single(await LinesAsync("v/playlist.m3u8"));
        var folder = "v/" + child[..(child.IndexOf('?', StringComparison.Ordinal) is var q && child.LastIndexOf('/', q) is var slash ? slash + 1 : 0)];

        var text = await gateway.Client.GetStringAsync("/watch/v/" + child);
        var segments = Uris(text);

        Assert.Equal(Cdn + "shared/init.mp4" + query, await LocationAsync(folder, Quoted(text, "#EXT-X-MAP")));
        Assert.Equal(Cdn + "shared/seg0.m4s" + query, await LocationAsync(folder, segments[0]));
        Assert.Equal("https://media.example/seg1.m4s" + query, await LocationAsync(folder, segments[1]));
        Assert.Equal(8, await WatchSecondsAsync(segments[0]));
    }

    [Fact]
    public async Task I7_a_URI_too_long_for_a_request_is_written_out_and_told()
    {
        long told = 0;
        var mine = gateway.Services.GetRequiredService<IMeterFactory>();
        using var metrics = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "hlsgateway.playlist.uris_left_alone" && instrument.Meter.Scope == mine)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        metrics.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref told, count));
        metrics.Start();
        var query = "?sig=" + new string('s', 20_000);
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../shared/video.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n720p/video.m3u8\n");
        origin.Serve("shared/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4{query}\"\n#EXTINF:4,\nseg0.m4s{query}\n#EXTINF:4,\n//media.example/seg1.m4s{query}\n#EXT-X-ENDLIST\n");
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nseg0.m4s{query}\n#EXT-X-ENDLIST\n");
        var children = await LinesAsync("v/playlist.m3u8");

        var outside = await gateway.Client.GetStringAsync("/watch/v/" + children[0]);
        var inside = await gateway.Client.GetStringAsync("/watch/v/" + children[1]);

        Assert.Equal(Cdn + "shared/init.mp4" + query, Quoted(outside, "#EXT-X-MAP"));
        Assert.Equal([Cdn + "shared/seg0.m4s" + query, "//media.example/seg1.m4s" + query], Uris(outside));
        Assert.Equal([Cdn + "v/720p/seg0.m4s" + query], Uris(inside));
        Assert.Equal(4, Interlocked.Read(ref told));
    }

    [Fact]
    public async Task I7_a_long_path_is_a_path_like_any_other()
    {
        var folder = string.Join('/', Enumerable.Repeat(new string('f', 200), 15));
        origin.Serve($"{folder}/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo.m3u8\n");
        origin.Serve($"{folder}/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");

        var child = Assert.Single(await LinesAsync($"{folder}/playlist.m3u8"));
        var segment = Assert.Single(await LinesAsync($"{folder}/{child}"));

        Assert.Equal($"{Cdn}{folder}/a.ts", await LocationAsync($"{folder}/", segment));
        Assert.Equal(4, await WatchSecondsAsync(segment));
    }

    [Fact]
    public async Task I7_what_is_relative_below_an_opaque_path_is_no_playlist()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../shared/video.m3u8\n");
        origin.Serve("shared/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        var child = Assert.Single(await LinesAsync("v/playlist.m3u8")).Split('?')[0];

        foreach (var name in (string[])["seg0.m4s", "init.mp4", "other.m3u8", "x/video.m3u8"])
        {
            using var answer = await gateway.Client.GetAsync("/watch/v/" + child[..(child.LastIndexOf('/') + 1)] + name);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains("unknown-target", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task I7_a_URI_that_leaves_its_scheme_open_takes_the_players()
    {
        await using var secure = await StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:PublicUrl"] = "https://video.example" });
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n//elsewhere.example/x.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n720p/video.m3u8\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"//keys.example/k\"\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n//media.example/a.ts?x\n#EXT-X-ENDLIST\n");

        var master = await secure.Client.GetStringAsync("/watch/v/playlist.m3u8");
        Assert.Equal("//elsewhere.example/x.m3u8", Uris(master)[0]);
        Assert.Equal("//keys.example/k", Quoted(master, "#EXT-X-SESSION-KEY"));
        Assert.Equal("https://media.example/a.ts?x", await LocationAsync("v/720p/", Assert.Single(await LinesAsync("v/" + Uris(master)[1], secure)), secure));
        Assert.Equal("http://media.example/a.ts?x", await LocationAsync("v/720p/", Assert.Single(await ChildAsync(1))));
    }

    [Fact]
    public async Task I2_a_doubled_slash_behind_the_origins_base_address_stays_doubled()
    {
        await using var deep = await StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = $"{origin.Address}base/" });
        origin.Serve("base/v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{origin.Address}base//live/video.m3u8\n");
        origin.Serve("base//live/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXTINF:4,\n{origin.Address}base//b.ts\n#EXTINF:4,\n/c.ts\n#EXT-X-ENDLIST\n");

        var child = Assert.Single(await LinesAsync("v/playlist.m3u8", deep));
        var segments = await LinesAsync("v/" + child, deep);
        var folder = "v/" + child[..(child.IndexOf("/video.m3u8", StringComparison.Ordinal) + 1)];

        Assert.Equal(Cdn + "/live/a.ts", await LocationAsync(folder, segments[0], deep));
        Assert.Equal(Cdn + "/b.ts", await LocationAsync(folder, segments[1], deep));
        Assert.Equal(origin.Address + "c.ts", await LocationAsync(folder, segments[2], deep));
    }

    [Theory]
    [InlineData("#EXT-X-I-FRAMES-ONLY", "a.ts")]
    [InlineData("#EXT-X-IMAGES-ONLY", "a.jpg")]
    public async Task S12_what_nobody_watches_begins_no_session_and_gives_no_watch_seconds(string tag, string file)
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"720p/trick.m3u8\"\n");
        var trick = $"#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n{tag}\n#EXTINF:4,\n#EXT-X-TILES:RESOLUTION=1x1,LAYOUT=2x2,DURATION=1\n#EXT-X-BYTERANGE:10@0\n{file}\n#EXT-X-ENDLIST\n";
        origin.Serve("v/720p/trick.m3u8", trick);
        origin.Serve("alone/trick.m3u8", trick);
        var child = Quoted(await gateway.Client.GetStringAsync("/watch/v/playlist.m3u8"), "#EXT-X-IMAGE");

        var listed = Assert.Single(await LinesAsync("v/" + child));
        // The role in the address is nobody's signature: the playlist's own tags tell what it is.
        var renamed = Assert.Single(await LinesAsync("v/" + child.Replace("&p=i", "&p=v", StringComparison.Ordinal)));
        var alone = Assert.Single(await LinesAsync("alone/trick.m3u8"));

        Assert.Contains("&k=i&", listed, StringComparison.Ordinal);
        Assert.Contains("&k=i&", renamed, StringComparison.Ordinal);
        Assert.Contains("session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&", alone, StringComparison.Ordinal);
        Assert.Contains("#EXT-X-TILES:RESOLUTION=1x1,LAYOUT=2x2,DURATION=1\n", await gateway.Client.GetStringAsync("/watch/alone/trick.m3u8"), StringComparison.Ordinal);
        await LocationAsync("v/720p/", listed);
        await LocationAsync("v/720p/", renamed);
        Assert.Equal(0, await WatchSecondsAsync(listed));
    }

    [Theory]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\ty\"\n#EXTINF:4,\n{$a}\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"b\",VALUE=\"no-range\"\n#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$b}\"\n#EXTINF:4,\na\n")]
    public async Task D7_variables_that_make_no_playlist_are_the_origins_fault(string body)
    {
        Serve(body);
        using var answer = await gateway.Client.GetAsync("/watch/v/720p/video.m3u8");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("origin-no-playlist", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task D7_an_import_that_makes_no_playlist_is_the_origins_fault()
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"no-range\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:IMPORT=\"b\"\n#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$b}\"\n#EXTINF:4,\na\n#EXT-X-ENDLIST\n");
        using var answer = await gateway.Client.GetAsync("/watch/v/" + Assert.Single(await LinesAsync("v/playlist.m3u8")));

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("BYTERANGE of EXT-X-MAP", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<GatewayHost> StartAsync(Dictionary<string, string>? settings = null)
    {
        var all = settings ?? new Dictionary<string, string>(StringComparer.Ordinal);
        all["Gateway:Cdn:BaseUrl"] = Cdn;
        var host = await GatewayHost.StartAsync(origin, all);
        if (settings is null)
            parts.Add(host);
        return host;
    }

    private void Serve(string body)
    {
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-TARGETDURATION:4\n{body}#EXT-X-ENDLIST\n");
    }

    /// <summary>The URIs of a Variant Stream of a new session.</summary>
    private async Task<IReadOnlyList<string>> ChildAsync(int variant = 0) => await LinesAsync("v/" + (await LinesAsync("v/playlist.m3u8"))[variant]);

    private async Task<IReadOnlyList<string>> LinesAsync(string path, GatewayHost? host = null) => Uris(await (host ?? gateway).Client.GetStringAsync("/watch/" + path));

    private static IReadOnlyList<string> Uris(string playlist) => [.. Viewer.Uris(playlist)];

    private static string Quoted(string playlist, string tag) =>
        playlist.Split('\n').Single(line => line.StartsWith(tag, StringComparison.Ordinal)).Split("URI=\"")[1].Split('"')[0];

    private async Task<string?> LocationAsync(string folder, string uri, GatewayHost? host = null)
    {
        using var answer = await (host ?? gateway).Client.GetAsync(new Uri(new Uri((host ?? gateway).Address, "/watch/" + folder), uri));
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
