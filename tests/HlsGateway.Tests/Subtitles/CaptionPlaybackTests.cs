using System.Globalization;
using System.Net;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Subtitles;

/// <summary>Captions as a player meets them, on a video of a foreign origin.</summary>
public sealed class CaptionPlaybackTests : IAsyncLifetime
{
    private const string Master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\n720p/video.m3u8\n";
    private const string Media = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\n0.ts\n#EXTINF:4,\n1.ts\n#EXTINF:2.8,\n2.ts\n#EXT-X-ENDLIST\n";

    private LoopbackOrigin? origin;
    private GatewayHost? host;

    private LoopbackOrigin Origin => origin ?? throw new InvalidOperationException("The test has not been started.");

    private GatewayHost Host => host ?? throw new InvalidOperationException("The test has not been started.");

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        origin.Serve("video_15/playlist.m3u8", Master, Faults.Playlist);
        origin.Serve("video_15/720p/video.m3u8", Media, Faults.Playlist);
        host = await GatewayHost.StartAsync(origin);
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        if (origin is not null)
            await origin.DisposeAsync();
    }

    [Fact]
    public async Task W1_A_language_is_in_the_first_session_after_its_publication_and_not_in_one_after_its_deletion()
    {
        Assert.DoesNotContain("TYPE=SUBTITLES", await TextAsync("/watch/video_15/playlist.m3u8"), StringComparison.Ordinal);
        await PutAsync("fr", "Bonjour");
        var master = await TextAsync("/watch/video_15/playlist.m3u8");
        Assert.Contains("LANGUAGE=\"fr\"", master, StringComparison.Ordinal);
        Assert.Contains("NAME=\"Français\"", master, StringComparison.Ordinal);
        await DeleteAsync("fr");
        Assert.DoesNotContain("TYPE=SUBTITLES", await TextAsync("/watch/video_15/playlist.m3u8"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task W3_W5_Every_caption_uri_of_a_session_answers_and_the_sum_is_the_videos_also_after_the_language_is_gone()
    {
        await PutAsync("en", "Hello");
        var captions = new Uri(Host.Address, "/watch/video_15/" + Attribute(await TextAsync("/watch/video_15/playlist.m3u8"), "URI"));
        await WalkAsync(captions);
        await DeleteAsync("en");
        await WalkAsync(captions);
    }

    [Theory]
    [InlineData("http://elsewhere.example/video.m3u8")]
    [InlineData("gone.m3u8")]
    [InlineData("a/b/c/gone.m3u8")]
    public async Task W5_Captions_of_a_content_whose_playlist_is_out_of_reach_are_blank_and_answer(string variant)
    {
        Origin.Serve("far/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\n{variant}\n", Faults.Playlist);
        await PutAsync("en", "Hello", "far");
        var captions = new Uri(Host.Address, "/watch/far/" + Attribute(await TextAsync("/watch/far/playlist.m3u8"), "URI"));
        await IsBlankAsync(captions);
    }

    [Fact]
    public async Task W5_Subtitles_of_the_origin_that_it_does_not_have_are_blank_and_answer()
    {
        foreach (var path in (string[])["subs/de/missing.m3u8", "subtitles/de.m3u8"])
        {
            Origin.Serve("own/playlist.m3u8", WithSubtitles(path), Faults.Playlist);
            await using var fresh = await GatewayHost.StartAsync(Origin);
            var master = new Uri(fresh.Address, "/watch/own/playlist.m3u8");
            await IsBlankAsync(new Uri(master, Attribute(await TextAsync(master.AbsoluteUri), "URI")));
        }
    }

    [Fact]
    public async Task W1_Subtitles_that_the_origin_keeps_where_ours_would_stand_are_its_own_beside_ours()
    {
        Origin.Serve("own/playlist.m3u8", WithSubtitles("subtitles/de.m3u8"), Faults.Playlist);
        Origin.Serve("own/720p/video.m3u8", Media, Faults.Playlist);
        Origin.Serve("own/subtitles/de.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:11\n#EXTINF:10.8,\ntheirs.vtt\n#EXT-X-ENDLIST\n", Faults.Playlist);
        foreach (var languages in (string[][])[[], ["en"], ["en", "de"]])
        {
            foreach (var language in languages)
                await PutAsync(language, "Ours", "own");
            var master = new Uri(Host.Address, "/watch/own/playlist.m3u8");
            var uris = (await TextAsync(master.AbsoluteUri)).Split('\n').Where(line => line.Contains("TYPE=SUBTITLES", StringComparison.Ordinal)).Select(line => new Uri(master, Attribute(line, "URI"))).ToList();
            var playlists = await Task.WhenAll(uris.Select(uri => TextAsync(uri.AbsoluteUri)));
            Assert.Single(playlists, text => text.Contains("/theirs.vtt?session_id=", StringComparison.Ordinal));
            Assert.Equal(uris.Count - 1, playlists.Count(text => text.Contains("/0-4000.vtt?session_id=", StringComparison.Ordinal)));
            Assert.Contains(uris, uri => languages.Length == 0 || uri.AbsolutePath.EndsWith("/en.m3u8", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_running_session_gets_an_edit_when_it_fetches_the_segment_again_and_a_blank_one_after_deletion()
    {
        // The path names what the segment depends on: version, first PTS and end of the content, window.
        const string segment = "/watch/video_15/subtitles/en/00000000/133200-10800/0-4000.vtt";
        await PutAsync("en", "Helo");
        Assert.Equal("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:133200,LOCAL:00:00:00.000\n\n00:00:01.000 --> 00:00:02.500\nHelo\n\n", await TextAsync(segment));
        await PutAsync("en", "Hello");
        Assert.Contains("\nHello\n", await TextAsync(segment), StringComparison.Ordinal);
        await DeleteAsync("en");
        Assert.Equal("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:133200,LOCAL:00:00:00.000\n\n", await TextAsync(segment));
    }

    private async Task WalkAsync(Uri captions)
    {
        var playlist = await TextAsync(captions.AbsoluteUri);
        Assert.EndsWith("#EXT-X-ENDLIST\n", playlist, StringComparison.Ordinal);
        var lines = playlist.Split('\n');
        var seconds = lines.Where(line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Sum(line => decimal.Parse(line[8..].TrimEnd(','), CultureInfo.InvariantCulture));
        Assert.Equal(10.8m, seconds);
        foreach (var uri in lines.Where(line => line.Length > 0 && line[0] != '#'))
            Assert.StartsWith("WEBVTT\n", await TextAsync(new Uri(captions, uri).AbsoluteUri, "text/vtt"), StringComparison.Ordinal);
    }

    private async Task<string> TextAsync(string address, string? type = null)
    {
        using var answer = await Host.Client.GetAsync(new Uri(Host.Address, address));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        if (type is not null)
            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        return await answer.Content.ReadAsStringAsync();
    }

    private static string WithSubtitles(string path) =>
        $"#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Deutsch\",LANGUAGE=\"de\",URI=\"{path}\"\n#EXT-X-STREAM-INF:BANDWIDTH=500000,SUBTITLES=\"s\"\n720p/video.m3u8\n";

    /// <summary>A playlist that ends, of segments that are there and say nothing.</summary>
    private async Task IsBlankAsync(Uri captions)
    {
        var playlist = await TextAsync(captions.AbsoluteUri);
        Assert.EndsWith("#EXT-X-ENDLIST\n", playlist, StringComparison.Ordinal);
        foreach (var uri in Viewer.Uris(playlist))
        {
            var segment = await TextAsync(new Uri(captions, uri).AbsoluteUri, "text/vtt");
            Assert.StartsWith("WEBVTT\n", segment, StringComparison.Ordinal);
            Assert.DoesNotContain("-->", segment, StringComparison.Ordinal);
        }
        Assert.NotEmpty(Viewer.Uris(playlist));
    }

    private async Task PutAsync(string language, string text, string video = "video_15")
    {
        using var editor = Host.Api("editor");
        using var put = await editor.PutAsync(
            new Uri($"/api/videos/{video}/subtitles/{language}", UriKind.Relative), new StringContent($"WEBVTT\n\n00:01.000 --> 00:02.500\n{text}\n"));
        Assert.True(put.IsSuccessStatusCode);
    }

    private async Task DeleteAsync(string language)
    {
        using var editor = Host.Api("editor");
        using var delete = await editor.DeleteAsync(new Uri($"/api/videos/video_15/subtitles/{language}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, delete.StatusCode);
    }

    private static string Attribute(string playlist, string name)
    {
        var start = playlist.IndexOf($"{name}=\"", StringComparison.Ordinal) + name.Length + 2;
        return playlist[start..playlist.IndexOf('"', start)];
    }
}
