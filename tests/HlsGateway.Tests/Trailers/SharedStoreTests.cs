using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Trailers;

/// <summary>Several gateways over one store: what one of them made a moment ago, another serves.</summary>
public sealed class SharedStoreTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task S8_A_gateway_that_was_told_nothing_serves_the_copy_and_the_version_that_another_made()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        await workshop.ServeAsync(origin, "small", ["-r", "25", "-s", "160x90"], []);
        await using var one = await StartAsync(origin);
        // Its own database, so that no notice of a change ever reaches it: it has only the store.
        await using var other = await StartAsync(origin, data => Link(data, one.DataDirectory, "objects"));
        await UploadAsync(one, "brand");

        var child = await ChildAsync(one, "show");
        Assert.Null(other.Services.GetRequiredService<TrailerLibrary>().ById(IdOf(one)));
        var media = await one.Client.GetStringAsync("watch/show/" + child);
        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXTINF:2,\n~t/brand@", media, StringComparison.Ordinal);
        Assert.Equal(media, await other.Client.GetStringAsync("watch/show/" + child));

        // The other gateway knows the version now, and not the copy that is made next; a caption playlist asks for it first.
        var small = await ChildAsync(one, "small");
        var token = Viewer.SessionOf(new Uri(one.Address, "watch/small/" + small));
        var role = small.Split("&p=")[1].Split('&')[0].Replace('v', 's');
        var captions = await other.Client.GetStringAsync(Signed.Child(one, "small", "subtitles/en.m3u8", token, role));
        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXTINF:2,\n", captions, StringComparison.Ordinal);
        Assert.Equal(await one.Client.GetStringAsync("watch/small/" + small), await other.Client.GetStringAsync("watch/small/" + small));
    }

    [Fact]
    public async Task S4_A_session_that_asks_another_gateway_for_its_master_playlist_again_keeps_its_trailer()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "again", ["-r", "25"], []);
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin, data => Link(data, one.DataDirectory, "objects"));
        await UploadAsync(one, "brand");
        var child = await ChildAsync(one, "again");
        var master = $"watch/again/playlist.m3u8?session_id={Viewer.SessionOf(new Uri(one.Address, "watch/again/" + child))}";
        var here = await one.Client.GetStringAsync(master);
        Assert.Contains(child, here, StringComparison.Ordinal);
        Assert.Equal(here, await other.Client.GetStringAsync(master));
    }

    [Fact]
    public async Task A_gateway_that_shares_the_database_learns_of_a_copy_before_anyone_asks()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "told", ["-r", "25"], []);
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin, data =>
        {
            Link(data, one.DataDirectory, "objects");
            Link(data, one.DataDirectory, "catalogue.db");
        });
        await UploadAsync(one, "brand");
        await ChildAsync(one, "told");
        var library = other.Services.GetRequiredService<TrailerLibrary>();
        await Eventually.IsTrueAsync(() => library.ById(IdOf(one)) is { Copies.Count: > 0 }, "the other gateway knows the copy");
        // Its first session has the trailer: nothing is left to be made.
        await ChildAsync(other, "told");
    }

    [Fact]
    public async Task A_withdrawn_trailer_is_shown_to_nobody_any_more_on_any_gateway()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "gone", ["-r", "25"], []);
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin, data =>
        {
            Link(data, one.DataDirectory, "objects");
            Link(data, one.DataDirectory, "catalogue.db");
        });
        await UploadAsync(one, "brand");
        var child = await ChildAsync(one, "gone");
        var media = await one.Client.GetStringAsync("watch/gone/" + child);
        var segment = "watch/gone/" + Viewer.Uris(media).First(u => u.StartsWith("~t/", StringComparison.Ordinal));
        using (var shown = await one.Client.GetAsync(segment))
            Assert.Equal(302, (int)shown.StatusCode);

        using var api = one.Api("editor");
        using (var answer = await api.PostAsync("api/trailers/brand/withdraw", null))
            Assert.True((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("withdrawn").GetBoolean());
        var library = other.Services.GetRequiredService<TrailerLibrary>();
        await Eventually.IsTrueAsync(() => library.Snapshot.IsWithdrawn(IdOf(one)), "the other gateway knows");
        foreach (var host in new[] { one, other })
        {
            Assert.DoesNotContain("&p=v-", await host.Client.GetStringAsync("watch/gone/playlist.m3u8"), StringComparison.Ordinal);
            using var refused = await host.Client.GetAsync(segment);
            Assert.Equal(410, (int)refused.StatusCode);
            Assert.Equal("*", Assert.Single(refused.Headers.GetValues("Access-Control-Allow-Origin")));
            // The playlist of a running session stays what it was, so that its Renditions never differ.
            Assert.Equal(media, await host.Client.GetStringAsync("watch/gone/" + child));
        }

        using (var again = await api.PutAsync("api/trailers/other", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2)))))
            Assert.Contains("was withdrawn as brand@", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using (var chosen = await api.PutAsJsonAsync("api/trailers/active", new { trailer = library.Snapshot.Versions[0].Label }))
            Assert.Equal(409, (int)chosen.StatusCode);
        var history = await api.GetFromJsonAsync<JsonElement>("api/trailers/history");
        Assert.Equal("withdraw", history[0].GetProperty("action").GetString());
    }

    [Fact]
    public async Task A_trailer_whose_copy_is_not_whole_is_not_activated_unless_forced()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "whole", ["-r", "25"], []);
        await workshop.ServeAsync(origin, "whole4", ["-r", "25"], ["-hls_segment_type", "fmp4"]);
        await using var host = await StartAsync(origin);
        await UploadAsync(host, "brand");
        await ChildAsync(host, "whole");
        await ChildAsync(host, "whole4");
        using var api = host.Api("editor");
        var report = await CheckAsync(api);
        Assert.True(report.GetProperty("ok").GetBoolean(), report.ToString());
        Assert.Equal((2, 0), (report.GetProperty("copies").GetInt32(), report.GetProperty("findings").GetArrayLength()));

        var copy = host.Services.GetRequiredService<TrailerLibrary>().Snapshot.Versions[0].Copies.Values.First(c => c.Init is null);
        await host.Services.GetRequiredService<BlobStore>().DeleteAsync(copy.KeyPrefix + copy.Segments[0].File, CancellationToken.None);
        report = await CheckAsync(api);
        Assert.False(report.GetProperty("ok").GetBoolean());
        var finding = Assert.Single(report.GetProperty("findings").EnumerateArray());
        Assert.Equal(("S2", "error", "The segment is not in the store."),
            (finding.GetProperty("rule").GetString(), finding.GetProperty("severity").GetString(), finding.GetProperty("message").GetString()));

        using var refused = await api.PutAsJsonAsync("api/trailers/active", new { trailer = "brand" });
        Assert.Equal(409, (int)refused.StatusCode);
        Assert.Contains("rule S2", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var forced = await api.PutAsJsonAsync("api/trailers/active?force=true", new { trailer = "brand" });
        Assert.Equal(200, (int)forced.StatusCode);
    }

    private static async Task<JsonElement> CheckAsync(HttpClient api)
    {
        using var answer = await api.PostAsync("api/trailers/brand/check", null);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    [Fact]
    public async Task Profiles_of_which_there_is_no_copy_cost_no_read_of_the_store_each()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        await using var host = await StartAsync(origin, services: services => services.AddSingleton<DiskStore>().AddSingleton<BlobStore, CountingStore>());
        await UploadAsync(host, "brand");
        using var api = host.Api("editor");
        using var answer = await api.PostAsJsonAsync("api/preview", new { video = "v", trailer = "brand" });
        var preview = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var token = Viewer.SessionOf(new Uri(preview.GetProperty("playlist_url").GetString()!));

        var store = (CountingStore)host.Services.GetRequiredService<BlobStore>();
        var before = store.Lists;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async k =>
        {
            var body = await host.Client.GetStringAsync(Signed.Child(host, "v", "720p/video.m3u8", token, $"v-ts-{320 + (2 * k)}x180-25_1-high-48000x2"));
            Assert.DoesNotContain("DISCONTINUITY", body, StringComparison.Ordinal);
        }));
        Assert.InRange(store.Lists - before, 1, 2 + (clock.ElapsedMilliseconds / 250));

        // What no copy is ever made for is not looked for at all. The gateway has reasons of its own to read the store, now and then.
        string[] never = ["nothing", "ts-321x180-25_1-high-48000x2", "ts-320x180-25_1-unheard-48000x2", "ts-320x180-25_1-high-48001x2", "ts-nv-na", "aac-320x180-25_1-high-na"];
        await Eventually.IsTrueAsync(
            async () =>
            {
                before = store.Lists;
                foreach (var profile in never)
                    Assert.DoesNotContain("DISCONTINUITY", await host.Client.GetStringAsync(Signed.Child(host, "v", "720p/video.m3u8", token, $"v-{profile}")), StringComparison.Ordinal);
                return store.Lists == before;
            },
            "no read of the store for what cannot be there", TimeSpan.FromSeconds(20));
    }

    private static void Link(string data, string from, string name)
    {
        var target = Path.Combine(from, name);
        if (Directory.Exists(target))
            Directory.CreateSymbolicLink(Path.Combine(data, name), target);
        else
            File.CreateSymbolicLink(Path.Combine(data, name), target);
    }

    private async Task<GatewayHost> StartAsync(LoopbackOrigin origin, Action<string>? prepare = null, Action<IServiceCollection>? services = null)
    {
        var data = Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        prepare?.Invoke(data);
        var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Trailers:Folder"] = "",
            ["Trailers:Active"] = "brand",
            ["Gateway:Sessions:Keys:0"] = "a key of forty bytes that two hosts share",
        }, services, data);
        // What is served after it is another thing than what these tests are about.
        host.Services.GetRequiredService<PinnedTrailers>().Patience = host.Services.GetRequiredService<ContentFacts>().Patience = TimeSpan.FromSeconds(60);
        return host;
    }

    private async Task UploadAsync(GatewayHost host, string name)
    {
        using var api = host.Api("editor");
        using var answer = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2))));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static uint IdOf(GatewayHost host) => host.Services.GetRequiredService<TrailerLibrary>().Snapshot.Versions[0].Id;

    /// <summary>The child playlist of the first session that gets the trailer.</summary>
    private static Task<string> ChildAsync(GatewayHost host, string video) => Eventually.GetAsync(
        async () => Viewer.Uris(await host.Client.GetStringAsync($"watch/{video}/playlist.m3u8")).SingleOrDefault(u => u.Contains("&p=v-", StringComparison.Ordinal)), "a session gets the trailer");

    /// <summary>The disk's store, with a count of listings.</summary>
    private sealed class CountingStore(DiskStore disk) : BlobStore(NoCdn.Addresses)
    {
        private int lists;

        public int Lists => Volatile.Read(ref lists);

        public override Task PutAsync(string key, Stream content, string contentType, CancellationToken ct) => disk.PutAsync(key, content, contentType, ct);

        public override Task<Stream?> OpenAsync(string key, CancellationToken ct) => disk.OpenAsync(key, ct);

        public override Task<bool> ExistsAsync(string key, CancellationToken ct) => disk.ExistsAsync(key, ct);

        public override Task DeleteAsync(string key, CancellationToken ct) => disk.DeleteAsync(key, ct);

        public override async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
        {
            Interlocked.Increment(ref lists);
            await foreach (var key in disk.ListAsync(prefix, ct))
                yield return key;
        }

        protected override string OwnUrl(string key, HttpRequest request) => throw new NotSupportedException("Nobody is redirected here.");
        protected override IResult Download(string key, string fileName) => throw new NotSupportedException();
    }
}
