using System.Collections.Immutable;
using System.Reflection;
using FFMpegCore;
using HlsGateway.Captioning;
using HlsGateway.Content;
using HlsGateway.Demo;
using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using HlsGateway.Transcoding;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Every command line of ours for ffmpeg and ffprobe as it stands on disk, a word a line: what the program is given, not how it was built.</summary>
public sealed class CommandLineGoldenTests
{
    private static readonly VideoTrack Picture = new(
        0, "h264", "high", 31, 1280, 720, 1280, 720, 0, "30000/1001", false, "yuv420p", "bt709", 12.012, 0, 0);

    private static readonly AudioTrack Sound = new(1, "aac", "LC", 44_100, 2, 0);

    private static readonly MediaProbe Upload = new("mov,mp4,m4a,3gp,3g2,mj2", 12.04, Picture, Sound, [], 2);

    private static readonly TrailerSource Trailer = new(new string('a', 64), 1000, 4800, HasAudio: true, DateTimeOffset.UnixEpoch);

    private static readonly RenditionShape Ts = new("ts", 1280, 720, "25/1", "high", 48_000, 2);

    private static readonly Dictionary<string, Func<ImmutableArray<string>>> Lines = new(StringComparer.Ordinal)
    {
        ["encode-upload"] = () => Encode(Upload),
        ["encode-silent-portrait-fmp4"] = () => Encode(
            Upload with { Audio = null, Video = Picture with { Width = 360, Height = 640, Rotation = 90, FrameRate = "25/1" } }, new TranscodeOptions { Container = "fmp4" }),
        ["encode-hdr-unknown-length-captions"] = () => Encode(Upload with
        {
            Seconds = 0,
            Video = Picture with { Seconds = 0, Transfer = "smpte2084" },
            Texts = [new TextTrack(2, "subrip", "eng", "Full", false), new TextTrack(3, "hdmv_pgs_subtitle", "ger", "", false), new TextTrack(4, "ass", "fre", "", true)],
        }),
        ["encode-one-frame"] = () => Encode(Upload with { Seconds = 0.04, Video = Picture with { Seconds = 0.04, Index = 3 } }),
        ["trailer-ts"] = () => ConditioningArguments.For(Ts, Trailer),
        ["trailer-ts-ahead-blurred"] = () => ConditioningArguments.For(Ts with { FrameRate = "30000/1001", Delay = 6006 }, Trailer, TrailerGround.Blurred),
        ["trailer-fmp4-louder"] = () => ConditioningArguments.For(
            Ts with { Container = "fmp4", Channels = 6 }, Trailer, TrailerGround.Plain, new MeasuredLoudness(-23.15, 4.3, -3.2, -33.4, 0.07), -16),
        ["trailer-ts-sound-alone"] = () => ConditioningArguments.For(new RenditionShape("ts", 0, 0, "", "", 44_100, 1), Trailer),
        ["trailer-ts-picture-alone"] = () => ConditioningArguments.For(Ts with { SampleRate = 0, Channels = 0 }, Trailer),
        ["trailer-packed-audio-of-silence"] = () => ConditioningArguments.For(new RenditionShape("aac", 0, 0, "", "", 48_000, 2), Trailer with { HasAudio = false }),
        ["trailer-decode"] = () => ConditioningArguments.Decode(TimeSpan.FromSeconds(31)),
        ["trailer-loudness"] = () => Loudness.Measure(Ts, Trailer, -16),
        ["demo-with-voices"] = () => DemoArguments.Picture(voices: true),
        ["demo-with-tones"] = () => DemoArguments.Picture(voices: false),
        ["speech"] = () => SpeechArguments.Extract,
        ["probe-upload"] = () => FfmpegArguments.Probe("input", ProbeAs.Upload),
        ["probe-ts"] = () => FfmpegArguments.Probe("input", ProbeAs.Ts),
        ["probe-fmp4"] = () => FfmpegArguments.Probe("input", ProbeAs.Fmp4),
        ["probe-packed-audio"] = () => FfmpegArguments.Probe("input", ProbeAs.PackedAudio, 3),
    };

    public static TheoryData<string> Names => [.. Lines.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_command_line_has_the_words_that_stand_on_disk(string name)
    {
        var golden = Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Transcoding", "Golden", name + ".words");
        // Words hold no line ends: none of ours does, and none is a client's.
        var actual = string.Concat(Lines[name]().Select(word => word + "\n"));
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1") File.WriteAllText(golden, actual);
        var expected = File.Exists(golden) ? File.ReadAllText(golden) : "";
        Assert.True(expected == actual, $"{golden} differs; if the change is meant, run `make golden` and read the diff.\n{actual}");
    }

    /// <summary>They come from ffmpeg.config.json of the working directory, which anybody may have written, and name the program to start.</summary>
    [Fact]
    public void Building_a_line_reads_no_options_of_FFMpegCore()
    {
        foreach (var line in Lines.Values) Assert.NotEmpty(line());
        var loaded = Assert.Single(typeof(GlobalFFOptions).GetFields(BindingFlags.Static | BindingFlags.NonPublic), field => field.FieldType == typeof(FFOptions));
        Assert.Null(loaded.GetValue(null));
    }

    /// <summary>The architecture test finds callers; this is what happens to one it does not find.</summary>
    [Fact]
    public void A_line_with_a_file_of_a_stranger_cannot_be_started_by_FFMpegCore()
    {
        var line = FfmpegArguments.From(new UntrustedFileInput("input")).OutputToNull();
        var refusal = Assert.Throws<InvalidOperationException>(() => line.ProcessSynchronously(throwOnError: true, new FFOptions { BinaryFolder = "/usr/bin" }));
        Assert.StartsWith("FFMpegCore must not start ffmpeg", refusal.Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<string> Encode(MediaProbe probe, TranscodeOptions? options = null) =>
        EncodeArguments.For(EncodePlan.For(probe, options ?? new TranscodeOptions()));
}
