using HlsGateway.Transcoding;

namespace HlsGateway.Tests.Transcoding;

public sealed class Mp4FrontTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>
{
    [Theory]
    [InlineData("front.mp4", "-movflags +faststart", 2.0)]
    [InlineData("front.mov", "-movflags +faststart", 2.0)]
    [InlineData("back.mp4", "-brand isom", null)]
    [InlineData("fragments.mp4", "-movflags +frag_keyframe+empty_moov", null)]
    [InlineData("other.mkv", "-y", null)]
    [InlineData("other.ts", "-y", null)]
    public async Task The_length_is_read_where_the_first_bytes_tell_it(string name, string options, double? seconds)
    {
        var file = await media.MakeAsync(name, ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", .. options.Split(' ')]);
        Assert.Equal(seconds, Mp4Front.Seconds(file.AsSpan(0, Math.Min(file.Length, Mp4Front.Bytes))));
    }

    [Fact]
    public async Task Whatever_the_bytes_are_they_are_read_without_a_fault()
    {
        var file = (await media.MakeAsync("front.mp4", ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]))[..512];
        var random = new Random(7);
        for (var turn = 0; turn < 20_000; turn++)
        {
            var bytes = file[..random.Next(file.Length)];
            for (var n = random.Next(6); n > 0 && bytes.Length > 0; n--) bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)255 : (byte)random.Next(256);
            _ = Mp4Front.Seconds(bytes);
        }
    }

    [Theory]
    [InlineData(0, 1000u, 13_500u, 13.5)]
    [InlineData(1, 600u, 8_100u, 13.5)]
    [InlineData(0, 1000u, uint.MaxValue, null)]
    [InlineData(0, 0u, 5u, null)]
    [InlineData(0, 1000u, 0u, null)]
    [InlineData(2, 1000u, 5u, null)]
    public void Both_versions_of_the_header_are_read(byte version, uint scale, uint duration, double? seconds)
    {
        byte[] Big(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
        byte[] content = version == 1
            ? [version, 0, 0, 0, .. new byte[16], .. Big(scale), .. new byte[4], .. Big(duration)]
            : [version, 0, 0, 0, .. new byte[8], .. Big(scale), .. Big(duration)];
        byte[] header = [.. Big((uint)content.Length + 8), .. "mvhd"u8, .. content];
        // A moov that says it is larger than what is here, behind a box of 64-bit size.
        byte[] file = [.. Big(16), .. "ftyp"u8, .. "isom"u8, .. new byte[4], .. Big(1), .. "free"u8, .. new byte[4], .. Big(20), .. new byte[4], .. Big(90_000), .. "moov"u8, .. header];
        Assert.Equal(seconds, Mp4Front.Seconds(file));
    }
}
