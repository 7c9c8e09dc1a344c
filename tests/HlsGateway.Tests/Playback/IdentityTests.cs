using System.Net;
using System.Text.Json;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>Whose video a request is of, what a playlist is to it, and that nobody but the origin's playlists decides it.</summary>
public sealed class IdentityTests : IAsyncLifetime
{
    private const string Anonymous = "session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private readonly string data = Directory.CreateTempSubdirectory("hlsgateway-identity-").FullName;
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        await RestartAsync();
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await origin.DisposeAsync();
        TemporaryFolder.Delete(data);
    }

    [Fact]
    public async Task Segments_of_a_video_below_another_count_for_no_session_of_the_upper_one()
    {
        SampleVideo.AddTo(origin, "nest", segments: 2);
        SampleVideo.AddTo(origin, "nest/a", segments: 20);
        var upper = await Viewer.StartAsync(gateway.Client, "nest");
        var lower = await Viewer.StartAsync(gateway.Client, "nest/a");

        foreach (var segment in lower.Segments)
            await RedirectedAsync(segment.AbsoluteUri.Replace(lower.Session, upper.Session, StringComparison.Ordinal));

        Assert.Equal(0, await FigureAsync(upper.Session, "watch_seconds"));
        await upper.FetchAsync(0);
        Assert.Equal(4, await FigureAsync(upper.Session, "watch_seconds"));
    }

    [Theory]
    [InlineData("nest/a/playlist.m3u8?session_id={0}")]
    [InlineData("nest/a/720p/video.m3u8?session_id={0}")]
    [InlineData("nest/a/720p/video.m3u8?session_id={0}&p=v")]
    [InlineData("nest/a/720p/video.m3u8?session_id={0}&p=v&s=AAAAAAAAAAA")]
    [InlineData("nest/a/single.m3u8?session_id={0}&p=v")]
    public async Task A_session_asks_for_a_playlist_of_a_video_below_its_own_and_gets_it_as_nobodys(string path)
    {
        SampleVideo.AddTo(origin, "nest", segments: 2);
        SampleVideo.AddTo(origin, "nest/a", segments: 20);
        origin.Serve("nest/a/single.m3u8", SampleVideo.Media(20));
        var upper = await Viewer.StartAsync(gateway.Client, "nest");

        var address = new Uri(gateway.Address, "watch/" + string.Format(System.Globalization.CultureInfo.InvariantCulture, path, upper.Session));
        var playlist = await gateway.Client.GetStringAsync(address);
        Assert.Contains(Anonymous, playlist, StringComparison.Ordinal);
        Assert.DoesNotContain(upper.Session, playlist, StringComparison.Ordinal);

        var media = path.Contains("playlist", StringComparison.Ordinal) ? new Uri(address, Viewer.Uris(playlist).Single()) : address;
        foreach (var segment in Viewer.Uris(await gateway.Client.GetStringAsync(media)))
            await RedirectedAsync(new Uri(media, segment).AbsoluteUri.Replace(Anonymous, $"session_id={upper.Session}", StringComparison.Ordinal));
        Assert.Equal(0, await FigureAsync(upper.Session, "watch_seconds"));
        Assert.Equal(["nest"], await RankedAsync());
    }

    [Theory]
    [InlineData("subs.m3u8")]
    [InlineData("subs.m3u8?p=v")]
    [InlineData("subs.m3u8?session_id={0}")]
    [InlineData("subs.m3u8?session_id={0}&p=v")]
    [InlineData("subs.m3u8?session_id={0}&p=v&s=AAAAAAAAAAA")]
    [InlineData("low/video.m3u8?session_id={0}&p=v")]
    [InlineData("short.m3u8?session_id={0}&p=v")]
    [InlineData("alone.m3u8")]
    public async Task The_length_of_a_video_is_its_first_Variant_Streams_whatever_anybody_asks_for(string path)
    {
        ServeThreeLengths();
        // The first that the gateway ever hears of the video, and again in a session.
        if (!path.Contains("{0}", StringComparison.Ordinal))
            await gateway.Client.GetStringAsync($"watch/v/{path}");
        var (session, segments) = await BeginAsync("v/playlist.m3u8", "720p/video.m3u8");
        await gateway.Client.GetStringAsync("watch/v/" + string.Format(System.Globalization.CultureInfo.InvariantCulture, path, session));

        foreach (var segment in segments.Take(2))
            await RedirectedAsync(segment);
        Assert.Equal((24, false), await LengthAsync(session));
        foreach (var segment in segments.Skip(2))
            await RedirectedAsync(segment);
        Assert.Equal((24, true), await LengthAsync(session));
    }

    [Theory]
    [InlineData("v/other.m3u8")]
    [InlineData("v/playlist.m3u8")]
    public async Task Of_several_Master_Playlists_of_a_folder_the_same_one_tells_the_length_whoever_comes_first(string first)
    {
        ServeThreeLengths();
        await BeginAsync(first, "video.m3u8");
        await BeginAsync("v/other.m3u8", "low/video.m3u8");
        var (session, segments) = await BeginAsync("v/playlist.m3u8", "low/video.m3u8");
        await BeginAsync("v/other.m3u8", "low/video.m3u8");

        await RedirectedAsync(segments[0]);
        Assert.Equal((24, false), await LengthAsync(session));
    }

    [Theory]
    [InlineData("v/a.m3u8")]
    [InlineData("v/b.m3u8")]
    public async Task Of_Master_Playlists_with_names_of_their_own_the_first_by_name_tells_the_length_whoever_comes_first(string first)
    {
        ServeThreeLengths();
        origin.Remove("v/playlist.m3u8");
        origin.Serve("v/a.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n");
        origin.Serve("v/b.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/video.m3u8\n");
        await BeginAsync(first, "video.m3u8");
        await BeginAsync("v/a.m3u8", "720p/video.m3u8");
        var (session, segments) = await BeginAsync("v/b.m3u8", "low/video.m3u8");

        await RedirectedAsync(segments[0]);
        Assert.Equal((24, false), await LengthAsync(session));
    }

    [Fact]
    public async Task A_video_that_is_itself_a_Media_Playlist_is_as_long_as_that_from_its_first_session_on()
    {
        origin.Serve("single/only.m3u8", SampleVideo.Media(2));
        var media = new Uri(gateway.Address, "watch/single/only.m3u8");
        var segments = Viewer.Uris(await gateway.Client.GetStringAsync(media)).Select(uri => new Uri(media, uri)).ToArray();

        foreach (var segment in segments)
            await RedirectedAsync(segment.AbsoluteUri);

        Assert.Equal((8, true), await LengthAsync(Viewer.SessionOf(segments[0])));
    }

    [Fact]
    public async Task I8_A_playlist_under_an_address_whose_role_is_made_up_is_the_same_for_every_value()
    {
        ServeThreeLengths();
        var (session, _) = await BeginAsync("v/playlist.m3u8", "720p/video.m3u8");
        string[] roles = ["", "&p=s", "&p=a7-ts", "&p=v99-ts-320x180-25_1-high-48000x2", "&p=i&s=AAAAAAAAAAA", "&p=x", "&v=abc.def"];

        var bodies = await Task.WhenAll(roles.Select(role => gateway.Client.GetStringAsync($"watch/v/720p/video.m3u8?session_id={session}{role}")));

        Assert.Single(bodies.Distinct(StringComparer.Ordinal));
        Assert.Contains(session, bodies[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task I8_A_role_that_is_signed_for_one_child_is_none_for_another()
    {
        ServeThreeLengths();
        var (session, _) = await BeginAsync("v/playlist.m3u8", "720p/video.m3u8");
        var signed = Signed.Child(gateway, "v", "720p/video.m3u8", session, "v");

        var subtitles = await gateway.Client.GetStringAsync(signed.Replace("720p/video", "subs", StringComparison.Ordinal));

        Assert.Contains("&k=c&", subtitles, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such/x.m3u8?session_id=&p=s")]
    [InlineData("no-such/x.m3u8?p=s")]
    [InlineData("no-such/playlist.m3u8")]
    [InlineData("no-such/subtitles/de.m3u8?p=s")]
    [InlineData("no-such/subtitles/de/x/0-1000/0-1000.vtt")]
    [InlineData("no-such/subtitles/de/x/0-1000/0-1000.vtt?duration=1&t=0&s=AAAAAAAAAAA")]
    [InlineData("no-such/0.ts")]
    [InlineData("no-such/0.ts?duration=4&t=0&s=AAAAAAAAAAA")]
    [InlineData("no-such/0.ts?session_id=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB&duration=4")]
    [InlineData("no-such/~t/brand@0badcafe/ts-320x180-25_1-high-na/asset.m3u8")]
    [InlineData("no-such/~t/brand@0badcafe/ts-320x180-25_1-high-na/0.ts")]
    [InlineData("no-such/~t/brand@0badcafe/ts-320x180-25_1-high-na/0-1000.vtt")]
    [InlineData("no-such/~x/abc.def/0.ts")]
    [InlineData("no-such/~r/1/playlist.m3u8")]
    [InlineData("captioned/subtitles/de.m3u8")]
    [InlineData("captioned/subtitles/de.m3u8?p=s")]
    public async Task A_name_that_nobody_publishes_makes_no_row(string path)
    {
        SampleVideo.AddTo(origin, "v");
        using var api = gateway.Api();
        using (var captions = await api.PutAsync("api/videos/captioned/subtitles/de", new StringContent("WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n")))
            Assert.True(captions.IsSuccessStatusCode);
        var viewer = await Viewer.StartAsync(gateway.Client, "v");
        using (var head = await gateway.Client.SendAsync(new(HttpMethod.Head, "watch/" + path)))
        using (var answer = await gateway.Client.GetAsync("watch/" + path))
            Assert.DoesNotContain("session_id=0", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await viewer.FetchAsync(0);

        Assert.Equal(4, await FigureAsync(viewer.Session, "watch_seconds"));
        Assert.Equal(["v"], await RankedAsync());
        var name = path.Split('/')[0];
        // Nobody knows it: no row was made.
        using var analyst = gateway.Api("analyst");
        foreach (var question in (string[])[$"api/videos/{name}/analytics", $"api/sessions?video={name}"])
        {
            using var answer = await analyst.GetAsync(question);
            Assert.Equal(404, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_preview_leaves_no_session_behind_whatever_it_asks_for()
    {
        SampleVideo.AddTo(origin, "v");
        var text = new byte[SessionToken.Length];
        var keys = (SigningKeys)gateway.Services.GetService(typeof(SigningKeys))!;
        SessionToken.Begin("v", 0, DateTimeOffset.UtcNow, preview: true).Write(keys, "v", text);
        var session = System.Text.Encoding.ASCII.GetString(text);

        using (await gateway.Client.SendAsync(new(HttpMethod.Head, $"watch/v/720p/video0.ts?session_id={session}&duration=4"))) { }
        using (await gateway.Client.GetAsync($"watch/v/720p/video0.ts?session_id={session}&duration=4")) { }

        using var api = gateway.Api("analyst");
        Assert.Null(await Viewer.ReportAsync(api, session));
    }

    [Theory]
    [InlineData("playlist.m3u8")]
    [InlineData("master.m3u8")]
    [InlineData("index.m3u8")]
    public async Task After_a_restart_a_child_without_its_query_is_still_a_child(string name)
    {
        origin.Serve($"ctl/{name}", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/video.m3u8\n");
        origin.Serve("ctl/v/video.m3u8", SampleVideo.Media(2));
        await gateway.Client.GetStringAsync($"watch/ctl/{name}");
        await RestartAsync();

        Assert.Contains(Anonymous, await gateway.Client.GetStringAsync("watch/ctl/v/video.m3u8"), StringComparison.Ordinal);
        Assert.Equal(["ctl"], await RankedAsync());
    }

    [Theory]
    [InlineData("a/b/video.m3u8", "show/a/b/video.m3u8")]
    [InlineData("./x/../a/video.m3u8", "show/a/video.m3u8")]
    [InlineData("video.m3u8?own=1", "show/video.m3u8")]
    [InlineData("/show/a/video.m3u8", "show/a/video.m3u8")]
    public async Task A_gateway_that_never_saw_the_Master_Playlist_begins_no_session_at_its_child(string uri, string path)
    {
        origin.Serve("show/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{uri}\n");
        origin.Serve(path, SampleVideo.Media(2));

        Assert.Contains(Anonymous, await gateway.Client.GetStringAsync($"watch/{path}"), StringComparison.Ordinal);
        Assert.Contains(Anonymous, await gateway.Client.GetStringAsync($"watch/{path}"), StringComparison.Ordinal);
        Assert.Equal(1, origin.Count("show/playlist.m3u8"));
        Assert.Empty(await RankedAsync());
    }

    [Fact]
    public async Task A_Media_Playlist_that_no_Master_Playlist_lists_begins_a_session()
    {
        SampleVideo.AddTo(origin, "show");
        origin.Serve("show/extra/alone.m3u8", SampleVideo.Media(2));

        Assert.DoesNotContain(Anonymous, await gateway.Client.GetStringAsync("watch/show/extra/alone.m3u8"), StringComparison.Ordinal);
        Assert.Equal(["show/extra"], await RankedAsync());
    }

    [Fact]
    public async Task While_the_origin_does_not_say_whether_there_is_a_Master_Playlist_a_Media_Playlist_plays_and_begins_nothing()
    {
        origin.Serve("late/v/video.m3u8", SampleVideo.Media(2));
        var asked = new TaskCompletionSource();
        origin.Answer("late/playlist.m3u8", async context =>
        {
            await asked.Task.WaitAsync(context.RequestAborted);
            context.Response.StatusCode = 404;
        });

        Assert.Contains(Anonymous, await gateway.Client.GetStringAsync("watch/late/v/video.m3u8"), StringComparison.Ordinal);
        asked.SetResult();
        await Eventually.IsTrueAsync(
            async () => !(await gateway.Client.GetStringAsync("watch/late/v/video.m3u8")).Contains(Anonymous, StringComparison.Ordinal), "a session begins");
        Assert.Equal(["late/v"], await RankedAsync());
    }

    [Fact]
    public async Task A_session_whose_childrens_parameters_a_proxy_took_away_stays_that_session()
    {
        SampleVideo.AddTo(origin, "v");
        var viewer = await Viewer.StartAsync(gateway.Client);
        await RestartAsync();

        var media = new Uri(gateway.Address, $"watch/v/720p/video.m3u8?session_id={viewer.Session}");
        await RedirectedAsync(new Uri(media, Viewer.Uris(await gateway.Client.GetStringAsync(media)).First()).AbsoluteUri);

        Assert.Equal(4, await FigureAsync(viewer.Session, "watch_seconds"));
    }

    /// <summary>Two Master Playlists: one whose content is 24 s long and one of 8 s; a subtitle Rendition, a lower Variant Stream and two Media Playlists that are shorter.</summary>
    private void ServeThreeLengths()
    {
        origin.Serve("v/playlist.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"de\",URI=\"subs.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=2,SUBTITLES=\"s\"\n720p/video.m3u8\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES=\"s\"\nlow/video.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES=\"s\"\nshort.m3u8\n");
        origin.Serve("v/other.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/video.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", SampleVideo.Media(6));
        foreach (var shorter in (string[])["v/subs.m3u8", "v/low/video.m3u8", "v/short.m3u8", "v/alone.m3u8"])
            origin.Serve(shorter, SampleVideo.Media(2));
    }

    /// <summary>A session, and the segments of one of its Variant Streams.</summary>
    private async Task<(string Session, IReadOnlyList<string> Segments)> BeginAsync(string path, string child)
    {
        var master = new Uri(gateway.Address, "watch/" + path);
        var media = new Uri(master, Viewer.Uris(await gateway.Client.GetStringAsync(master)).First(uri => uri.Contains(child, StringComparison.Ordinal)));
        return (Viewer.SessionOf(media), [.. Viewer.Uris(await gateway.Client.GetStringAsync(media)).Select(uri => new Uri(media, uri).AbsoluteUri)]);
    }

    private async Task RedirectedAsync(string uri)
    {
        using var answer = await gateway.Client.GetAsync(new Uri(uri));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    private async Task<(double Seconds, bool Completed)> LengthAsync(string session)
    {
        var report = await SessionAsync(session);
        return (report.GetProperty("content_seconds").GetDouble(), report.GetProperty("completed").GetBoolean());
    }

    private async Task<double> FigureAsync(string session, string figure) => (await SessionAsync(session)).GetProperty(figure).GetDouble();

    private async Task<JsonElement> SessionAsync(string session)
    {
        using var api = gateway.Api("analyst");
        return (await Viewer.ReportAsync(api, session)) ?? throw new InvalidOperationException("The ledger does not know the session.");
    }

    /// <summary>Names of all videos that analytics know.</summary>
    private async Task<List<string>> RankedAsync() =>
        [.. (await GetAsync("api/analytics/videos")).GetProperty("videos").EnumerateArray().Select(video => video.GetProperty("video").GetString() ?? "").Order(StringComparer.Ordinal)];

    private async Task<JsonElement> GetAsync(string path)
    {
        using var api = gateway.Api("analyst");
        return JsonDocument.Parse(await api.GetStringAsync(path)).RootElement;
    }

    private async Task RestartAsync()
    {
        if (gateway is not null)
            await gateway.DisposeAsync();
        gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example/" }, dataDirectory: data);
    }
}
