using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Trailers;

namespace HlsGateway.Tests.Trailers;

/// <summary>Conditioned copies, judged by ffprobe and not by the code that made them.</summary>
public sealed class TrailerCopyTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    private const double SourceSeconds = 5.8;

    public static IEnumerable<object[]> Shapes =>
    [
        [new RenditionShape("ts", 320, 180, "25/1", "high", 48000, 2), true],
        [new RenditionShape("ts", 180, 320, "30000/1001", "main", 44100, 1), true],
        [new RenditionShape("ts", 320, 180, "24/1", "baseline", 0, 0), true],
        [new RenditionShape("ts", 426, 240, "60/1", "high", 48000, 6), true],
        [new RenditionShape("ts", 320, 240, "24000/1001", "main", 48000, 2), false],
        [new RenditionShape("ts", 320, 180, "30000/1001", "high", 48000, 2) { Delay = 2 }, true],
        [new RenditionShape("ts", 0, 0, "", "", 48000, 2), true],
        [new RenditionShape("fmp4", 320, 180, "24/1", "main", 48000, 2), true],
        [new RenditionShape("fmp4", 180, 320, "60/1", "high", 44100, 2), false],
        [new RenditionShape("fmp4", 320, 180, "30000/1001", "high", 0, 0), true],
        [new RenditionShape("fmp4", 320, 180, "25/1", "baseline", 48000, 6), true],
        [new RenditionShape("fmp4", 0, 0, "", "", 44100, 1), false],
        [new RenditionShape("aac", 0, 0, "", "", 44100, 2), true],
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    internal async Task S2_S6_S7_A_copy_has_its_contents_shape_and_true_durations(RenditionShape shape, bool sourceHasAudio)
    {
        var (copy, folder) = await workshop.EncodeAsync(shape, sourceHasAudio);

        Assert.Equal(2, copy.Segments.Length);
        Assert.Equal(shape.Container == "fmp4", copy.Init is not null);
        var frame = shape.HasVideo ? FrameSeconds(shape) : 1024.0 / shape.SampleRate;
        var total = 0.0;
        for (var k = 0; k < copy.Segments.Length; k++)
        {
            var file = workshop.Playable(folder, copy, k);
            var stated = double.Parse(copy.Segments[k].Duration, CultureInfo.InvariantCulture);
            Assert.InRange(stated, 0.1, 4);
            Assert.InRange(stated * 1000, 0, new TrailerGrid((int)(SourceSeconds * 1000)).LongestSegmentMs);
            var probed = await TrailerWorkshop.ProbedAsync(file);
            Assert.Equal(stated, Times(probed, shape.HasVideo ? "video" : "audio").Count * frame, 3);
            if (shape.HasVideo)
                AssertPicture(probed, shape);
            if (shape.HasAudio)
                AssertSound(probed, shape);
            if (shape.Container == "ts")
                AssertBeginsWithTables(file);
            total += stated;
        }
        Assert.InRange(total, SourceSeconds - (frame / 2) - 1e-6, SourceSeconds + (frame / 2) + 1e-6);
    }

    [Theory]
    [InlineData("ts", 126_000)]
    [InlineData("fmp4", 0)]
    public async Task S2_Picture_and_sound_of_every_copy_begin_at_one_time_and_end_within_a_frame(string container, long firstPts)
    {
        RenditionShape[] shapes =
        [
            new(container, 320, 180, "25/1", "high", 48000, 2),
            new(container, 320, 180, "60/1", "high", 0, 0),
            new(container, 0, 0, "", "", 48000, 2),
        ];
        var ends = new List<double>();
        foreach (var shape in shapes)
        {
            var (copy, folder) = await workshop.EncodeAsync(shape);
            Assert.Equal(firstPts, copy.FirstVideoPts);
            var probed = new List<Probed>();
            for (var k = 0; k < copy.Segments.Length; k++)
                probed.Add(await TrailerWorkshop.ProbedAsync(workshop.Playable(folder, copy, k)));
            foreach (var (wanted, stream, frame) in new[] { (shape.HasVideo, "video", shape.HasVideo ? FrameSeconds(shape) : 0), (shape.HasAudio, "audio", 1024.0 / 48000) })
            {
                if (!wanted)
                    continue;
                var times = probed.SelectMany(segment => Times(segment, stream)).ToList();
                Assert.Equal(firstPts / 90_000.0, times.Min(), 4);
                ends.Add(times.Max() + frame);
            }
        }
        Assert.InRange(ends.Max() - ends.Min(), 0, 0.04);
    }

    [Theory]
    [InlineData("25/1", 2, 7200)]
    [InlineData("30000/1001", 1, 3003)]
    public async Task S7_Decoding_runs_ahead_of_showing_as_far_as_the_contents_and_what_is_shown_is_the_same(string rate, int frames, long ticks)
    {
        var shape = new RenditionShape("ts", 320, 180, rate, "high", 48000, 2);
        var (plain, plainFolder) = await workshop.EncodeAsync(shape);
        var (copy, folder) = await workshop.EncodeAsync(shape with { Delay = frames });

        Assert.Equal(ConditioningArguments.TsFirstPts, copy.FirstVideoPts);
        Assert.Equal(plain.Segments.AsSpan(), copy.Segments.AsSpan());
        var (heard, heardPlain) = (new List<long>(), new List<long>());
        for (var k = 0; k < copy.Segments.Length; k++)
        {
            var (ahead, even) = (await PacketsAsync(folder, copy, k), await PacketsAsync(plainFolder, plain, k));
            Assert.All(ahead, packet => Assert.Equal(packet.Audio ? 0 : ticks, packet.Pts - packet.Dts));
            Assert.Equal(Shown(even), Shown(ahead));
            // Sound is cut where decoding is, so some of it comes a segment later.
            heard.AddRange(ahead.Where(packet => packet.Audio).Select(packet => packet.Pts));
            heardPlain.AddRange(even.Where(packet => packet.Audio).Select(packet => packet.Pts));
        }
        Assert.Equal(heardPlain, heard);

        static IEnumerable<long> Shown(List<(bool Audio, long Pts, long Dts)> packets) => packets.Where(packet => !packet.Audio).Select(packet => packet.Pts).Order();

        async Task<List<(bool Audio, long Pts, long Dts)>> PacketsAsync(string from, TrailerCopy of, int segment)
        {
            var lines = await TrailerWorkshop.ProbeAsync(Path.Combine(from, of.Segments[segment].File), "-show_entries", "packet=codec_type,pts,dts");
            return [.. lines.Select(line => line.Split(',')).Where(parts => parts.Length >= 3)
                .Select(parts => (parts[0] == "audio", long.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture)))];
        }
    }

    [Fact]
    public void A_delay_that_no_copy_could_take_over_is_no_shape_to_make_a_copy_for()
    {
        var shape = new RenditionShape("ts", 320, 180, "25/1", "high", 48000, 2);

        Assert.True(ConditioningArguments.Supports(shape with { Delay = 12 }));
        Assert.False(ConditioningArguments.Supports(shape with { Delay = 18 }));
        Assert.False(ConditioningArguments.Supports(shape with { Container = "fmp4", Delay = 2 }));
        Assert.False(ConditioningArguments.Supports(new RenditionShape("ts", 0, 0, "", "", 48000, 2) { Delay = 2 }));
    }

    [Fact]
    public async Task S2_Copies_at_every_rate_share_one_grid()
    {
        string[] rates = ["24/1", "25/1", "30000/1001", "60/1"];
        var grid = new TrailerGrid(13_337);
        foreach (var rate in rates)
        {
            Assert.True(FrameRate.TryParse(rate, out var parsed));
            var segments = TrailerGrid.Segment(grid.VideoFrames(parsed), parsed, "ts");
            Assert.Equal(4, segments.Length);
            Assert.All(segments, (s, k) => Assert.InRange(Math.Abs(s.StartMs - (13_337.0 * k / 4)), 0, 21.5));
            Assert.InRange(Math.Abs(segments[^1].StartMs + segments[^1].DurationMs - 13_337), 0, 21);
            Assert.All(segments, s => Assert.InRange(s.DurationMs, 1, grid.LongestSegmentMs));
            Assert.Equal(segments.Skip(1).Select(s => s.StartMs), segments.SkipLast(1).Select(s => s.StartMs + s.DurationMs));
        }
        await Task.CompletedTask;
    }

    [Fact]
    public async Task The_same_source_and_shape_give_the_same_bytes()
    {
        var shape = new RenditionShape("ts", 320, 180, "25/1", "main", 48000, 2);
        var (_, folder) = await workshop.EncodeAsync(shape);
        var first = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList();
        var (_, again) = await workshop.EncodeAsync(shape);
        var second = Directory.GetFiles(again).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList();
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task S7_A_landscape_trailer_stands_between_black_bars_in_a_portrait_copy()
    {
        var (copy, folder) = await workshop.EncodeAsync(new RenditionShape("ts", 180, 320, "25/1", "high", 48000, 2));
        var picture = workshop["bars.gray"];
        await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-i", Path.Combine(folder, copy.Segments[0].File), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", picture]);
        var pixels = await File.ReadAllBytesAsync(picture);
        Assert.Equal(180 * 320, pixels.Length);
        Assert.True(pixels.AsSpan(0, 180 * 100).ToArray().Average(p => (double)p) < 5, "the upper bar is black");
        Assert.True(pixels.AsSpan(180 * 120, 180 * 80).ToArray().Average(p => (double)p) > 40, "the middle shows the picture");
    }

    [Fact]
    public async Task S7_A_blurred_ground_fills_what_would_be_bars()
    {
        var (copy, folder) = await workshop.EncodeAsync(new RenditionShape("ts", 180, 320, "30/1", "high", 0, 0), options: new TrailersOptions { Ground = TrailerGround.Blurred });
        var picture = workshop["ground.gray"];
        await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-i", Path.Combine(folder, copy.Segments[0].File), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", picture]);
        var pixels = await File.ReadAllBytesAsync(picture);
        Assert.True(pixels.AsSpan(0, 180 * 80).ToArray().Average(p => (double)p) > 40, "the ground shows the picture");
        // Soft: neighbours differ little, where the sharp test picture has hard edges.
        static double Roughness(ReadOnlySpan<byte> row) { var sum = 0; for (var i = 1; i < row.Length; i++) sum += Math.Abs(row[i] - row[i - 1]); return sum / (double)row.Length; }
        Assert.True(Roughness(pixels.AsSpan(180 * 40, 180)) < Roughness(pixels.AsSpan(180 * 160, 180)), "the ground is softer than the picture");
    }

    [Theory]
    [InlineData(-16, 2, 5.8)]
    [InlineData(-27, 2, 5.8)]
    [InlineData(-20, 1, 1.5)]
    public async Task S7_The_sound_of_a_copy_has_the_loudness_that_was_asked_for(double target, int channels, double seconds)
    {
        var (copy, folder) = await workshop.EncodeAsync(new RenditionShape("ts", 320, 180, "25/1", "high", 48000, channels), seconds: seconds, options: new TrailersOptions { Loudness = target });
        var input = "concat:" + string.Join('|', copy.Segments.Select(s => Path.Combine(folder, s.File)));
        var report = await TrailerWorkshop.RunAsync("sh", ["-c", $"ffmpeg -nostats -hide_banner -i '{input}' -af ebur128=framelog=verbose -f null - 2>&1 | grep 'I:'"]);
        var measured = double.Parse(report[^1].Replace("I:", "", StringComparison.Ordinal).Replace("LUFS", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        Assert.InRange(measured, target - 1, target + 1);
    }

    [Fact]
    public void Silence_and_what_is_no_report_leave_the_sound_as_it_is()
    {
        Assert.Null(Loudness.Read("[Parsed_loudnorm_1] {\n\"input_i\" : \"-inf\", \"input_tp\" : \"-inf\", \"input_lra\" : \"0.00\", \"input_thresh\" : \"-70.00\", \"target_offset\" : \"inf\"\n}\n"));
        Assert.Null(Loudness.Read("} {"));
        Assert.Null(Loudness.Read("{not a report}"));
        Assert.Equal("", Loudness.Filter(null, -16, 48000));
    }

    [Fact]
    public void S7_A_copy_can_go_on_at_any_time_of_33_bits_in_a_container_with_a_clock_of_its_own()
    {
        var shape = new RenditionShape("ts", 0, 0, "", "", 48000, 2);
        Assert.True(ConditioningArguments.Supports(shape with { Continues = 0 }));
        Assert.True(ConditioningArguments.Supports(shape with { Continues = 954_436 }));
        Assert.False(ConditioningArguments.Supports(shape with { Continues = 954_437 }));
        Assert.False(ConditioningArguments.Supports(shape with { Container = "fmp4", Continues = 4 }));
    }

    [Theory]
    [InlineData("ts", 321, 180, "25/1", "high", 48000, 2)]
    [InlineData("ts", 320, 180, "25/1", "high-10", 48000, 2)]
    [InlineData("ts", 320, 180, "25/1", "hevc", 48000, 2)]
    [InlineData("ts", 320, 180, "5/1", "high", 48000, 2)]
    [InlineData("ts", 320, 180, "25/1", "high", 48000, 7)]
    [InlineData("ts", 0, 0, "", "", 0, 0)]
    [InlineData("mkv", 320, 180, "25/1", "high", 48000, 2)]
    [InlineData("aac", 320, 180, "25/1", "high", 48000, 2)]
    public void S8_A_shape_that_no_copy_can_match_is_known_beforehand(
        string container, int width, int height, string rate, string profile, int sampleRate, int channels) =>
        Assert.False(ConditioningArguments.Supports(new RenditionShape(container, width, height, rate, profile, sampleRate, channels)));

    private static void AssertPicture(Probed probed, RenditionShape shape)
    {
        var stream = probed.Stream("video");
        var profile = shape.VideoProfile switch { "baseline" => "Constrained Baseline", "main" => "Main", _ => "High" };
        Assert.Equal(
            [profile, $"{shape.Width}", $"{shape.Height}", "yuv420p", shape.FrameRate],
            [stream["profile"], stream["width"], stream["height"], stream["pix_fmt"], stream["r_frame_rate"]]);
        Assert.StartsWith("K", probed.Packets("video", "flags")[0], StringComparison.Ordinal);
    }

    private static void AssertSound(Probed probed, RenditionShape shape)
    {
        var stream = probed.Stream("audio");
        Assert.Equal(["aac", "LC", $"{shape.SampleRate}", $"{shape.Channels}"], [stream["codec_name"], stream["profile"], stream["sample_rate"], stream["channels"]]);
    }

    private static void AssertBeginsWithTables(string file)
    {
        var packets = File.ReadAllBytes(file).Chunk(188).Take(3).Select(p => ((p[1] & 0x1f) << 8) | p[2]).ToList();
        Assert.Contains(0, packets);
        Assert.Contains(0x1000, packets);
    }

    private static double FrameSeconds(RenditionShape shape) => FrameRate.TryParse(shape.FrameRate, out var rate) ? (double)rate.SecondsOf(1) : 0;

    private static List<double> Times(Probed probed, string stream) =>
        [.. probed.Packets(stream, "pts_time").Select(time => double.Parse(time, CultureInfo.InvariantCulture))];
}
