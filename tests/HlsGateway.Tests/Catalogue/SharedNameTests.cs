using System.Net;
using HlsGateway.Catalogue;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Catalogue;

/// <summary>Uploads and the origin's videos below one another's names: each is whose it is.</summary>
public sealed class SharedNameTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example/";
    private const string Store = "https://media.example/";

    private LoopbackOrigin origin = default!;
    private GatewayHost host = default!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = Cdn,
            ["Storage:PublicUrl"] = Store,
        });
        SampleVideo.AddTo(origin, "lib/clip");
        origin.Serve("lib/clip/poster.jpg", [1, 2, 3]);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Theory]
    [InlineData("lib")]
    [InlineData("lib/clip/720p")]
    [InlineData("lib/clip/720p/video0.ts")]
    public async Task An_upload_hides_nothing_of_the_origins(string upload)
    {
        await PublishAsync(upload);

        var viewer = await Viewer.StartAsync(host.Client, "lib/clip");
        Assert.Equal(Cdn + "lib/clip/720p/video0.ts", await LocationAsync(viewer.Segments[0].PathAndQuery));
        Assert.Equal(Cdn + "lib/clip/720p/video1.ts", await LocationAsync("/watch/lib/clip/720p/video1.ts"));
        Assert.Equal([1, 2, 3], await host.Client.GetByteArrayAsync("watch/lib/clip/poster.jpg"));
        using var api = host.Api("analyst");
        var session = await Viewer.ReportAsync(api, viewer.Session);
        Assert.Equal(("lib/clip", 4.0), (session!.Value.GetProperty("video").GetString(), session.Value.GetProperty("watch_seconds").GetDouble()));
    }

    [Fact]
    public async Task A_stripped_child_of_the_origins_is_that_videos_and_not_the_uploads_above_it()
    {
        await PublishAsync("lib");

        var playlist = await host.Client.GetStringAsync("watch/lib/clip/720p/video.m3u8");

        Assert.Contains("session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&", playlist, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_is_played_from_its_revision_and_its_files_are_found_without_a_mark_too()
    {
        SampleVideo.AddTo(origin, "lib");
        await PublishAsync("lib");

        var viewer = await Viewer.StartAsync(host.Client, "lib");
        Assert.Equal(Store + "videos/lib/r1/360p/video0.ts", await LocationAsync(viewer.Segments[0].PathAndQuery));
        Assert.Equal(Store + "videos/lib/r1/poster.jpg", await LocationAsync("/watch/lib/poster.jpg"));
        Assert.Equal(Store + "videos/lib/r1/360p/video0.ts", await LocationAsync("/watch/lib/360p/video0.ts"));
        Assert.Contains("~r/r1/360p/video0.ts", await host.Client.GetStringAsync("watch/lib/360p/video.m3u8"), StringComparison.Ordinal);
        Assert.Equal(Cdn + "lib/720p/video0.ts", await LocationAsync("/watch/lib/720p/video0.ts"));
    }

    [Fact]
    public async Task A_session_of_the_origins_goes_on_when_an_upload_takes_its_name()
    {
        SampleVideo.AddTo(origin, "lib");
        origin.Serve("lib/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n360p/video.m3u8\n");
        origin.Serve("lib/360p/video.m3u8", SampleVideo.Media(2));
        var viewer = await Viewer.StartAsync(host.Client, "lib");

        await PublishAsync("lib");

        Assert.Equal(Cdn + "lib/360p/video0.ts", await LocationAsync(viewer.Segments[0].PathAndQuery));
    }

    [Fact]
    public async Task A_deleted_upload_leaves_its_name_to_the_origin()
    {
        SampleVideo.AddTo(origin, "lib");
        await PublishAsync("lib");
        await host.Services.GetRequiredService<CatalogueStore>().DeleteAsync("lib", new Actor("test"), CancellationToken.None);

        var viewer = await Viewer.StartAsync(host.Client, "lib");

        Assert.Equal(Cdn + "lib/720p/video0.ts", await LocationAsync(viewer.Segments[0].PathAndQuery));
        Assert.Equal(Cdn + "lib/360p/video0.ts", await LocationAsync("/watch/lib/360p/video0.ts"));
    }

    private async Task PublishAsync(string video)
    {
        var store = host.Services.GetRequiredService<BlobStore>();
        var prefix = PublishedVideo.Prefix(video, "r1");
        foreach (var (name, text) in ((string, string)[])[
            ("360p/video0.ts", "x"), ("360p/video1.ts", "x"), ("poster.jpg", "x"), ("360p/video.m3u8", SampleVideo.Media(2)), ("playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n360p/video.m3u8\n")])
            await store.PutAsync(prefix + name, System.Text.Encoding.UTF8.GetBytes(text), CancellationToken.None);
        Assert.True(await host.Services.GetRequiredService<CatalogueStore>().PublishAsync(
            new Publication(video, "r1", TimeSpan.FromSeconds(8), [], [], null, null), (_, _) => Task.FromResult(true), CancellationToken.None));
    }

    private async Task<string?> LocationAsync(string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location?.OriginalString;
    }
}
