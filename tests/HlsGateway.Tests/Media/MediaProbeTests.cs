using System.Text;
using HlsGateway.Media;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.Media;

public sealed class MediaProbeTests(FfmpegFixture fixture) : IClassFixture<FfmpegFixture>
{
    private static readonly string[] Picture25 = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-f", "lavfi", "-i", "sine=r=48000"];
    private static readonly string[] Encode = ["-t", "1", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-bf", "2", "-c:a", "aac", "-ac", "2"];

    [Fact]
    public async Task W2_the_first_presented_frame_of_a_ts_segment_is_measured_not_assumed()
    {
        var ts = await fixture.MakeAsync("a.ts", [.. Picture25, .. Encode, "-preset", "veryfast"]);
        var probe = await fixture.Ffmpeg.ProbeAsync(new MemoryStream(ts), ProbeAs.Ts, CancellationToken.None);

        Assert.Equal("mpegts", probe.Container);
        Assert.Equal(("h264", 640, 360, "25/1", false), (probe.Video!.Codec, probe.Video.Width, probe.Video.Height, probe.Video.FrameRate, probe.Video.VariableRate));
        Assert.Equal(("aac", 48000, 2), (probe.Audio!.Codec, probe.Audio.SampleRate, probe.Audio.Channels));
        // ffmpeg's muxer delay of 1.4 s and two frames of reordering.
        Assert.Equal((133_200, 126_000), (probe.Video.FirstPts, probe.Video.FirstDts));
        Assert.Equal(131_280, probe.Audio.FirstPts);
    }

    [Fact]
    public async Task W2_a_fragment_is_measured_without_its_edit_list()
    {
        var mp4 = await fixture.MakeAsync("a.mp4", [.. Picture25, .. Encode, "-preset", "veryfast", "-movflags", "frag_keyframe+empty_moov"]);
        var probe = await fixture.Ffmpeg.ProbeAsync(new MemoryStream(mp4), ProbeAs.Fmp4, CancellationToken.None);
        Assert.Equal(7_200, probe.Video!.FirstPts);
    }

    [Theory]
    [InlineData("90", 270, 360, 640)]
    [InlineData("180", 180, 640, 360)]
    [InlineData("270", 90, 360, 640)]
    public async Task A_rotated_phone_video_is_measured_as_it_is_shown(string anticlockwise, int clockwise, int width, int height)
    {
        var upright = await fixture.MakeAsync("a.mp4", [.. Picture25, .. Encode]);
        using var folder = fixture.Sandbox.OpenFolder();
        await folder.AddAsync("input.mp4", new MemoryStream(upright), CancellationToken.None);
        var turned = await fixture.Ffmpeg.RunAsync(
            new FfmpegJob(
                folder, [.. FfmpegFixture.Quiet, "-i", "file:input.mp4", "-c", "copy", "-metadata:s:v", "rotate=" + anticlockwise, "b.mp4"],
                TimeSpan.FromSeconds(20)), CancellationToken.None);
        Assert.True(turned.Succeeded, turned.StderrTail);

        var probe = await fixture.Ffmpeg.ProbeAsync(folder, "b.mp4", ProbeAs.Upload, CancellationToken.None);
        Assert.Equal((width, height), (probe.Video!.Width, probe.Video.Height));
        Assert.Equal(clockwise, probe.Video.Rotation);
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")]
    [InlineData("ffconcat version 1.0\nfile /etc/passwd\n")]
    [InlineData("<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><BaseURL>http://127.0.0.1:1/</BaseURL></Period></MPD>")]
    [InlineData("just some words")]
    [InlineData("")]
    public async Task What_is_no_video_is_refused_with_a_reason(string text)
    {
        var refusal = await Assert.ThrowsAsync<FfmpegException>(
            () => fixture.Ffmpeg.ProbeAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), ProbeAs.Upload, CancellationToken.None));
        Assert.StartsWith("The file cannot be read as video or sound", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Root, refusal.Message, StringComparison.Ordinal);
    }
}
