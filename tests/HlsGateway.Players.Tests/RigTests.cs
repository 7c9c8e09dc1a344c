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

    private static async Task<Frame?[]> ReadAsync(string file)
    {
        var cells = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-i", file, "-an", "-vf", Barcode.ReadingFilter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"], TimeSpan.FromMinutes(1));
        return [.. cells.Chunk(Barcode.Cells).Select(strip => Barcode.Read(strip))];
    }
}
