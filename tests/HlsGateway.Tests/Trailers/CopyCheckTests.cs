using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;

namespace HlsGateway.Tests.Trailers;

/// <summary>What ffmpeg made is read, not believed: each thing that a copy's segment may not be is found in its bytes.</summary>
public sealed class CopyCheckTests
{
    private static readonly RenditionShape Picture = new("ts", 64, 48, "25/1", "main", 0, 0);
    private static readonly FrameRate Rate = new(25, 1);

    [Fact]
    public async Task S2_Whole_segments_that_follow_one_another_pass()
    {
        var segments = await SegmentsAsync("-force_key_frames", "1");
        var check = new CopyCheck(Picture, Rate);
        Assert.All(segments, segment => Assert.Null(check.Add([], segment, 25)));
        Assert.Equal(126_000, check.FirstPts);
        Assert.StartsWith("avc1.", check.Codecs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S2_A_segment_that_begins_with_another_frame_than_an_IDR_frame_is_found()
    {
        var segments = await SegmentsAsync("-break_non_keyframes", "1");
        var check = new CopyCheck(Picture, Rate);
        Assert.Null(check.Add([], segments[0], 25));
        Assert.Equal("does not begin with an IDR frame", check.Add([], segments[1], 25));
    }

    [Fact]
    public async Task S2_A_segment_out_of_its_place_or_of_another_length_is_found()
    {
        var segments = await SegmentsAsync("-force_key_frames", "1");
        Assert.Equal("has 25 frames instead of 24", new CopyCheck(Picture, Rate).Add([], segments[0], 24));
        var check = new CopyCheck(Picture, Rate);
        Assert.Null(check.Add([], segments[0], 25));
        Assert.Equal("begins at 126000 instead of 216000", check.Add([], segments[0], 25));
    }

    [Fact]
    public async Task S7_A_copy_with_other_tracks_than_its_content_is_found()
    {
        var segment = (await SegmentsAsync("-force_key_frames", "1"))[0];
        Assert.Equal("has other tracks than its content", new CopyCheck(Picture with { SampleRate = 48_000, Channels = 2 }, Rate).Add([], segment, 25));
        Assert.Equal("cannot be read as fmp4", new CopyCheck(Picture with { Container = "fmp4" }, Rate).Add([], segment, 25));
        Assert.Equal("cannot be read as ts", new CopyCheck(Picture, Rate).Add([], segment.AsSpan(100), 25));
    }

    /// <summary>Two segments of a second each, whose only key frame is the first but for what is asked.</summary>
    private async Task<byte[][]> SegmentsAsync(params string[] how)
    {
        string[] arguments =
        [
            "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2", "-c:v", "libx264", "-profile:v", "main", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "9999", "-sc_threshold", "0", .. how,
            "-f", "segment", "-segment_time", "1", "-segment_format", "mpegts",
        ];
        var folder = await Clips.FolderAsync(arguments, made => TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", .. arguments, Path.Combine(made, "%d.ts")]));
        return [await File.ReadAllBytesAsync(Path.Combine(folder, "0.ts")), await File.ReadAllBytesAsync(Path.Combine(folder, "1.ts"))];
    }
}
