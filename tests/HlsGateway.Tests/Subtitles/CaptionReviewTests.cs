using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Subtitles;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Subtitles;

/// <summary>What an editor is told of captions that can be published, and are probably not meant so.</summary>
public sealed class CaptionReviewTests
{
    private const string Media = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\n0.ts\n#EXTINF:4,\n1.ts\n#EXTINF:2.8,\n2.ts\n#EXT-X-ENDLIST\n";
    private const string Fits = "WEBVTT\n\n00:01.000 --> 00:10.800\nHello\n";
    private const string Beyond = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n00:09.000 --> 00:12.000\nCut\n\n00:11.000 --> 00:12.000\nNever\n";

    [Fact]
    public async Task Captions_beyond_the_end_of_the_video_are_published_with_a_warning_and_refused_by_strict()
    {
        await using var origin = await OriginAsync("v");
        await using var host = await GatewayHost.StartAsync(origin);
        using (var refused = await PutAsync(host, "v", "en", Beyond, "?strict=true"))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
            Assert.EndsWith("/problems/captions-doubtful", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
            Assert.Equal(["beyond-the-end"], Codes(problem));
        }

        Assert.Empty(host.Services.GetRequiredService<SubtitleIndex>().Tracks("v"));
        using var put = await PutAsync(host, "v", "en", Beyond);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        var warning = Assert.Single((await put.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("warnings").EnumerateArray());
        Assert.Equal(
            "The video ends after 10.8 s. 2 of 3 captions reach beyond that, the first of them begins at 00:00:09.000. 1 will be cut short, 1 never shown.",
            warning.GetProperty("message").GetString());
        using var fits = await PutAsync(host, "v", "en", Fits, "?strict=true");
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        Assert.Empty(Codes(await fits.Content.ReadFromJsonAsync<JsonElement>()));
    }

    [Fact]
    public async Task A_video_that_is_neither_ours_nor_at_the_origin_nor_was_watched_is_a_warning()
    {
        using var data = new TemporaryFolder();
        await using (var origin = await OriginAsync("watched"))
        {
            await using var before = await GatewayHost.StartAsync(origin, dataDirectory: data.Path);
            var viewer = await Viewer.StartAsync(before.Client, "watched");
            Assert.Equal(HttpStatusCode.Redirect, await viewer.FetchAsync(0));
            using var analyst = before.Api("analyst");
            Assert.NotNull(await Viewer.ReportAsync(analyst, viewer.Session));
        }

        await using var empty = await LoopbackOrigin.StartAsync();
        await using var host = await GatewayHost.StartAsync(empty, dataDirectory: data.Path);
        using var watched = await PutAsync(host, "watched", "en", Fits, "?strict=true");
        Assert.Equal(HttpStatusCode.Created, watched.StatusCode);
        using var unknown = await PutAsync(host, "wacthed", "en", Fits);
        Assert.Equal(HttpStatusCode.Created, unknown.StatusCode);
        Assert.Equal(["no-such-video"], Codes(await unknown.Content.ReadFromJsonAsync<JsonElement>()));
    }

    [Fact]
    public async Task An_origin_that_cannot_be_reached_says_nothing_about_a_video()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = $"http://127.0.0.1:{FreePorts.Take()}/",
        });
        using var put = await PutAsync(host, "v", "en", Fits, "?strict=true");
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Theory]
    [InlineData("en_US", "Did you mean 'en-US'?")]
    [InlineData("pt_BR.UTF-8", "Did you mean 'pt-BR'?")]
    [InlineData("german", "Did you mean 'de'?")]
    [InlineData("Englsh", "Did you mean 'en'?")]
    [InlineData("Español", "Did you mean 'es'?")]
    [InlineData("deu_AT", "Did you mean 'de-AT'?")]
    [InlineData("e", "such as en, pt-BR or zh-Hant.")]
    public async Task A_language_that_is_no_tag_is_refused_with_the_nearest_one(string written, string expected)
    {
        await using var host = await GatewayHost.StartAsync();
        using var put = await PutAsync(host, "v", Uri.EscapeDataString(written), Fits);
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.EndsWith(expected, (await put.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xx", "unknown-language")]
    [InlineData("ger-AT", "language-not-canonical")]
    [InlineData("iw", "language-not-canonical")]
    [InlineData("de-AT", null)]
    [InlineData("tlh", null)]
    [InlineData("x-klingon", null)]
    public async Task A_tag_of_no_language_or_in_an_unusual_form_is_a_warning(string tag, string? code)
    {
        await using var origin = await OriginAsync("v");
        await using var host = await GatewayHost.StartAsync(origin);
        using var put = await PutAsync(host, "v", tag, Fits);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(code is null ? [] : [code], Codes(await put.Content.ReadFromJsonAsync<JsonElement>()));
    }

    private static async Task<LoopbackOrigin> OriginAsync(string video)
    {
        var origin = await LoopbackOrigin.StartAsync();
        origin.Serve($"{video}/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\n720p/video.m3u8\n", Faults.Playlist);
        origin.Serve($"{video}/720p/video.m3u8", Media, Faults.Playlist);
        return origin;
    }

    private static async Task<HttpResponseMessage> PutAsync(GatewayHost host, string video, string language, string body, string query = "")
    {
        using var editor = host.Api("editor");
        return await editor.PutAsync(new Uri($"/api/videos/{video}/subtitles/{language}{query}", UriKind.Relative), new StringContent(body));
    }

    private static string[] Codes(JsonElement of) => [.. of.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetProperty("code").GetString() ?? "")];
}
