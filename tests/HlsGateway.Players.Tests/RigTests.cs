using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests;

/// <summary>The measuring device itself: what it reads must be what was drawn.</summary>
public sealed class RigTests
{
    [Fact]
    public async Task Every_frame_of_the_trailer_tells_its_number()
    {
        var media = await TestMedia.MakeAsync();

        var frames = await ReadAsync(media.Trailer);

        Assert.Equal(Enumerable.Range(0, TestMedia.TrailerFrames).Select(number => (Frame?)new Frame(Barcode.Trailer, number)), frames);
    }

    [Fact]
    public async Task Every_frame_of_each_rung_tells_its_rung_and_number()
    {
        var media = await TestMedia.MakeAsync();

        foreach (var (name, source) in new[] { ("180p", 0), ("360p", 1) })
        {
            var frames = await ReadAsync(Path.Combine(media.Root, "ts", name, "video.m3u8"));

            Assert.Equal(Enumerable.Range(0, TestMedia.ContentFrames).Select(number => (Frame?)new Frame(source, number)), frames);
        }
    }

    [Fact]
    public void A_picture_without_a_strip_tells_nothing()
    {
        Assert.Null(Barcode.Read([128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128]));
        Assert.Null(Barcode.Read(new byte[Barcode.Cells]));
        Assert.Null(Barcode.Read([255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255]));
    }

    [Fact]
    public async Task A_site_s_log_tells_who_asked_for_what()
    {
        var media = await TestMedia.MakeAsync();
        await using var nginx = await Nginx.StartAsync(new Site("open", Cors: true, ("/videos/", media.Root)), new Site("closed", Cors: false, ("/", media.Root)));
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Referrer = new Uri("http://somebody.localhost/");

        using var open = await client.GetAsync(new Uri(nginx.AddressOf("open"), "videos/ts/180p/video0.ts?a=1"));
        using var closed = await client.GetAsync(new Uri(nginx.AddressOf("closed"), "ts/nothing"));

        Assert.Equal("*", Assert.Single(open.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(closed.Headers.Contains("Access-Control-Allow-Origin"));
        await Until.TrueAsync(() => Task.FromResult(nginx.LogOf("open").Count == 1 && nginx.LogOf("closed").Count == 1), "both requests are logged", TimeSpan.FromSeconds(5));
        Assert.Equal(new ServedRequest("GET", "/videos/ts/180p/video0.ts", "a=1", "http://somebody.localhost/", "", "", 200), nginx.LogOf("open")[0]);
        Assert.Equal(404, nginx.LogOf("closed")[0].Status);
    }

    private static async Task<Frame?[]> ReadAsync(string file)
    {
        var (cells, _) = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-i", file, "-an", "-vf", Barcode.ReadingFilter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"], TimeSpan.FromMinutes(1));
        return [.. cells.Chunk(Barcode.Cells).Select(strip => Barcode.Read(strip))];
    }
}
