using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Catalogue;

public class CatalogueTests : IAsyncLifetime
{
    private GatewayHost host = default!;

    public async Task InitializeAsync() => host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_published_video_is_known_at_once_and_after_a_restart()
    {
        await PublishAsync("did:plc:abc/bafk", "r1");
        var snapshot = host.Services.GetRequiredService<PublishedVideos>();
        Assert.True(snapshot.TryGet("did:plc:abc/bafk", out var published));
        Assert.Equal(("r1", "videos/did:plc:abc/bafk/r1/"), (published.Revision, published.KeyPrefix));
        Assert.Equal(133_200, Assert.Single(published.Facts).FirstVideoPts);

        // A worker beside the gateway, on the same data directory: the ledger stays the gateway's.
        await using var second = await GatewayHost.StartAsync(
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Roles:0"] = "worker" }, dataDirectory: host.DataDirectory);
        Assert.True(second.Services.GetRequiredService<PublishedVideos>().TryGet("did:plc:abc/bafk", out var again));
        Assert.Equal(published.Facts.AsEnumerable(), again.Facts);
        Assert.Equal(published.Revision, again.Revision);

        // Another process publishes: this one learns of it.
        await PublishAsync("did:plc:abc/bafk", "r2", second);
        await Eventually.IsTrueAsync(() => snapshot.TryGet("did:plc:abc/bafk", out var seen) && seen.Revision == "r2", "the new revision");
    }

    [Fact]
    public async Task The_api_tells_what_was_published()
    {
        await PublishAsync("a/b", "r1");
        using var api = host.Api("analyst");
        var video = await api.GetFromJsonAsync<JsonElement>(Rel("/api/videos/a%2Fb"));
        Assert.Equal("ready", video.GetProperty("status").GetString());
        Assert.Equal(24.5, video.GetProperty("duration_seconds").GetDouble());
        Assert.Equal(24.5, video.GetProperty("duration").GetDouble());
        Assert.Equal($"{host.Address}watch/a/b/playlist.m3u8", video.GetProperty("playlist_url").GetString());
        Assert.Equal("abc", video.GetProperty("source").GetProperty("sha256").GetString());
        Assert.Equal(500, video.GetProperty("renditions")[0].GetProperty("bandwidth").GetInt64());
        Assert.Equal("a/b", (await api.GetFromJsonAsync<JsonElement>(Rel("/api/videos")))[0].GetProperty("video").GetString());
    }

    [Fact]
    public async Task What_the_api_tells_holds_for_viewers_at_once()
    {
        // No refresh comes to help: a worker elsewhere publishes, and who asked this gateway is answered before any.
        var snapshot = host.Services.GetRequiredService<PublishedVideos>();
        var elsewhere = new CatalogueStore(host.Services.GetRequiredService<CatalogueDatabase>(), new PublishedVideos(), TimeProvider.System);
        using var uploader = host.Api("uploader");
        for (var revision = 0; revision < 20; revision++)
        {
            await PublishAsync("v", $"r{revision}", elsewhere);
            var told = await uploader.GetFromJsonAsync<JsonElement>(Rel("/api/videos/v"));
            Assert.Equal($"r{revision}", told.GetProperty("revision").GetString());
            Assert.True(snapshot.TryGet("v", out var shown) && shown.Revision == $"r{revision}", shown?.Revision);
        }

        Assert.True(await elsewhere.DeleteAsync("v", new Actor("somebody"), CancellationToken.None));
        using var gone = await uploader.GetAsync(Rel("/api/videos/v"));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.False(snapshot.TryGet("v", out _));
    }

    [Fact]
    public async Task A_machine_whose_clock_is_behind_changes_a_video_all_the_same()
    {
        await PublishAsync("v", "r1");
        var snapshot = host.Services.GetRequiredService<PublishedVideos>();
        var behind = new CatalogueStore(host.Services.GetRequiredService<CatalogueDatabase>(), snapshot, new ManualClock());
        await PublishAsync("v", "r2", behind);
        Assert.True(snapshot.TryGet("v", out var shown) && shown.Revision == "r2", shown?.Revision);
        Assert.True(await behind.DeleteAsync("v", new Actor("somebody"), CancellationToken.None));
        Assert.False(snapshot.TryGet("v", out _));
        await PublishAsync("v", "r3", behind);
        Assert.True(snapshot.TryGet("v", out shown) && shown.Revision == "r3", shown?.Revision);
    }

    [Fact]
    public void What_was_read_before_a_change_and_comes_after_it_changes_nothing()
    {
        var snapshot = new PublishedVideos();
        var first = new PublishedVideo("v", "r1", []);
        snapshot.Apply([new("v", 1, first)]);
        snapshot.Apply([new("v", 2, null)]);
        snapshot.Apply([new("v", 1, first)]);
        Assert.False(snapshot.TryGet("v", out _));
    }

    [Fact]
    public async Task A_deleted_video_is_gone_for_new_sessions_and_may_come_back()
    {
        await PublishAsync("v", "r1");
        using var uploader = host.Api("uploader");
        using var deleted = await uploader.DeleteAsync(Rel("/api/videos/v"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.False(host.Services.GetRequiredService<PublishedVideos>().TryGet("v", out _));
        using var again = await uploader.DeleteAsync(Rel("/api/videos/v"));
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Contains("/problems/no-video", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await PublishAsync("v", "r2");
        Assert.True(host.Services.GetRequiredService<PublishedVideos>().TryGet("v", out _));
    }

    [Fact]
    public async Task Reading_needs_a_token_and_deleting_an_uploader()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Client.GetAsync(Rel("/api/videos"))).StatusCode);
        using var analyst = host.Api("analyst");
        Assert.Equal(HttpStatusCode.Forbidden, (await analyst.DeleteAsync(Rel("/api/videos/v"))).StatusCode);
    }

    [Theory]
    [InlineData("video_15", true)]
    [InlineData("did:plc:abc/bafkrei", true)]
    [InlineData("a/b/c/d/e/f/g/h", true)]
    [InlineData("a/b/c/d/e/f/g/h/i", false)]
    [InlineData("", false)]
    [InlineData("../a", false)]
    [InlineData("a//b", false)]
    [InlineData(".hidden", false)]
    [InlineData("~t", false)]
    [InlineData("a/subtitles", false)]
    [InlineData("a.m3u8", false)]
    [InlineData("a b", false)]
    [InlineData("a%2Fb", false)]
    public void Ids_of_videos(string id, bool valid) => Assert.Equal(valid, VideoId.IsValid(id));

    private Task<bool> PublishAsync(string video, string revision, GatewayHost? on = null) =>
        PublishAsync(video, revision, (on ?? host).Services.GetRequiredService<CatalogueStore>());

    private static Task<bool> PublishAsync(string video, string revision, CatalogueStore store) =>
        store.PublishAsync(
            new Publication(
                video, revision, TimeSpan.FromSeconds(24.5), [new PublishedRendition("360p", "360p/video.m3u8", 640, 360, 25, 500, 400, "avc1.64001e,mp4a.40.2")],
                [new RenditionFacts("360p/video.m3u8", new RenditionShape("ts", 640, 360, "25/1", "high", 48000, 2), 133_200)],
                new SourceCopy("sources/x.mp4", "abc", 7), null),
            (_, _) => Task.FromResult(true), CancellationToken.None);

    private static Uri Rel(string path) => new(path, UriKind.Relative);
}

[Collection(OnPostgres.Name)]
public sealed class CatalogueOnPostgresTests : CatalogueTests
{
    public CatalogueOnPostgresTests(PostgresFixture postgres) => GatewayHost.Database.Value = postgres.NewDatabase();
}
