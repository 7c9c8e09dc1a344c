using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Tests.Trailers;

namespace HlsGateway.Tests.Content;

/// <summary>Segments moved in time, judged by ffprobe and not by the code that moved them.</summary>
public sealed class TsTimestampsTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Theory]
    [InlineData(90_000 * 7L, 7.0)]
    [InlineData(-45_000L, -0.5)]
    public async Task S1_Every_time_of_a_segment_moves_by_the_same_and_moving_back_restores_its_bytes(long ticks, double seconds)
    {
        var file = await SegmentAsync();
        var before = await File.ReadAllBytesAsync(file);
        var bytes = before.ToArray();
        TsTimestamps.Shift(bytes, ticks);
        var moved = workshop[string.Create(CultureInfo.InvariantCulture, $"moved{ticks}.ts")];
        await File.WriteAllBytesAsync(moved, bytes);

        var (was, now) = (await TimesAsync(file), await TimesAsync(moved));
        Assert.True(was.Count > 100, "picture and sound");
        Assert.Equal(was.Select(t => (t.Kind, Math.Round(t.Pts + seconds, 4), Math.Round(t.Dts + seconds, 4))), now);
        Assert.Equal(ClockReferences(before).Select(c => c + ticks), ClockReferences(bytes));
        Assert.NotEmpty(ClockReferences(before));

        TsTimestamps.Shift(bytes, -ticks);
        Assert.Equal(before, bytes);
    }

    [Fact]
    public async Task S1_Times_wrap_at_33_bits()
    {
        var before = await File.ReadAllBytesAsync(await SegmentAsync());
        var bytes = before.ToArray();
        TsTimestamps.Shift(bytes, -(MpegClock.Wrap / 2));
        TsTimestamps.Shift(bytes, -(MpegClock.Wrap / 2));
        Assert.Equal(before, bytes);

        // The first second lies before the wrap, the others behind it.
        TsTimestamps.Shift(bytes, MpegClock.Wrap - 216_000);
        Assert.All(ClockReferences(bytes), clock => Assert.InRange(clock, 0, MpegClock.Wrap - 1));
        Assert.True(ClockReferences(bytes).Max() - ClockReferences(bytes).Min() > MpegClock.Wrap / 2, "some lie on either side");
    }

    [Fact]
    public void What_is_no_transport_stream_is_refused_and_never_anything_else()
    {
        var random = new Random(20261127);
        var refused = 0;
        for (var k = 0; k < 20_000; k++)
        {
            var bytes = new byte[188 * random.Next(1, 4)];
            random.NextBytes(bytes);
            for (var at = 0; at < bytes.Length && k % 4 != 0; at += 188)
            {
                bytes[at] = 0x47;
                bytes[at + 1] |= 0x40;
                // A PES header where a payload may begin, with whatever lengths come.
                (bytes[at + 3], bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]) = ((byte)(0x10 | (bytes[at + 3] & 0x20)), (byte)(bytes[at + 4] % 200), 0, 1, 0xe0);
            }

            try
            {
                TsTimestamps.Shift(bytes, random.NextInt64(-MpegClock.Wrap, MpegClock.Wrap));
            }
            catch (FormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 5_000, 20_000);
        Assert.Throws<FormatException>(() => TsTimestamps.Shift(new byte[187], 1));
        Assert.Throws<FormatException>(() => AdtsFrames.Shift(new byte[300], 1));
    }

    private async Task<string> SegmentAsync()
    {
        // B-frames: PTS and DTS differ.
        var file = workshop["plain.ts"];
        if (!File.Exists(file))
        {
            await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=3", "-f", "lavfi", "-i", "sine=440:r=48000:d=3",
                "-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac", file]);
        }
        return file;
    }

    private static async Task<List<(string Kind, double Pts, double Dts)>> TimesAsync(string file) =>
        [.. (await TrailerWorkshop.ProbeAsync(file, "-show_entries", "packet=codec_type,pts_time,dts_time")).Select(line => line.Split(','))
            .Select(p => (p[0], Math.Round(double.Parse(p[1], CultureInfo.InvariantCulture), 4), Math.Round(double.Parse(p[2], CultureInfo.InvariantCulture), 4)))];

    /// <summary>The 33 bits of every PCR, read as the standard writes them down.</summary>
    private static List<long> ClockReferences(byte[] segment) =>
        [.. segment.Chunk(188).Where(p => (p[3] & 0x20) != 0 && p[4] > 6 && (p[5] & 0x10) != 0).Select(p => ((long)p[6] << 25) | ((long)p[7] << 17) | ((long)p[8] << 9) | ((long)p[9] << 1) | ((long)p[10] >> 7))];
}
