using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

public sealed class PreviewTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task A_preview_tells_how_many_copies_are_ready_until_all_are_and_then_plays_them_and_counts_nothing()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        await using var host = await StartAsync(origin);
        using var api = host.Api("editor");
        var label = await UploadAsync(api);
        // The first question is what has the copy made, so its answer always waits.
        var library = host.Services.GetRequiredService<TrailerLibrary>();
        using var first = await api.PostAsJsonAsync("api/preview", new { video = "show", trailer = "brand" });
        var waiting = await first.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal(("waiting", label, 0), (waiting.GetProperty("status").GetString(), waiting.GetProperty("trailer").GetString(), waiting.GetProperty("copies").GetProperty("ready").GetInt32()));
        Assert.Equal(1, waiting.GetProperty("copies").GetProperty("total").GetInt32());
        Assert.NotNull(first.Headers.RetryAfter?.Delta);

        var ready = (JsonElement)await Eventually.GetAsync<object>(
            async () =>
            {
                using var again = await api.GetAsync(first.Headers.Location);
                var view = await again.Content.ReadFromJsonAsync<JsonElement>();
                Assert.Equal(again.StatusCode == HttpStatusCode.OK ? "ready" : "waiting", view.GetProperty("status").GetString());
                return again.StatusCode == HttpStatusCode.OK ? view : null;
            },
            "the copy is made");
        Assert.Equal((1, 1), (ready.GetProperty("copies").GetProperty("ready").GetInt32(), ready.GetProperty("copies").GetProperty("total").GetInt32()));
        foreach (var url in new[] { waiting, ready }.Select(view => view.GetProperty("playlist_url").GetString()))
        {
            var child = Viewer.Uris(await host.Client.GetStringAsync(url)).Single();
            Assert.Contains("~t/brand@", await host.Client.GetStringAsync("watch/show/" + child), StringComparison.Ordinal);
        }

        Assert.Empty(library.Skipped);
        using var analyst = host.Api("analyst");
        Assert.Equal(0, (await analyst.GetFromJsonAsync<JsonElement>("api/sessions")).GetProperty("sessions").GetArrayLength());
    }

    [Fact]
    public async Task A_preview_without_a_trailer_plays_what_new_viewers_get_now_and_counts_nothing()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        await using var host = await StartAsync(origin);
        using var editor = host.Api("editor");
        using var analyst = host.Api("analyst");
        var label = await UploadAsync(editor);
        var plain = await analyst.GetFromJsonAsync<JsonElement>("api/preview?video=show");
        Assert.Equal(("ready", JsonValueKind.Null), (plain.GetProperty("status").GetString(), plain.GetProperty("trailer").ValueKind));
        Assert.DoesNotContain("~t/", await MediaAsync(plain), StringComparison.Ordinal);

        using var swap = await editor.PutAsJsonAsync("api/trailers/active", new { trailer = "brand", videos = "show", position = "pre" });
        Assert.Equal(HttpStatusCode.OK, swap.StatusCode);
        var now = (JsonElement)await Eventually.GetAsync<object>(
            async () => await analyst.GetFromJsonAsync<JsonElement>("api/preview?video=show") is var view && view.GetProperty("status").GetString() == "ready" ? view : null, "the copy is made");
        Assert.Equal(label, now.GetProperty("trailer").GetString());
        var media = await MediaAsync(now);
        Assert.True(media.IndexOf("~t/brand@", StringComparison.Ordinal) < media.IndexOf("#EXT-X-DISCONTINUITY", StringComparison.Ordinal), "the trailer stands before the content, as the schedule says");
        // Asked for by name it stands where the question says.
        var behind = await editor.GetFromJsonAsync<JsonElement>("api/preview?video=show&trailer=brand&position=post");
        media = await MediaAsync(behind);
        Assert.True(media.IndexOf("~t/brand@", StringComparison.Ordinal) > media.IndexOf("#EXT-X-DISCONTINUITY", StringComparison.Ordinal), "behind the content");
        using var wrong = await editor.GetAsync("api/preview?video=show&trailer=brand&position=middle");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("post, pre", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await analyst.GetFromJsonAsync<JsonElement>("api/sessions")).GetProperty("sessions").GetArrayLength());

        async Task<string> MediaAsync(JsonElement view) =>
            await host.Client.GetStringAsync("watch/show/" + Viewer.Uris(await host.Client.GetStringAsync(view.GetProperty("playlist_url").GetString())).Single());
    }

    [Fact]
    public async Task A_previews_playlist_waits_for_its_copies_and_is_not_counted_as_one_without_trailer()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "slow", ["-r", "25"], []);
        // The conditioner does not run, so that no copy is ever made.
        await using var host = await StartAsync(origin, services => services.Remove(services.Single(service => service.ImplementationType == typeof(TrailerConditioner))));
        using var api = host.Api("editor");
        await UploadAsync(api);
        for (var turn = 0; turn < 2; turn++)
        {
            using var answer = await api.PostAsJsonAsync("api/preview", new { video = "slow", trailer = "brand", position = "pre" });
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            using var playlist = await host.Client.GetAsync((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("playlist_url").GetString());
            Assert.Equal(HttpStatusCode.Accepted, playlist.StatusCode);
            Assert.NotNull(playlist.Headers.RetryAfter);
            Assert.Equal(1, (await playlist.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        }

        Assert.Empty(host.Services.GetRequiredService<TrailerLibrary>().Skipped);
    }

    [Fact]
    public async Task A_video_that_is_itself_a_media_playlist_is_previewed_with_the_trailer_too()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "plain", ["-r", "25"], []);
        origin.Serve("plain/playlist.m3u8", await File.ReadAllTextAsync(Path.Combine(workshop["content-plain"], "v.m3u8")));
        await using var host = await StartAsync(origin);
        using var api = host.Api("editor");
        await UploadAsync(api);
        var url = await Eventually.GetAsync(
            async () =>
            {
                using var answer = await api.PostAsJsonAsync("api/preview", new { video = "plain", trailer = "brand" });
                return answer.StatusCode == HttpStatusCode.OK ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("playlist_url").GetString() : null;
            },
            "the copy is made");
        Assert.Contains("~t/brand@", await host.Client.GetStringAsync(url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_video_that_cannot_carry_the_trailer_is_previewed_without_it_and_told_why()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("locked/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        origin.Serve("locked/v.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\"\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        await using var host = await StartAsync(origin);
        using var api = host.Api("editor");
        await UploadAsync(api);
        using var answer = await api.PostAsJsonAsync("api/preview", new { video = "locked", trailer = "brand" });
        var view = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.OK, "without"), (answer.StatusCode, view.GetProperty("status").GetString()));
        Assert.Equal("encrypted", Assert.Single(view.GetProperty("warnings").EnumerateArray()).GetProperty("code").GetString());
        using var playlist = await host.Client.GetAsync(view.GetProperty("playlist_url").GetString());
        Assert.Equal(HttpStatusCode.OK, playlist.StatusCode);
    }

    [Fact]
    public async Task A_video_that_does_not_exist_is_told_from_an_origin_that_does_not_answer()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await using var host = await StartAsync(origin);
        using var api = host.Api("editor");
        await UploadAsync(api);
        var absent = await ProblemAsync(api, new { video = "nobody/knows", trailer = "brand" }, HttpStatusCode.NotFound);
        Assert.EndsWith("/unknown-video", absent.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Contains("nobody/knows", absent.GetProperty("detail").GetString(), StringComparison.Ordinal);
        origin.Answer("broken/playlist.m3u8", context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        var broken = await ProblemAsync(api, new { video = "broken", trailer = "brand" }, HttpStatusCode.BadGateway);
        Assert.Contains("try again", broken.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ProblemAsync(api, new { video = "a//b", trailer = "brand" }, HttpStatusCode.BadRequest);
        await ProblemAsync(api, new { video = "nobody", trailer = "brnd" }, HttpStatusCode.NotFound);
    }

    private static async Task<JsonElement> ProblemAsync(HttpClient api, object body, HttpStatusCode status)
    {
        using var answer = await api.PostAsJsonAsync("api/preview", body);
        Assert.True(status == answer.StatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<string?> UploadAsync(HttpClient api)
    {
        using var answer = await api.PutAsync("api/trailers/brand", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2))));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetString();
    }

    private static async Task<GatewayHost> StartAsync(LoopbackOrigin origin, Action<IServiceCollection>? services = null)
    {
        var host = await GatewayHost.StartAsync(origin, configure: services);
        host.Services.GetRequiredService<ContentFacts>().Patience = TimeSpan.FromSeconds(60);
        return host;
    }
}
