using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests;

/// <summary>The measuring device itself: what it reads must be what was drawn.</summary>
public sealed class RigTests
{
    [Fact]
    public async Task Every_frame_of_the_trailer_tells_its_number() =>
        Assert.Equal(Numbered(Barcode.Trailer, TestMedia.TrailerFrames), await ReadAsync(await TestMedia.MakeTrailerAsync(hasSound: true)));

    [Fact]
    public async Task Every_frame_of_each_rung_tells_its_rung_and_number()
    {
        var shape = ContentShape.Of("ts");
        var folder = await TestMedia.MakeAsync(shape);

        foreach (var (name, source) in new[] { ("180p", 0), ("360p", 1) })
            Assert.Equal(Numbered(source, shape.Frames), await ReadAsync(Path.Combine(folder, name, "video.m3u8")));
    }

    [Fact]
    public async Task A_trailer_that_was_fitted_into_an_upright_picture_tells_its_numbers_too()
    {
        var frames = await ReadAsync(await TestMedia.MakeTrailerAsync(hasSound: true), "scale=180:-2,pad=180:320:(ow-iw)/2:(oh-ih)/2,");

        Assert.Equal(Numbered(Barcode.Trailer, TestMedia.TrailerFrames), frames);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_tone_of_the_trailer_is_told_from_the_content_s_and_from_silence(bool trailer)
    {
        var file = Path.GetTempFileName();
        try
        {
            string[] input = trailer ? ["-i", await TestMedia.MakeTrailerAsync(hasSound: true)] : ["-f", "lavfi", "-t", "2", "-i", "anullsrc"];
            await Tool.RunAsync("ffmpeg", ["-nostdin", "-v", "error", .. input, "-vn", "-af", SoundLevels.Filter(file), "-f", "null", "-"], TimeSpan.FromMinutes(1));
            var heard = SoundLevels.Read(file);

            Assert.InRange(heard.Count, 80, 400);
            Assert.All(heard.Skip(2).SkipLast(2), moment =>
            {
                Assert.Equal(trailer, moment.IsTone(TestMedia.TrailerHertz));
                Assert.False(moment.IsTone(TestMedia.OtherHertz));
                Assert.Equal(trailer, !moment.IsSilence);
            });
        }
        finally
        {
            File.Delete(file);
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
        var folder = await TestMedia.MakeAsync(ContentShape.Of("ts"));
        await using var nginx = await Nginx.StartAsync(new Site("open", Cors: true, ("/videos/", folder)), new Site("closed", Cors: false, ("/", folder)));
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Referrer = new Uri("http://somebody.localhost/");

        using var open = await client.GetAsync(new Uri(nginx.AddressOf("open"), "videos/180p/video0.ts?a=1"));
        using var closed = await client.GetAsync(new Uri(nginx.AddressOf("closed"), "nothing"));

        Assert.Equal("*", Assert.Single(open.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(closed.Headers.Contains("Access-Control-Allow-Origin"));
        await Until.TrueAsync(() => Task.FromResult(nginx.LogOf("open").Count == 1 && nginx.LogOf("closed").Count == 1), "both requests are logged", TimeSpan.FromMinutes(1));
        Assert.Equal(new ServedRequest("GET", "/videos/180p/video0.ts", "a=1", "http://somebody.localhost/", "", "", 200), nginx.LogOf("open")[0]);
        Assert.Equal(404, nginx.LogOf("closed")[0].Status);
    }

    private static IEnumerable<Frame?> Numbered(int source, int frames) => Enumerable.Range(0, frames).Select(number => (Frame?)new Frame(source, number));

    private static async Task<Frame?[]> ReadAsync(string file, string before = "")
    {
        var (cells, _) = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-i", file, "-an", "-vf", before + Barcode.ReadingFilter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"], TimeSpan.FromMinutes(3));
        return [.. cells.Chunk(Barcode.ReadBytes).Select(rows => Barcode.ReadEither(rows))];
    }
}
